/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h1_client.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "terminator/access.h"
#include "terminator/backend_stats.h"
#include "terminator/choose.h"
#include "terminator/h1_client_private.h"

static int on_interim(void *user, unsigned status, const struct field *fields,
		      size_t count)
{
	struct h1_client *client = user;

	exchange_got_interim(client->exchange, status, fields, count);
	if (client->exchange && status == 100 &&
	    !client->exchange->request.websocket)
		h1_client_release(client);
	return client->exchange ? 0 : -ECANCELED;
}

enum { TUNNEL_PROBE_S = 60 };

static int on_head(void *user, unsigned status, const struct field *fields,
		   size_t count, bool end)
{
	struct h1_client *client = user;
	uint64_t us = client->request_sent
			      ? (uv_hrtime() - client->sent_ns) / 1000 + 1
			      : 0;

	client->head_received = true;
	/* It may be silent for ever, but not if the backend has vanished. */
	if (client->response.is_tunnel)
		uv_tcp_keepalive(&client->tcp, 1, TUNNEL_PROBE_S);
	backend_stats_head(client->backend, status, us);
	if (us)
		choose_observe(client->backend, us, status >= 500);
	if (status == 425 &&
	    pool_retry_too_early(client->exchange, client->backend))
		return -EAGAIN;
	if (pool_retry_wants_status(client->upstream, status) &&
	    h1_client_take_retry(client, POOL_RETRY_STATUS,
				 EXCHANGE_FAILURE_UNREACHABLE))
		return -EAGAIN;
	if (client->response.is_tunnel)
		client->exchange->deadline = 0;
	exchange_got_head(client->exchange, status, fields, count, end);
	if (client->exchange && client->response.is_tunnel)
		h1_client_release(client);
	return client->exchange ? 0 : -ECANCELED;
}

static int on_body(void *user, const void *data, size_t size)
{
	struct h1_client *client = user;

	client->more = true;
	return exchange_got_body(client->exchange, data, size);
}

static const struct h1_response_events events = {
	.interim = on_interim, .head = on_head, .body = on_body};

/* The response FIFO sets the pace. */
static void pause_if_full(struct h1_client *client)
{
	if (body_space(&client->exchange->response_body))
		return;
	uv_read_stop((uv_stream_t *)&client->tcp);
	client->reading = false;
}

void h1_client_take_in(struct h1_client *client, const char *data, size_t size)
{
	int result;

	client->response_begun = true;
	client->more = false;
	client->backend->stats->counters.bytes_received += size;
	result = h1_response_feed(&client->response, data, size);
	if (client->state != H1_CLIENT_ACTIVE)
		return;
	if (client->head_received)
		h1_client_progressed(client);
	if (result != 0) {
		h1_client_conclude(client, result);
		return;
	}
	pause_if_full(client);
	if (client->more)
		exchange_got_more(client->exchange);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct h1_client *client = stream->data;

	if (size == 0)
		return;
	if (client->tls && size > 0)
		h1_client_tls_take_in(client, buffer->base, size);
	else if (client->state == H1_CLIENT_IDLE)
		h1_client_close(client);
	else if (client->state == H1_CLIENT_CONNECTING)
		h1_client_tls_failed(client, "the connection broke off");
	else if (client->state == H1_CLIENT_ACTIVE && size > 0)
		h1_client_take_in(client, buffer->base, size);
	else if (client->state == H1_CLIENT_ACTIVE)
		h1_client_ended(client, client->tls ? UV_ECONNABORTED : size);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct h1_client *client = handle->data;

	(void)suggested;
	/* What is compressed takes its time: others shall have their turn. */
	*buffer = uv_buf_init(client->upstream->shared->read_buffer,
			      client->exchange && client->exchange->compressor
				      ? UPSTREAM_READ_SIZE / 4
				      : UPSTREAM_READ_SIZE);
}

void h1_client_start_reading(struct h1_client *client)
{
	int result;

	if (client->reading)
		return;
	result = uv_read_start((uv_stream_t *)&client->tcp, on_alloc, on_read);
	assert(result == 0);
	(void)result;
	client->reading = true;
}

void h1_client_resume(struct h1_client *client)
{
	const struct body *body = &client->exchange->response_body;

	if (client->state != H1_CLIENT_ACTIVE || client->reading ||
	    !body_is_low(body))
		return;
	h1_client_start_reading(client);
	h1_client_progressed(client);
}

static void begin_response(struct h1_client *client)
{
	const struct exchange *exchange = client->exchange;

	h1_response_begin(&client->response, exchange->message.head);
	if (!exchange->request.websocket)
		return;
	websocket_accept(client->websocket_accept,
			 exchange->request.websocket_key);
	h1_response_upgrade(&client->response, client->websocket_accept);
}

