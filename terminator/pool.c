/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/pool.h"

#include <assert.h>
#include <errno.h>
#include <utlist.h>

#include "terminator/backend_stats.h"
#include "terminator/choose.h"
#include "terminator/container_of.h"
#include "terminator/h1_client.h"
#include "terminator/pool_retry.h"
#include "terminator/random.h"

/* So long a new pool may have to wait for its first backend. */
enum { FIRST_ROWS_MS = 2000 };

static void take_idle(struct backend *backend, struct h1_client *client)
{
	DL_DELETE(backend->idle, client);
	backend->idle_count--;
	backend->stats->gauges.connections_idle--;
	client->upstream->shared->stats->gauges.upstream_idle--;
}

/* An idle connection, the last used first. Those that the backend has closed
 * already are no use to a request that could not be sent again. */
static struct h1_client *reuse(struct backend *backend,
			       const struct exchange *exchange)
{
	struct h1_client *client, *next;

	DL_FOREACH_SAFE (backend->idle, client, next) {
		if (!h1_client_fits(client, exchange))
			continue;
		if (exchange->message.idempotent ||
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
	if (result < 0) {
		upstream->shared->stats->counters.upstream_connect_errors++;
		backend_stats_connect_error(backend, result);
	}
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

	while ((backend = choose_backend(exchange, &busy))) {
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
		choose_mark_tried(exchange, backend,
				  EXCHANGE_FAILURE_UNREACHABLE);
	}
	return explain(exchange, busy);
}

/* Takes an exchange that has no client out of the queue. */
static void forget(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;

	if (exchange->place == EXCHANGE_WAITING) {
		DL_DELETE(upstream->waiting, exchange);
		upstream->waiting_count--;
	}
	exchange->place = EXCHANGE_NOWHERE;
}

static void fail_waiting(struct exchange *exchange)
{
	struct qs_pool_stats *counts = exchange->upstream->counts;
	bool out_of_time = exchange->wait_end == exchange->deadline;

	forget(exchange);
	if (out_of_time)
		counts->counters.total_timeouts++;
	else
		counts->counters.queue_timeouts++;
	exchange_failed(exchange, out_of_time ? EXCHANGE_FAILURE_TIMEOUT
					      : exchange->failure);
}

static void arm_wait_timer(struct upstream *upstream);

/* Not always the first in the queue, since what is sent again comes with less
 * time. */
static struct exchange *overdue(const struct upstream *upstream)
{
	uint64_t now = uv_now(upstream->shared->loop);
	struct exchange *exchange;

	DL_FOREACH (upstream->waiting, exchange)
		if (exchange->wait_end <= now)
			return exchange;
	return NULL;
}

static void on_wait_timer(uv_timer_t *timer)
{
	struct upstream *upstream = timer->data;
	struct exchange *exchange;

	while ((exchange = overdue(upstream)))
		fail_waiting(exchange);
	arm_wait_timer(upstream);
}

static void arm_wait_timer(struct upstream *upstream)
{
	uint64_t now = uv_now(upstream->shared->loop);
	uint64_t end = UINT64_MAX;
	struct exchange *exchange;

	if (!upstream->waiting) {
		uv_timer_stop(&upstream->wait_timer);
		return;
	}
	DL_FOREACH (upstream->waiting, exchange)
		if (exchange->wait_end < end)
			end = exchange->wait_end;
	uv_timer_start(&upstream->wait_timer, on_wait_timer,
		       end > now ? end - now : 0, 0);
}

static void expect_end(struct upstream *upstream, uint64_t end)
{
	uint64_t now = uv_now(upstream->shared->loop);
	uv_timer_t *timer = &upstream->wait_timer;

	if (!uv_is_active((uv_handle_t *)timer) ||
	    now + uv_timer_get_due_in(timer) > end)
		uv_timer_start(timer, on_wait_timer, end > now ? end - now : 0,
			       0);
}

static void wait_turn(struct exchange *exchange)
{
	struct upstream *upstream = exchange->upstream;
	uint64_t now = uv_now(upstream->shared->loop);

	if (upstream->waiting_count >= upstream->options.queue.size) {
		upstream->counts->counters.queue_full++;
		exchange_fail_later(exchange, exchange->failure);
		return;
	}
	exchange->place = EXCHANGE_WAITING;
	exchange->wait_end = may_get_rows(upstream)
				     ? upstream->born + FIRST_ROWS_MS
				     : now + upstream->options.queue.timeout_ms;
	if (exchange->deadline && exchange->deadline < exchange->wait_end)
		exchange->wait_end = exchange->deadline;
	DL_APPEND(upstream->waiting, exchange);
	upstream->waiting_count++;
	expect_end(upstream, exchange->wait_end);
}

static void place_or_fail(struct exchange *exchange)
{
	int result = place(exchange);

	if (result == -EAGAIN)
		wait_turn(exchange);
	else if (result < 0)
		exchange_fail_later(exchange, exchange->failure);
}

/* Whether nobody gets a connection before those who came before. Not so where
 * one may wait for a backend of its own, which keeps no place from others. */
static bool is_in_turn(const struct upstream *upstream)
{
	return upstream->affinity.kind == QS_AFFINITY_NONE;
}

void pool_dispatch(struct exchange *exchange)
{
	assert(exchange->place == EXCHANGE_NOWHERE);
	if (exchange->upstream->waiting && is_in_turn(exchange->upstream)) {
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
	backend->stats->counters.retries++;
	if (backend->leaving)
		pool_dispatch(exchange);
	else if (open_client(exchange, backend) < 0)
		pool_connect_failed(exchange, backend,
				    EXCHANGE_FAILURE_UNREACHABLE);
}

void pool_connect_failed(struct exchange *exchange, struct backend *backend,
			 enum exchange_failure failure)
{
	if (pool_retry_take(exchange, backend, POOL_RETRY_CONNECT, failure))
		pool_dispatch(exchange);
	else
		exchange_failed(exchange, failure);
}

bool pool_keep(struct h1_client *client)
{
	struct upstream *upstream = client->upstream;
	struct backend *backend = client->backend;

	if (upstream->closing || backend->leaving ||
	    client->how != upstream->tls ||
	    backend->idle_count >= upstream->options.keepalive_count)
		return false;
	DL_PREPEND(backend->idle, client);
	backend->idle_count++;
	backend->stats->gauges.connections_idle++;
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
	client->backend->stats->gauges.connections--;
	pool_wake(upstream);
}

static void on_wake(struct later_work *work)
{
	struct upstream *upstream = container_of(work, struct upstream, wake);
	struct exchange *exchange, *next;

	DL_FOREACH_SAFE (upstream->waiting, exchange, next) {
		int result;

		forget(exchange);
		result = place(exchange);
		if (result == -EAGAIN) {
			exchange->place = EXCHANGE_WAITING;
			DL_PREPEND_ELEM(upstream->waiting, next, exchange);
			upstream->waiting_count++;
			if (is_in_turn(upstream))
				break;
		} else if (result < 0) {
			exchange_fail_later(exchange, exchange->failure);
		}
	}
	arm_wait_timer(upstream);
}

void pool_wake(struct upstream *upstream)
{
	if (!upstream->closing && upstream->waiting)
		later_add(&upstream->shared->later, &upstream->wake, on_wake);
}

void pool_start(struct upstream *upstream)
{
	uv_timer_init(upstream->shared->loop, &upstream->wait_timer);
	upstream->wait_timer.data = upstream;
	upstream_add_handles(upstream, 1);
}

static void on_closed(uv_handle_t *handle)
{
	upstream_handle_closed(handle->data);
}

void pool_stop(struct upstream *upstream)
{
	assert(!upstream->waiting);
	upstream->closing = true;
	backends_forget(upstream);
	later_cancel(&upstream->shared->later, &upstream->wake);
	uv_close((uv_handle_t *)&upstream->wait_timer, on_closed);
}

/* Writes the request for the backends and sends it to one. */
static int begin(struct exchange *exchange,
		 const struct exchange_request *request)
{
	struct forwarding forwarding = introduction_forwarding(exchange);
	struct upstream *upstream = exchange->upstream;
	uint64_t now = uv_now(upstream->shared->loop);
	uint8_t random[WEBSOCKET_RANDOM];
	int result;

	if (exchange->message.websocket) {
		random_bytes(random, sizeof(random));
		websocket_key(exchange->request.websocket_key, random);
	}
	result = h1_request_write(&exchange->request, request,
				  &exchange->message, &forwarding);

	if (result < 0)
		return result;
	if (upstream->options.proxy_protocol == QS_PROXY_V2)
		exchange->proxy_size = proxy_protocol_write(
			exchange->proxy_header, request->peer, request->local);
	affinity_begin(exchange, request);
	retry_count(&upstream->retry_budget, now);
	if (upstream->options.total_timeout_ms)
		exchange->deadline = now + upstream->options.total_timeout_ms;
	pool_dispatch(exchange);
	return 0;
}

static void send_more(struct exchange *exchange)
{
	if (exchange->client)
		h1_client_send(exchange->client);
}

static int end_request(struct exchange *exchange, const struct field *trailers,
		       size_t count)
{
	int result = 0;

	if (exchange->request.chunked)
		result = h1_request_write_last_chunk(&exchange->last_chunk,
						     trailers, count);
	if (result == 0)
		send_more(exchange);
	return result;
}

static void receive_more(struct exchange *exchange)
{
	if (exchange->client)
		h1_client_resume(exchange->client);
}

static void cancel(struct exchange *exchange)
{
	if (exchange->client)
		h1_client_close(exchange->client);
	forget(exchange);
	text_free(&exchange->request.head);
	text_free(&exchange->last_chunk);
}

const struct exchange_handler pool_handler = {
	.begin = begin,
	.request_more = send_more,
	.request_end = end_request,
	.response_space = receive_more,
	.cancel = cancel,
};
