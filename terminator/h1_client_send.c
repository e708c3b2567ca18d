/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>

#include "terminator/h1_client_private.h"

static void add_vector(struct h1_batch *batch, const void *data, size_t size)
{
	batch->vectors[batch->count++] = uv_buf_init((char *)data, size);
}

/* All of a Content-Length is there, but the front has not said that the request
 * ends here. If more comes, it is malformed, and then no backend may have got
 * the whole of it: so what completes it waits. */
static bool awaits_end(const struct exchange *exchange)
{
	return exchange->message.has_length && !exchange->request_ended &&
	       exchange->request_received == exchange->message.length;
}

/* Takes the last octet off what is to be sent. */
static size_t hold_back(struct iovec *pieces, size_t count)
{
	pieces[count - 1].iov_len--;
	return pieces[count - 1].iov_len ? count : count - 1;
}

/* Body octets that can go now, as one chunk if the body is chunked. */
static void add_body(struct h1_client *client)
{
	struct exchange *exchange = client->exchange;
	struct h1_batch *batch = &client->batch;
	struct iovec pieces[H1_BATCH_BODY_VECTORS];
	size_t count = body_peek(&exchange->request_body, pieces,
				 H1_BATCH_BODY_VECTORS);

	for (size_t i = 0; i < count; i++)
		batch->body_size += pieces[i].iov_len;
	if (batch->body_size &&
	    batch->body_size == exchange->request_body.unread &&
	    awaits_end(exchange)) {
		count = hold_back(pieces, count);
		batch->body_size--;
	}
	if (!batch->body_size)
		return;
	if (exchange->request.chunked) {
		int size =
			snprintf(batch->chunk_size, sizeof(batch->chunk_size),
				 "%zx\r\n", batch->body_size);

		add_vector(batch, batch->chunk_size, size);
	}
	for (size_t i = 0; i < count; i++)
		add_vector(batch, pieces[i].iov_base, pieces[i].iov_len);
	if (exchange->request.chunked)
		add_vector(batch, "\r\n", 2);
	body_read(&exchange->request_body, batch->body_size);
	client->body_begun = true;
}

/* Makes a batch of all that can be sent now. Returns false if that is
 * nothing. */
static bool compose(struct h1_client *client)
{
	struct exchange *exchange = client->exchange;
	struct h1_batch *batch = &client->batch;

	batch->first = 0;
	batch->count = 0;
	batch->body_size = 0;
	if (awaits_end(exchange) && !exchange->message.length)
		return false;
	if (!client->head_sent)
		add_vector(batch, exchange->request.head.data,
			   exchange->request.head.size);
	client->head_sent = true;
	batch->last = false;
	if (client->holding)
		return batch->count > 0;
	add_body(client);
	batch->last = exchange->request_ended && !exchange->request_body.unread;
	if (batch->last && exchange->request.chunked)
		add_vector(batch, exchange->last_chunk.data,
			   exchange->last_chunk.size);
	return batch->count > 0 || batch->last;
}

static void advance(struct h1_batch *batch, size_t size)
{
	while (size) {
		uv_buf_t *vector = &batch->vectors[batch->first];

		if (size < vector->len) {
			vector->base += size;
			vector->len -= size;
			return;
		}
		size -= vector->len;
		batch->first++;
	}
}

/* The end of a tunnel's way there. */
static void shut_down(struct h1_client *client)
{
	if (client->tls)
		h1_client_tls_shut_down(client);
	uv_shutdown(&client->shutdown, (uv_stream_t *)&client->tcp, NULL);
}

/* The batch is written: its octets are with the kernel. */
static void finish_batch(struct h1_client *client)
{
	if (client->batch.last) {
		client->request_sent = true;
		client->sent_ns = uv_hrtime();
		if (client->response.is_tunnel)
			shut_down(client);
	}
	h1_client_progressed(client);
	if (client->batch.body_size)
		exchange_sent_body(client->exchange, client->batch.body_size);
}

/* The response may be there already, so only reading tells what it means. */
static void give_up_sending(struct h1_client *client)
{
	client->cannot_send = true;
	h1_client_progressed(client);
}

/* What uv_write had to send. */
static size_t left_of(const struct h1_batch *batch)
{
	size_t size = 0;

	for (unsigned i = batch->first; i < batch->count; i++)
		size += batch->vectors[i].len;
	return size;
}

static void on_written(uv_write_t *write, int status)
{
	struct h1_client *client = write->data;

	client->writing = false;
	if (client->state != H1_CLIENT_ACTIVE)
		return;
	if (status < 0) {
		give_up_sending(client);
		return;
	}
	client->backend->stats->counters.bytes_sent += left_of(&client->batch);
	finish_batch(client);
	h1_client_send(client);
}

/* Returns true if all of the batch is written at once. */
static bool write_batch(struct h1_client *client)
{
	uv_stream_t *stream = (uv_stream_t *)&client->tcp;
	struct h1_batch *batch = &client->batch;
	int result = 0;

	if (batch->count && client->tls && h1_client_seal(client) < 0) {
		give_up_sending(client);
		return false;
	}
	if (batch->count)
		result = uv_try_write(stream, batch->vectors, batch->count);
	if (result > 0) {
		client->backend->stats->counters.bytes_sent += result;
		advance(batch, result);
	}
	if (batch->first == batch->count)
		return true;
	if (result >= 0 || result == UV_EAGAIN) {
		client->write.data = client;
		result = uv_write(&client->write, stream,
				  batch->vectors + batch->first,
				  batch->count - batch->first, on_written);
		client->writing = result == 0;
	}
	if (result < 0)
		give_up_sending(client);
	else
		h1_client_progressed(client);
	return false;
}

void h1_client_send(struct h1_client *client)
{
	if (client->in_send)
		return;
	client->in_send = true;
	while (client->state == H1_CLIENT_ACTIVE && !client->writing &&
	       !client->request_sent && !client->cannot_send &&
	       compose(client) && write_batch(client))
		finish_batch(client);
	client->in_send = false;
}

void h1_client_release(struct h1_client *client)
{
	if (!client->holding)
		return;
	client->holding = false;
	h1_client_progressed(client);
	h1_client_send(client);
}

void h1_client_reset_send(struct h1_client *client)
{
	client->head_sent = false;
	client->holding = client->exchange->request.expects ||
			  client->exchange->request.websocket;
	client->body_begun = false;
	client->request_sent = false;
	client->cannot_send = false;
}

/* RFC 9110, 9.2.2. A request that is not idempotent is safe only while the
 * backend cannot have all of it. */
bool h1_client_replayable(const struct h1_client *client)
{
	return !client->body_begun &&
	       (client->exchange->message.idempotent || !client->request_sent);
}