void h1_client_activate(struct h1_client *client)
{
	client->state = H1_CLIENT_ACTIVE;
	access_connected(client->exchange);
	client->backend->stats->counters.requests++;
	client->backend->stats->gauges.in_flight++;
	client->response_begun = false;
	client->head_received = false;
	begin_response(client);
	h1_client_reset_send(client);
	h1_client_start_reading(client);
	h1_client_progressed(client);
	h1_client_send(client);
}

static void attach(struct h1_client *client, struct exchange *exchange)
{
	client->exchange = exchange;
	exchange->client = client;
	exchange->place = EXCHANGE_WITH_CLIENT;
	access_attempt(exchange, client->backend);
}

void h1_client_begin(struct h1_client *client, struct exchange *exchange)
{
	client->reused = true;
	attach(client, exchange);
	h1_client_activate(client);
}

static void opened(struct h1_client *client)
{
	if (client->proxy_size) {
		struct text header = {0};

		text_add(&header, client->proxy_header, client->proxy_size);
		h1_client_write_raw(client, &header);
	}
	client->how = client->upstream->tls;
	if (client->how)
		h1_client_tls_begin(client);
	else
		h1_client_activate(client);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct h1_client *client = connect->handle->data;
	struct qs_terminator_stats *stats = client->upstream->shared->stats;
	struct backend *backend = client->backend;

	if (client->state == H1_CLIENT_CLOSING)
		return;
	if (status == 0) {
		stats->counters.upstream_connects++;
		backend->stats->counters.connects++;
		opened(client);
		return;
	}
	stats->counters.upstream_connect_errors++;
	backend_stats_connect_error(backend, status);
	h1_client_refuse(client, EXCHANGE_FAILURE_UNREACHABLE);
}

static void on_closed(uv_handle_t *handle)
{
	struct h1_client *client = handle->data;
	struct upstream *upstream = client->upstream;

	if (--client->handles == 0) {
		h1_response_free(&client->response);
		tls_link_free(client->tls);
		text_free(&client->sealed);
		backend_drop_client(client->backend);
		free(client);
	}
	upstream_handle_closed(upstream);
}

static struct h1_client *new_client(struct upstream *upstream,
				    struct backend *backend)
{
	struct h1_client *client = calloc(1, sizeof(*client));

	if (!client)
		return NULL;
	client->upstream = upstream;
	client->backend = backend;
	client->state = H1_CLIENT_CONNECTING;
	uv_tcp_init(upstream->shared->loop, &client->tcp);
	uv_timer_init(upstream->shared->loop, &client->timer);
	client->tcp.data = client;
	client->timer.data = client;
	client->handles = 2;
	upstream_add_handles(upstream, 2);
	backend_add_client(backend);
	backend->connection_count++;
	backend->stats->gauges.connections++;
	h1_response_init(&client->response, &events, client,
			 upstream->shared->via_response);
	return client;
}

int h1_client_open(struct upstream *upstream, struct backend *backend,
		   struct exchange *exchange)
{
	struct h1_client *client = new_client(upstream, backend);
	int result;

	if (!client)
		return -ENOMEM;
	uv_tcp_nodelay(&client->tcp, 1);
	result = uv_tcp_connect(&client->connect, &client->tcp,
				(struct sockaddr *)&backend->address,
				on_connected);
	if (result < 0) {
		h1_client_close(client);
		return result;
	}
	client->proxy_size = exchange->proxy_size;
	memcpy(client->proxy_header, exchange->proxy_header,
	       client->proxy_size);
	attach(client, exchange);
	h1_client_progressed(client);
	return 0;
}

bool h1_client_fits(const struct h1_client *client,
		    const struct exchange *exchange)
{
	return client->how == client->upstream->tls &&
	       client->proxy_size == exchange->proxy_size &&
	       !memcmp(client->proxy_header, exchange->proxy_header,
		       client->proxy_size);
}

bool h1_client_is_stale(const struct h1_client *client)
{
	uv_os_fd_t fd;
	char octet;

	if (uv_fileno((const uv_handle_t *)&client->tcp, &fd) < 0)
		return true;
	return recv(fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 ||
	       errno != EAGAIN;
}

void h1_client_close(struct h1_client *client)
{
	if (client->state == H1_CLIENT_CLOSING)
		return;
	if (client->exchange)
		h1_client_detach(client);
	if (client->tls && client->state != H1_CLIENT_CONNECTING)
		tls_link_keep(client->tls, &client->backend->resumption);
	pool_remove(client);
	client->state = H1_CLIENT_CLOSING;
	uv_close((uv_handle_t *)&client->tcp, on_closed);
	uv_close((uv_handle_t *)&client->timer, on_closed);
}
