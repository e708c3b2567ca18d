/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/choose.h"

#include "loader/lib/effective.h"
#include "terminator/pool.h"
#include "terminator/trials.h"

/* Others write the rows while we read them. */
#define LOAD(field) __atomic_load_n(&(field), __ATOMIC_ACQUIRE)

static const struct qs_backend *row_of(const struct backend *backend)
{
	return &backend->upstream->shared->rows[backend->row];
}

static struct qs_trials *trials_of(const struct backend *backend)
{
	return &backend->upstream->shared->trials[backend->row];
}

static bool was_tried(const struct exchange *exchange,
		      const struct backend *backend)
{
	return exchange->tried[backend->row / 64] >> backend->row % 64 & 1;
}

void choose_mark_tried(struct exchange *exchange, const struct backend *backend,
		       enum exchange_failure failure)
{
	exchange->tried[backend->row / 64] |= 1ULL << backend->row % 64;
	exchange->tried_any = true;
	exchange->failure = failure;
}

static bool has_place(const struct backend *backend)
{
	return backend->idle ||
	       backend->connection_count <
		       backend->upstream->options.connection_count;
}

/* Also while the row is already another's. */
static bool has_state(const struct backend *backend,
		      enum qs_backend_state state)
{
	const struct qs_backend *row = row_of(backend);

	return LOAD(row->state) == state && LOAD(row->id) == backend->id;
}

/* Then the pool itself is being removed, or replaced before we heard of it: who
 * still comes gets served for as long as the rows last. */
static bool all_drained(const struct upstream *upstream)
{
	for (size_t i = 0; i < upstream->backend_count; i++)
		if (has_state(upstream->backends[i], QS_BACKEND_ACTIVE))
			return false;
	return true;
}

static uint32_t weight_of(const struct backend *backend, bool drained)
{
	if (drained)
		return has_state(backend, QS_BACKEND_DRAINING)
			       ? QS_EFFECTIVE_SCALE
			       : 0;
	return has_state(backend, QS_BACKEND_ACTIVE)
		       ? LOAD(row_of(backend)->effective)
		       : 0;
}

/* Whether a half-open breaker lets through only so many. */
static bool needs_trial(const struct backend *backend)
{
	const struct qs_backend *row = row_of(backend);

	return LOAD(row->breaker) == QS_BREAKER_HALF_OPEN &&
	       LOAD(row->wish.breaker) == QS_WISH_AUTO;
}

static bool has_trial(const struct backend *backend)
{
	const struct qs_backend *row = row_of(backend);

	return trials_left(trials_of(backend), LOAD(row->trial_episode),
			   LOAD(row->trial_limit));
}

static bool take_trial(struct backend *backend)
{
	const struct qs_backend *row = row_of(backend);

	if (!trials_take(trials_of(backend), LOAD(row->trial_episode),
			 LOAD(row->trial_limit)))
		return false;
	backend->stats->counters.trials++;
	return true;
}

/* Sets the backends' weights, and which of them this exchange cannot get.
 * Returns whether there is one that just has no connection to give now. */
static bool weigh(const struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	bool drained = all_drained(upstream);
	bool busy = false;

	for (size_t i = 0; i < upstream->backend_count; i++) {
		const struct backend *backend = upstream->backends[i];
		struct balance_entry *entry = &upstream->balance.entries[i];

		balance_weigh(&upstream->balance, i,
			      weight_of(backend, drained));
		entry->out = was_tried(exchange, backend) ||
			     (needs_trial(backend) && !has_trial(backend));
		if (entry->out || !entry->weight || has_place(backend))
			continue;
		entry->out = true;
		busy = true;
	}
	return busy;
}

static struct backend *choose(struct exchange *exchange, bool *ret_busy)
{
	struct upstream *upstream = exchange->upstream;
	long i;

	*ret_busy = weigh(exchange);
	while ((i = balance_pick(&upstream->balance)) >= 0) {
		struct backend *backend = upstream->backends[i];

		if (!needs_trial(backend) || take_trial(backend))
			return backend;
		/* Others were faster. */
		upstream->balance.entries[i].out = true;
	}
	return NULL;
}

struct backend *choose_backend(struct exchange *exchange, bool *ret_busy)
{
	struct backend *backend = choose(exchange, ret_busy);

	if (backend || *ret_busy)
		return backend;
	/* Others may have come since the last scan. */
	backends_scan(exchange->upstream->shared);
	return choose(exchange, ret_busy);
}
