/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h3_stream.h"

#include <stdlib.h>

#include "terminator/conn.h"
#include "terminator/quic.h"

void h3_extend(struct h3 *h3, int64_t stream_id, size_t size)
{
	ngtcp2_conn *conn = h3->conn->ngtcp2;

	/* Fails only for a stream that is gone. */
	ngtcp2_conn_extend_max_stream_offset(conn, stream_id, size);
	ngtcp2_conn_extend_max_offset(conn, size);
	conn_mark(h3->conn);
}

void h3_refuse(struct h3 *h3, int64_t stream_id, uint64_t error_code)
{
	struct qs_terminator_stats *stats = h3->conn->quic->stats;

	stats->counters.streams_reset_by_us++;
	/* What fails here is not the client's. */
	if (error_code != NGHTTP3_H3_INTERNAL_ERROR)
		flood_spend(h3->conn, QS_COUNTER_flood_resets, 1);
	if (error_code == NGHTTP3_H3_MESSAGE_ERROR)
		stats->counters.requests_malformed++;
	ngtcp2_conn_shutdown_stream(h3->conn->ngtcp2, 0, stream_id, error_code);
	nghttp3_conn_shutdown_stream_read(h3->nghttp3, stream_id);
	nghttp3_conn_shutdown_stream_write(h3->nghttp3, stream_id);
	conn_mark(h3->conn);
}

static void keep_alive(struct h3 *h3)
{
	uint64_t idle_ns = h3->conn->quic->options.idle_timeout_ns;

	ngtcp2_conn_set_keep_alive_timeout(
		h3->conn->ngtcp2, h3->tunnels ? idle_ns / 3 : UINT64_MAX);
}

void h3_stream_is_tunnel(struct h3_stream *stream)
{
	stream->is_tunnel = true;
	stream->h3->tunnels++;
	keep_alive(stream->h3);
}

void h3_stream_stop(struct h3_stream *stream)
{
	if (stream->complete || stream->stopped)
		return;
	stream->stopped = true;
	limits_unwatch(&stream->sender);
	/* nghttp3 learns of it when the frame is written: h3_stop_reading. */
	ngtcp2_conn_shutdown_stream_read(stream->h3->conn->ngtcp2, 0,
					 stream->id, NGHTTP3_H3_NO_ERROR);
}

void h3_stream_refuse(struct h3_stream *stream, uint64_t error_code)
{
	if (stream->refused)
		return;
	stream->refused = true;
	limits_unwatch(&stream->sender);
	h3_refuse(stream->h3, stream->id, error_code);
}

void h3_stream_cancel(struct h3_stream *stream)
{
	struct h3 *h3 = stream->h3;

	if (!stream->exchange)
		return;
	/* What is dropped here takes no more of the connection's window. */
	ngtcp2_conn_extend_max_offset(h3->conn->ngtcp2,
				      exchange_request_held(stream->exchange));
	conn_mark(h3->conn);
	exchange_free(stream->exchange);
	stream->exchange = NULL;
	limits_unwatch(&stream->sender);
}

void h3_stream_free(struct h3_stream *stream)
{
	struct h3 *h3 = stream->h3;

	h3_stream_cancel(stream);
	if (stream->is_tunnel) {
		h3->tunnels--;
		keep_alive(h3);
	}
	limits_unwatch(&stream->sender);
	field_section_free(&stream->fields);
	if (stream->prev)
		stream->prev->next = stream->next;
	else
		h3->streams = stream->next;
	if (stream->next)
		stream->next->prev = stream->prev;
	free(stream);
}

static void on_slow_header(void *user)
{
	h3_stream_refuse(user, NGHTTP3_H3_REQUEST_REJECTED);
}

static bool on_slow_body(void *user)
{
	struct h3_stream *stream = user;

	if (!exchange_sender_is_slow(stream->exchange))
		return false;
	h3_stream_stop(stream);
	conn_mark(stream->h3->conn);
	return true;
}

struct h3_stream *h3_stream_find(struct h3 *h3, int64_t id)
{
	struct h3_stream *stream = h3->streams;

	while (stream && stream->id != id)
		stream = stream->next;
	return stream;
}

struct h3_stream *h3_stream_new(struct h3 *h3, int64_t id)
{
	struct h3_stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return NULL;
	stream->h3 = h3;
	stream->id = id;
	stream->next = h3->streams;
	if (h3->streams)
		h3->streams->prev = stream;
	h3->streams = stream;
	stream->sender.user = stream;
	stream->sender.slow_header = on_slow_header;
	stream->sender.slow_body = on_slow_body;
	limits_watch_header(h3->conn->quic->limits, &stream->sender);
	return stream;
}
