/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/pool.h"

#include <assert.h>
#include <errno.h>
#include <utlist.h>

#include "loader/lib/effective.h"
#include "terminator/h1_client.h"
#include "terminator/trials.h"

/* So long a new pool may have to wait for its first backend. */
enum { FIRST_ROWS_MS = 2000 };

static bool was_tried(const struct exchange *exchange,
		      const struct backend *backend)
{
	return exchange->tried[backend->row / 64] >> backend->row % 64 & 1;
}

static void mark_tried(struct exchange *exchange, const struct backend *backend,
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

/* The weight of a backend now. If all of the pool are drained, the pool itself
 * is being removed, or replaced before we heard of it: who still comes gets
 * served for as long as their rows last. */
static uint32_t weight_now(const struct backend *backend, bool drained)
{
	const struct qs_backend *row =
		&backend->upstream->shared->rows[backend->row];
	uint8_t state = __atomic_load_n(&row->state, __ATOMIC_RELAXED);

	if (__atomic_load_n(&row->id, __ATOMIC_RELAXED) != backend->id)
		return 0;
	if (drained)
		return state == QS_BACKEND_DRAINING ? QS_EFFECTIVE_SCALE : 0;
	return state == QS_BACKEND_ACTIVE
		       ? __atomic_load_n(&row->effective, __ATOMIC_RELAXED)
		       : 0;
}

static bool is_active(const struct backend *backend)
{
	const struct qs_backend *row =
		&backend->upstream->shared->rows[backend->row];

	return __atomic_load_n(&row->state, __ATOMIC_RELAXED) ==
		       QS_BACKEND_ACTIVE &&
	       __atomic_load_n(&row->id, __ATOMIC_RELAXED) == backend->id;
}

static bool all_drained(const struct upstream *upstream)
{
	for (size_t i = 0; i < upstream->backend_count; i++)
		if (is_active(upstream->backends[i]))
			return false;
	return true;
}

/* Whether a half-open breaker lets through only so many. */
static bool needs_trial(const struct backend *backend)
{
	const struct qs_backend *row =
		&backend->upstream->shared->rows[backend->row];

	return __atomic_load_n(&row->breaker, __ATOMIC_RELAXED) ==
		       QS_BREAKER_HALF_OPEN &&
	       __atomic_load_n(&row->wish.breaker, __ATOMIC_RELAXED) ==
		       QS_WISH_AUTO;
}

static bool has_trial(const struct backend *backend)
{
	const struct upstream_shared *shared = backend->upstream->shared;
	const struct qs_backend *row = &shared->rows[backend->row];

	return trials_left(
		&shared->trials[backend->row],
		__atomic_load_n(&row->trial_episode, __ATOMIC_ACQUIRE),
		__atomic_load_n(&row->trial_limit, __ATOMIC_RELAXED));
}

static bool take_trial(struct backend *backend)
{
	struct upstream_shared *shared = backend->upstream->shared;
	const struct qs_backend *row = &shared->rows[backend->row];

	return trials_take(
		&shared->trials[backend->row],
		__atomic_load_n(&row->trial_episode, __ATOMIC_ACQUIRE),
		__atomic_load_n(&row->trial_limit, __ATOMIC_RELAXED));
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
		struct balance_entry *entry = &upstream->entries[i];

		balance_weigh(upstream->entries, upstream->backend_count, i,
			      weight_now(backend, drained));
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
	while ((i = balance_pick(upstream->entries, upstream->backend_count)) >=
	       0) {
		struct backend *backend = upstream->backends[i];

		if (!needs_trial(backend) || take_trial(backend))
			return backend;
		upstream->entries[i].out = true;
	}
	return NULL;
}

static void take_idle(struct backend *backend, struct h1_client *client)
{
	DL_DELETE(backend->idle, client);
	backend->idle_count--;
	client->upstream->shared->stats->gauges.upstream_idle--;
}

/* An idle connection, the last used first. Those that the backend has closed
 * already are no use to a request that could not be sent again. */
static struct h1_client *reuse(struct backend *backend,
			       const struct exchange *exchange)
{
	while (backend->idle) {
		struct h1_client *client = backend->idle;

		if (exchange->request.idempotent ||
		    !h1_client_is_stale(client)) {
			take_idle(backend, client);
			return client;
		}
		h1_client_close(client);
	}
	return NULL;
}

static int open_client(struct exchange *exchange, struct backend *backend)
{
	struct upstream *upstream = exchange->upstream;
	int result;

	while (backend->idle &&
	       backend->connection_count >= upstream->options.connection_count)
		h1_client_close(backend->idle);
	result = h1_client_open(upstream, backend, exchange);
	if (result < 0)
		upstream->shared->stats->counters.upstream_connect_errors++;
	return result;
}

/* Whoever fills the rows may not have come to this pool yet. */
static bool may_get_rows(const struct upstream *upstream)
{
	return !upstream->had_backend && !upstream->shared->own_rows &&
	       uv_now(upstream->shared->loop) < upstream->born + FIRST_ROWS_MS;
}

/* No backend is chosen: says why. Returns -EAGAIN if waiting may help. */
static int explain(struct exchange *exchange, bool busy)
{
	struct upstream *upstream = exchange->upstream;

	if (busy) {
		exchange->failure = EXCHANGE_FAILURE_BUSY;
		return -EAGAIN;
	}
	if (exchange->tried_any)
		return -EHOSTUNREACH;
	exchange->failure = upstream->backend_count
				    ? EXCHANGE_FAILURE_NONE_READY
				    : EXCHANGE_FAILURE_NO_BACKENDS;
	return may_get_rows(upstream) ? -EAGAIN : -EHOSTUNREACH;
}

/* Returns 0, -EAGAIN (wait) or another error; then exchange->failure is set. */
static int place(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	struct backend *backend;
	bool busy;

	while ((backend = choose(exchange, &busy))) {
		/* A second stale connection would be the end of it. */
		struct h1_client *client =
			exchange->retried ? NULL : reuse(backend, exchange);

		if (client) {
			upstream->shared->stats->counters.upstream_reuses++;
			h1_client_begin(client, exchange);
			return 0;
		}
		if (open_client(exchange, backend) == 0)
			return 0;
		mark_tried(exchange, backend, EXCHANGE_FAILURE_UNREACHABLE);
	}
	return explain(exchange, busy);
}

static void arm_wait_timer(struct upstream *upstream);

/* The first exchange in the queue waited for too long. */
static void on_wait_timer(uv_timer_t *timer)
{
	struct upstream *upstream = timer->data;
	uint64_t now = uv_now(upstream->shared->loop);

	while (upstream->waiting && upstream->waiting->wait_end <= now) {
		struct exchange *exchange = upstream->waiting;

		pool_forget(exchange);
		exchange_failed(exchange, exchange->failure);
	}
	arm_wait_timer(upstream);
}

static void arm_wait_timer(struct upstream *upstream)
{
	uint64_t now = uv_now(upstream->shared->loop);
	uint64_t end;

	if (!upstream->waiting) {
		uv_timer_stop(&upstream->wait_timer);
		return;
	}
	end = upstream->waiting->wait_end;
	uv_timer_start(&upstream->wait_timer, on_wait_timer,
		       end > now ? end - now : 0, 0);
}

static void wait_turn(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	uint64_t now = uv_now(upstream->shared->loop);

	exchange->place = EXCHANGE_WAITING;
	exchange->wait_end =
		may_get_rows(upstream)
			? upstream->born + FIRST_ROWS_MS
			: now + upstream->options.response_timeout_ms;
	DL_APPEND(upstream->waiting, exchange);
	if (upstream->waiting == exchange)
		arm_wait_timer(upstream);
}

static void place_or_fail(struct exchange *exchange)
{
	int result = place(exchange);

	if (result == -EAGAIN)
		wait_turn(exchange);
	else if (result < 0)
		pool_fail_later(exchange, exchange->failure);
}

void pool_dispatch(struct exchange *exchange)
{
	assert(exchange->place == EXCHANGE_NOWHERE);
	if (exchange->upstream->waiting) {
		exchange->failure = exchange->upstream->waiting->failure;
		wait_turn(exchange);
	} else {
		place_or_fail(exchange);
	}
}

void pool_retry(struct exchange *exchange, struct backend *backend)
{
	exchange->retried = true;
	exchange->upstream->shared->stats->counters.upstream_retries++;
	if (backend->leaving)
		pool_dispatch(exchange);
	else if (open_client(exchange, backend) < 0)
		pool_connect_failed(exchange, backend,
				    EXCHANGE_FAILURE_UNREACHABLE);
}

void pool_connect_failed(struct exchange *exchange, struct backend *backend,
			 enum exchange_failure failure)
{
	mark_tried(exchange, backend, failure);
	pool_dispatch(exchange);
}

void pool_fail_later(struct exchange *exchange, enum exchange_failure failure)
{
	struct upstream *upstream = exchange->upstream;

	exchange->place = EXCHANGE_FAILING;
	exchange->failure = failure;
	DL_APPEND(upstream->failing, exchange);
	pool_wake(upstream);
}

void pool_forget(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;

	if (exchange->place == EXCHANGE_WAITING)
		DL_DELETE(upstream->waiting, exchange);
	else if (exchange->place == EXCHANGE_FAILING)
		DL_DELETE(upstream->failing, exchange);
	exchange->place = EXCHANGE_NOWHERE;
}

bool pool_keep(struct h1_client *client)
{
	struct upstream *upstream = client->upstream;
	struct backend *backend = client->backend;

	if (upstream->closing || backend->leaving ||
	    backend->idle_count >= upstream->options.keepalive_count)
		return false;
	DL_PREPEND(backend->idle, client);
	backend->idle_count++;
	upstream->shared->stats->gauges.upstream_idle++;
	pool_wake(upstream);
	return true;
}

void pool_remove(struct h1_client *client)
{
	struct upstream *upstream = client->upstream;

	if (client->state == H1_CLIENT_IDLE)
		take_idle(client->backend, client);
	client->backend->connection_count--;
	pool_wake(upstream);
}

static void on_later(uv_idle_t *idle)
{
	struct upstream *upstream = idle->data;

	uv_idle_stop(idle);
	while (upstream->failing) {
		struct exchange *exchange = upstream->failing;

		pool_forget(exchange);
		exchange_failed(exchange, exchange->failure);
	}
	while (upstream->waiting) {
		struct exchange *exchange = upstream->waiting;
		int result;

		DL_DELETE(upstream->waiting, exchange);
		exchange->place = EXCHANGE_NOWHERE;
		result = place(exchange);
		if (result == -EAGAIN) {
			exchange->place = EXCHANGE_WAITING;
			DL_PREPEND(upstream->waiting, exchange);
			break;
		}
		if (result < 0)
			pool_fail_later(exchange, exchange->failure);
	}
	arm_wait_timer(upstream);
}

void pool_wake(struct upstream *upstream)
{
	if (!upstream->closing && (upstream->waiting || upstream->failing))
		uv_idle_start(&upstream->later, on_later);
}

void pool_start(struct upstream *upstream)
{
	uv_timer_init(upstream->shared->loop, &upstream->wait_timer);
	uv_idle_init(upstream->shared->loop, &upstream->later);
	upstream->wait_timer.data = upstream;
	upstream->later.data = upstream;
	upstream_add_handles(upstream, 2);
}

static void on_closed(uv_handle_t *handle)
{
	upstream_handle_closed(handle->data);
}

void pool_stop(struct upstream *upstream)
{
	assert(!upstream->waiting && !upstream->failing);
	upstream->closing = true;
	backends_forget(upstream);
	uv_close((uv_handle_t *)&upstream->wait_timer, on_closed);
	uv_close((uv_handle_t *)&upstream->later, on_closed);
}
