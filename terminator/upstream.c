/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/upstream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "loader/lib/log.h"
#include "terminator/pool.h"
#include "terminator/pool_stats.h"

void upstream_default_pool(struct qs_config_pool *pool)
{
	*pool = (struct qs_config_pool){
		.connect_timeout_ms = 5000,
		.response_timeout_ms = 60000,
		.body_timeout_ms = 60000,
		.keepalive_ms = 30000,
		.keepalive_connections = 512,
		.max_connections = 1024,
		.queue = {.size = 1024, .timeout_ms = 5000},
		.retries = {.attempts = 2, .budget = 200, .minimum = 10},
		.tls.verify = true,
	};
}

void upstream_use_stats(struct upstream *upstream)
{
	struct upstream_shared *shared = upstream->shared;

	upstream->counts = *upstream->name
				   ? pool_stats_assign(shared, upstream->name)
				   : &shared->uncounted;
	if (upstream->counts)
		return;
	upstream->counts = &shared->uncounted;
	log_warn("pool %s: its requests are not in the statistics: all %d "
		 "rows are in use",
		 upstream->name, QS_STATS_MAX_POOLS);
}

void upstream_begin_rows(struct upstream *upstream)
{
	backends_forget(upstream);
	upstream->born = uv_now(upstream->shared->loop);
	upstream->had_backend = false;
}

struct upstream *upstream_new(struct upstream_shared *shared, const char *name)
{
	struct upstream *upstream = calloc(1, sizeof(*upstream));

	if (!upstream)
		return NULL;
	upstream->shared = shared;
	snprintf(upstream->name, sizeof(upstream->name), "%s", name);
	upstream_use_stats(upstream);
	upstream_begin_rows(upstream);
	DL_APPEND(shared->upstreams, upstream);
	pool_start(upstream);
	return upstream;
}

void upstream_configure(struct upstream *upstream,
			const struct qs_config_pool *pool,
			struct backend_tls *tls)
{
	backend_tls_unref(upstream->tls);
	upstream->tls = tls;
	backends_close_unfit(upstream);
	upstream->options = (struct upstream_options){
		.connect_timeout_ms = pool->connect_timeout_ms,
		.response_timeout_ms = pool->response_timeout_ms,
		.body_timeout_ms = pool->body_timeout_ms,
		.keepalive_ms = pool->keepalive_ms,
		.keepalive_count = pool->keepalive_connections,
		.connection_count = pool->max_connections,
		.total_timeout_ms = pool->total_timeout_ms,
		.queue = pool->queue,
		.retries = pool->retries,
		.proxy_protocol = pool->proxy_protocol,
	};
	affinity_configure(&upstream->affinity, pool);
	pool_wake(upstream);
}

struct upstream *upstream_find(const struct upstream_shared *shared,
			       const char *name)
{
	struct upstream *upstream;

	DL_FOREACH (shared->upstreams, upstream)
		if (!strcmp(upstream->name, name))
			return upstream;
	return NULL;
}

static void close_if_done(struct upstream *upstream)
{
	if (upstream->retired && !upstream->exchanges && !upstream->closing)
		upstream_close(upstream);
}

void upstream_retire(struct upstream *upstream)
{
	upstream->retired = true;
	close_if_done(upstream);
}

void upstream_employ(struct upstream *upstream)
{
	upstream->retired = false;
}

void upstream_add_exchange(struct upstream *upstream)
{
	upstream->exchanges++;
}

void upstream_drop_exchange(struct upstream *upstream)
{
	upstream->exchanges--;
	close_if_done(upstream);
}

void upstream_add_handles(struct upstream *upstream, size_t count)
{
	upstream->handles += count;
	upstream->shared->handles += count;
}

void upstream_handle_closed(struct upstream *upstream)
{
	struct upstream_shared *shared = upstream->shared;

	if (--upstream->handles == 0) {
		affinity_free(&upstream->affinity);
		backend_tls_unref(upstream->tls);
		free(upstream);
	}
	if (--shared->handles == 0)
		shared->on_closed(shared);
}

void upstream_close(struct upstream *upstream)
{
	DL_DELETE(upstream->shared->upstreams, upstream);
	pool_stop(upstream);
}
