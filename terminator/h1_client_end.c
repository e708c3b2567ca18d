/* SPDX-License-Identifier: GPL-2.0-only */
/* How a connection and its exchange part: with a whole response, or a failure,
 * or to try again elsewhere. */
#include <errno.h>
#include <sys/socket.h>

#include "terminator/exchange_early.h"
#include "terminator/h1_client_private.h"
#include "terminator/pool_retry.h"

struct exchange *h1_client_detach(struct h1_client *client)
{
	struct exchange *exchange = client->exchange;

	if (client->state == H1_CLIENT_ACTIVE)
		client->backend->stats->gauges.in_flight--;
	client->exchange = NULL;
	exchange->client = NULL;
	exchange->place = EXCHANGE_NOWHERE;
	return exchange;
}

void h1_client_give_up(struct h1_client *client, enum exchange_failure failure)
{
	struct exchange *exchange = h1_client_detach(client);

	h1_client_close(client);
	exchange_failed(exchange, failure);
}

void h1_client_refuse(struct h1_client *client, enum exchange_failure failure)
{
	struct backend *backend = client->backend;
	struct exchange *exchange = h1_client_detach(client);

	h1_client_close(client);
	pool_connect_failed(exchange, backend, failure);
}

/* The response is complete. The connection is of use again if the request went
 * out whole as well. */
static void complete(struct h1_client *client)
{
	bool reusable = client->response.keep_alive && client->request_sent;
	const struct field_list *trailers = &client->response.fields;
	struct exchange *exchange = h1_client_detach(client);

	if (client->tls && !client->reused)
		tls_link_keep(client->tls, &client->backend->resumption);
	if (reusable && pool_keep(client)) {
		client->state = H1_CLIENT_IDLE;
		h1_client_start_reading(client);
		h1_client_progressed(client);
	} else {
		h1_client_close(client);
	}
	exchange_got_end(exchange, trailers->fields, trailers->count);
}

static void count_broken(struct h1_client *client)
{
	client->upstream->shared->stats->counters.upstream_broken++;
	client->backend->stats->counters.broken++;
}

/* The backend's answer is no good. */
static void fail(struct h1_client *client, enum exchange_failure failure)
{
	count_broken(client);
	h1_client_give_up(client, failure);
}

static void go_elsewhere(struct h1_client *client)
{
	struct exchange *exchange = h1_client_detach(client);

	h1_client_close(client);
	if (!exchange_early_waits(exchange))
		pool_dispatch(exchange);
}

bool h1_client_take_retry(struct h1_client *client,
			  enum pool_retry_reason reason,
			  enum exchange_failure failure)
{
	struct exchange *exchange = client->exchange;

	return exchange->message.idempotent && !client->body_begun &&
	       pool_retry_take(exchange, client->backend, reason, failure);
}

bool h1_client_retry(struct h1_client *client, enum pool_retry_reason reason,
		     enum exchange_failure failure)
{
	if (!h1_client_take_retry(client, reason, failure))
		return false;
	go_elsewhere(client);
	return true;
}

/* The backend closed a kept-alive connection while the request was on its
 * way. */
static bool retry_stale(struct h1_client *client)
{
	struct backend *backend = client->backend;
	struct exchange *exchange = client->exchange;

	if (!client->reused || exchange->retried ||
	    !h1_client_replayable(client))
		return false;
	h1_client_detach(client);
	h1_client_close(client);
	pool_retry(exchange, backend);
	return true;
}

void h1_client_conclude(struct h1_client *client, int result)
{
	switch (result) {
	case 1:
		complete(client);
		break;
	case -EAGAIN:
		go_elsewhere(client);
		break;
	case -EPROTO:
		fail(client, EXCHANGE_FAILURE_BAD_RESPONSE);
		break;
	default:
		h1_client_give_up(client, EXCHANGE_FAILURE_NO_MEMORY);
	}
}

/* libuv takes POLLHUP for the end behind what it could read, though it was a
 * reset: then a body that only the end frames would seem whole. */
static int true_error(const struct h1_client *client, int error)
{
	uv_os_fd_t fd;
	int pending = 0;
	socklen_t size = sizeof(pending);

	if (error != UV_EOF ||
	    uv_fileno((const uv_handle_t *)&client->tcp, &fd) < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size) < 0)
		return error;
	return pending ? -pending : UV_EOF;
}

/* Nothing came. A stale connection is no fault of the backend. */
static void end_unanswered(struct h1_client *client)
{
	if (retry_stale(client))
		return;
	count_broken(client);
	if (!h1_client_retry(client, POOL_RETRY_BROKEN,
			     EXCHANGE_FAILURE_BROKE_OFF))
		h1_client_give_up(client, EXCHANGE_FAILURE_BROKE_OFF);
}

void h1_client_ended(struct h1_client *client, int error)
{
	error = true_error(client, error);
	if (!client->response_begun)
		end_unanswered(client);
	else if (error == UV_EOF && h1_response_finish(&client->response) == 1)
		complete(client);
	else
		fail(client, EXCHANGE_FAILURE_BROKE_OFF);
}
