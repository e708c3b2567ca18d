/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/pool.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <utlist.h>

#include "terminator/h1_client.h"

/* There is something to do, but not inside the call that made it so. */
static void run_later(struct upstream *upstream);

static bool was_tried(const struct exchange *exchange,
		      const struct backend *backend)
{
	return exchange->tried && exchange->tried[backend->index];
}

/* Without memory for the marks, the exchange is given up below. */
static int mark_tried(struct exchange *exchange, const struct backend *backend)
{
	if (!exchange->tried)
		exchange->tried = calloc(exchange->upstream->backend_count, 1);
	if (!exchange->tried)
		return -ENOMEM;
	exchange->tried[backend->index] = 1;
	return 0;
}

/* The next backend in turn that was not tried and has a connection to give.
 * Tells also whether there is one that just has none to give now. */
static struct backend *choose(struct exchange *exchange, bool *ret_untried)
{
	struct upstream *upstream = exchange->upstream;
	struct backend *backend = upstream->turn;

	*ret_untried = false;
	for (size_t i = 0; i < upstream->backend_count; i++) {
		if (!was_tried(exchange, backend)) {
			*ret_untried = true;
			if (backend->idle ||
			    backend->connection_count <
				    upstream->options.connection_count)
				return backend;
		}
		backend = backend->next;
	}
	return NULL;
}

static void take_idle(struct backend *backend, struct h1_client *client)
{
	DL_DELETE(backend->idle, client);
	backend->idle_count--;
	client->upstream->stats->gauges.upstream_idle--;
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
	int result = h1_client_open(upstream, backend, exchange);

	if (result < 0)
		upstream->stats->counters.upstream_connect_errors++;
	return result;
}

/* Returns 0, -EAGAIN (all that are left are busy) or another error (none is
 * left, or no memory). */
static int place(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	struct backend *backend;
	bool untried;

	while ((backend = choose(exchange, &untried))) {
		struct h1_client *client = reuse(backend, exchange);

		upstream->turn = backend->next;
		if (client) {
			upstream->stats->counters.upstream_reuses++;
			h1_client_begin(client, exchange);
			return 0;
		}
		if (open_client(exchange, backend) == 0)
			return 0;
		exchange->failure = EXCHANGE_FAILURE_UNREACHABLE;
		if (mark_tried(exchange, backend) < 0)
			return -ENOMEM;
	}
	return untried ? -EAGAIN : -EHOSTUNREACH;
}

static void arm_wait_timer(struct upstream *upstream);

/* The first exchange in the queue waited for too long. */
static void on_wait_timer(uv_timer_t *timer)
{
	struct upstream *upstream = timer->data;
	uint64_t now = uv_now(upstream->loop);

	while (upstream->waiting && upstream->waiting->wait_end <= now) {
		struct exchange *exchange = upstream->waiting;

		pool_forget(exchange);
		exchange_failed(exchange, EXCHANGE_FAILURE_BUSY);
	}
	arm_wait_timer(upstream);
}

static void arm_wait_timer(struct upstream *upstream)
{
	uint64_t now = uv_now(upstream->loop);
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

	exchange->place = EXCHANGE_WAITING;
	exchange->wait_end =
		uv_now(upstream->loop) + upstream->options.response_timeout_ms;
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
	struct upstream *upstream = exchange->upstream;

	assert(exchange->place == EXCHANGE_NOWHERE);
	if (!upstream->last_backend)
		pool_fail_later(exchange, EXCHANGE_FAILURE_NO_BACKENDS);
	else if (upstream->waiting)
		wait_turn(exchange);
	else
		place_or_fail(exchange);
}

void pool_retry(struct exchange *exchange, struct backend *backend)
{
	exchange->retried = true;
	exchange->upstream->stats->counters.upstream_retries++;
	if (open_client(exchange, backend) < 0)
		pool_connect_failed(exchange, backend,
				    EXCHANGE_FAILURE_UNREACHABLE);
}

void pool_connect_failed(struct exchange *exchange, struct backend *backend,
			 enum exchange_failure failure)
{
	exchange->failure = failure;
	if (mark_tried(exchange, backend) < 0)
		pool_fail_later(exchange, EXCHANGE_FAILURE_NO_MEMORY);
	else
		pool_dispatch(exchange);
}

void pool_fail_later(struct exchange *exchange, enum exchange_failure failure)
{
	struct upstream *upstream = exchange->upstream;

	exchange->place = EXCHANGE_FAILING;
	exchange->failure = failure;
	DL_APPEND(upstream->failing, exchange);
	run_later(upstream);
}

void pool_forget(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;

	if (exchange->place == EXCHANGE_WAITING)
		DL_DELETE(upstream->waiting, exchange);
	else if (exchange->place == EXCHANGE_FAILING)
		DL_DELETE(upstream->failing, exchange);
	exchange->place = EXCHANGE_NOWHERE;
	free(exchange->tried);
	exchange->tried = NULL;
}

bool pool_keep(struct h1_client *client)
{
	struct upstream *upstream = client->upstream;
	struct backend *backend = client->backend;

	if (upstream->closing ||
	    backend->idle_count >= upstream->options.keepalive_count)
		return false;
	DL_PREPEND(backend->idle, client);
	backend->idle_count++;
	upstream->stats->gauges.upstream_idle++;
	if (upstream->waiting)
		run_later(upstream);
	return true;
}

void pool_remove(struct h1_client *client)
{
	struct upstream *upstream = client->upstream;

	if (client->state == H1_CLIENT_IDLE)
		take_idle(client->backend, client);
	client->backend->connection_count--;
	if (upstream->waiting)
		run_later(upstream);
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

static void run_later(struct upstream *upstream)
{
	if (!upstream->closing)
		uv_idle_start(&upstream->later, on_later);
}

void pool_start(struct upstream *upstream)
{
	uv_timer_init(upstream->loop, &upstream->wait_timer);
	uv_idle_init(upstream->loop, &upstream->later);
	upstream->wait_timer.data = upstream;
	upstream->later.data = upstream;
	upstream->handles = 2;
}

static void on_closed(uv_handle_t *handle)
{
	upstream_handle_closed(handle->data);
}

void pool_stop(struct upstream *upstream)
{
	struct backend *backend = upstream->last_backend;

	assert(!upstream->waiting && !upstream->failing);
	upstream->closing = true;
	for (size_t i = 0; i < upstream->backend_count; i++) {
		while (backend->idle)
			h1_client_close(backend->idle);
		backend = backend->next;
	}
	uv_close((uv_handle_t *)&upstream->wait_timer, on_closed);
	uv_close((uv_handle_t *)&upstream->later, on_closed);
}
