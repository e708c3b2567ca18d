/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/choose.h"

#include "loader/lib/effective.h"
#include "terminator/affinity_token.h"
#include "terminator/pool.h"
#include "terminator/random.h"
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

static bool is_out(const struct exchange *exchange,
		   const struct backend *backend)
{
	return was_tried(exchange, backend) ||
	       (needs_trial(backend) && !has_trial(backend));
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
		entry->out = is_out(exchange, backend);
		if (entry->out || !entry->weight || has_place(backend))
			continue;
		entry->out = true;
		busy = true;
	}
	return busy;
}

/* What is known of the backends for those who choose without a memory. */
static void list_candidates(const struct upstream *upstream,
			    struct balance_candidate *list)
{
	uint64_t now = uv_hrtime();

	for (size_t i = 0; i < upstream->backend_count; i++) {
		const struct backend *backend = upstream->backends[i];
		const struct balance_entry *entry =
			&upstream->balance.entries[i];

		list[i] = (struct balance_candidate){
			.identity = backend->identity,
			.weight = entry->out ? 0 : entry->weight,
			.load = backend->connection_count - backend->idle_count,
			.latency_us = latency_us(&backend->latency, now),
		};
	}
}

static uint64_t random_number(void)
{
	uint64_t number;

	random_bytes(&number, sizeof(number));
	return number;
}

static long pick(const struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	const struct affinity *affinity = &upstream->affinity;
	const struct binding *binding = &exchange->binding;
	struct balance_candidate list[QS_MAX_BACKENDS];
	size_t count = upstream->backend_count;

	if (affinity->balance == QS_BALANCE_ROUND_ROBIN ||
	    (affinity->balance == QS_BALANCE_HASH && !binding->is_hashed))
		return balance_pick(&upstream->balance);
	list_candidates(upstream, list);
	switch (affinity->balance) {
	case QS_BALANCE_HASH:
		return balance_pick_hashed(list, count, binding->hash,
					   affinity->hash_bound);
	case QS_BALANCE_LATENCY:
		return balance_pick_fastest(list, count, random_number());
	default:
		return balance_pick_least(list, count, random_number());
	}
}

static struct backend *choose_balanced(struct exchange *exchange,
				       bool *ret_busy)
{
	struct upstream *upstream = exchange->upstream;
	long i;

	*ret_busy = weigh(exchange);
	while ((i = pick(exchange)) >= 0) {
		struct backend *backend = upstream->backends[i];

		if (!needs_trial(backend) || take_trial(backend))
			return backend;
		/* Others were faster. */
		upstream->balance.entries[i].out = true;
	}
	return NULL;
}

static bool lives(const struct backend *backend)
{
	return has_state(backend, QS_BACKEND_ACTIVE) ||
	       has_state(backend, QS_BACKEND_DRAINING);
}

/* Whether it may keep the sessions that it has: as long as it lives, also while
 * it drains. */
static bool keeps_sessions(const struct exchange *exchange,
			   const struct backend *backend)
{
	return lives(backend) && !qs_backend_is_broken(row_of(backend)) &&
	       !is_out(exchange, backend);
}

static struct backend *find_by_cookie(const struct exchange *exchange)
{
	const struct affinity_keys *keys = &exchange->shared->affinity_keys;
	const struct upstream *upstream = exchange->upstream;

	for (size_t i = 0; i < upstream->backend_count; i++) {
		struct backend *backend = upstream->backends[i];

		if (affinity_tag(keys, backend->identity) ==
			    exchange->binding.tag &&
		    keeps_sessions(exchange, backend))
			return backend;
	}
	return NULL;
}

/* By the weights that are wanted: those that follow health move all the time,
 * and sessions would with them. Notes whether the session would be at another
 * one if all were well. */
static struct backend *find_by_session(struct exchange *exchange)
{
	const struct upstream *upstream = exchange->upstream;
	struct binding *binding = &exchange->binding;
	struct balance_candidate list[QS_MAX_BACKENDS];
	size_t count = upstream->backend_count;
	long home, found;

	for (size_t i = 0; i < count; i++) {
		const struct backend *backend = upstream->backends[i];
		uint32_t weight = qs_backend_wanted_weight(row_of(backend));

		list[i] = (struct balance_candidate){
			.identity = backend->identity,
			.weight = lives(backend) ? weight : 0,
		};
	}
	home = balance_pick_hashed(list, count, binding->session, 0);
	binding->away = false;
	if (home < 0 || keeps_sessions(exchange, upstream->backends[home]))
		return home < 0 ? NULL : upstream->backends[home];
	binding->away = true;
	for (size_t i = 0; i < count; i++)
		if (!keeps_sessions(exchange, upstream->backends[i]))
			list[i].weight = 0;
	found = balance_pick_hashed(list, count, binding->session, 0);
	return found < 0 ? NULL : upstream->backends[found];
}

/* The backend that the session is bound to; NULL if there is none, or it is
 * gone. */
static struct backend *find_bound(struct exchange *exchange)
{
	if (exchange->binding.bound)
		return find_by_cookie(exchange);
	if (exchange->binding.in_session)
		return find_by_session(exchange);
	return NULL;
}

static struct backend *choose(struct exchange *exchange, bool *ret_busy)
{
	struct backend *backend = find_bound(exchange);

	*ret_busy = backend && !has_place(backend);
	if (*ret_busy)
		return NULL;
	if (!backend || (needs_trial(backend) && !take_trial(backend)))
		backend = choose_balanced(exchange, ret_busy);
	if (backend)
		exchange->binding.identity = backend->identity;
	return backend;
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

bool choose_is_left(const struct exchange *exchange, bool busy_too)
{
	const struct upstream *upstream = exchange->upstream;
	bool busy = weigh(exchange);

	for (size_t i = 0; i < upstream->backend_count; i++) {
		const struct balance_entry *entry =
			&upstream->balance.entries[i];

		if (!entry->out && entry->weight)
			return true;
	}
	return busy && busy_too;
}

void choose_observe(struct backend *backend, uint64_t us, bool failed)
{
	latency_observe(&backend->latency, us, uv_hrtime(), failed);
}
