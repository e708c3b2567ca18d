/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/pool_retry.h"

#include "terminator/choose.h"
#include "terminator/exchange_early.h"
#include "terminator/retry.h"

bool pool_retry_wants_status(const struct upstream *upstream, unsigned status)
{
	const struct qs_config_retries *options = &upstream->options.retries;

	for (size_t i = 0; i < options->status_count; i++)
		if (status >= options->statuses[i].first &&
		    status <= options->statuses[i].last)
			return true;
	return false;
}

static void count(struct upstream *upstream, struct backend *backend,
		  enum pool_retry_reason reason)
{
	struct qs_pool_stats *counts = upstream->counts;
	__u64 *const counters[] = {
		[POOL_RETRY_CONNECT] = &counts->counters.retries_connect,
		[POOL_RETRY_BROKEN] = &counts->counters.retries_broken,
		[POOL_RETRY_TIMEOUT] = &counts->counters.retries_timeout,
		[POOL_RETRY_STATUS] = &counts->counters.retries_status,
	};

	++*counters[reason];
	upstream->shared->stats->counters.upstream_retries++;
	backend->stats->counters.retries++;
}

static bool take_budget(struct upstream *upstream)
{
	const struct qs_config_retries *options = &upstream->options.retries;

	if (retry_take(&upstream->retry_budget, uv_now(upstream->shared->loop),
		       options->budget, options->minimum))
		return true;
	upstream->counts->counters.retries_over_budget++;
	return false;
}

bool pool_retry_take(struct exchange *exchange, struct backend *backend,
		     enum pool_retry_reason reason,
		     enum exchange_failure failure)
{
	struct upstream *upstream = exchange->upstream;
	const struct qs_config_retries *options = &upstream->options.retries;

	choose_mark_tried(exchange, backend, failure);
	if (exchange->retries >= options->attempts)
		return false;
	if (reason == POOL_RETRY_TIMEOUT && !options->on_timeout)
		return false;
	if (!choose_is_left(exchange, reason != POOL_RETRY_STATUS))
		return false;
	if (reason != POOL_RETRY_CONNECT && !take_budget(upstream))
		return false;
	exchange->retries++;
	count(upstream, backend, reason);
	return true;
}

bool pool_retry_too_early(struct exchange *exchange, struct backend *backend)
{
	if (!exchange_early_again(exchange))
		return false;
	count(exchange->upstream, backend, POOL_RETRY_STATUS);
	return true;
}
