/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h3.h"

#include <errno.h>
#include <stdlib.h>

#include "terminator/conn.h"
#include "terminator/h3_stream.h"
#include "terminator/quic.h"

enum {
	QPACK_TABLE = 4096,
	QPACK_BLOCKED_STREAMS = 100,
	CONTROL_STREAM = 0, /* a stream's type */
	HEADERS_FRAME = 1,
	STRAY_OCTETS_A_FRAME = 16,
};

static int on_deferred_consume(nghttp3_conn *nghttp3, int64_t stream_id,
			       size_t consumed, void *conn_user,
			       void *stream_user)
{
	(void)nghttp3;
	(void)stream_user;
	h3_extend(conn_user, stream_id, consumed);
	return 0;
}

static int on_acked(nghttp3_conn *nghttp3, int64_t stream_id, uint64_t size,
		    void *conn_user, void *stream_user)
{
	struct h3_stream *stream = stream_user;

	(void)nghttp3;
	(void)stream_id;
	(void)conn_user;
	if (!stream)
		return 0;
	stream->unread -= size;
	if (stream->exchange)
		exchange_release(stream->exchange, (size_t)size);
	return 0;
}

static void cancelled_by_client(struct h3_stream *stream)
{
	stream->h3->conn->quic->stats->counters.streams_reset_by_client++;
	flood_spend(stream->h3->conn, QS_COUNTER_flood_resets, 1);
	h3_stream_cancel(stream);
	stream->refused = true;
}

static int on_stream_close(nghttp3_conn *nghttp3, int64_t stream_id,
			   uint64_t error_code, void *conn_user,
			   void *stream_user)
{
	struct h3_stream *stream = stream_user;

	(void)nghttp3;
	(void)stream_id;
	(void)conn_user;
	if (!stream)
		return 0;
	if (error_code != NGHTTP3_H3_NO_ERROR && !stream->refused)
		cancelled_by_client(stream);
	else if (!stream->refused)
		flood_request_done(stream->h3->conn);
	h3_stream_free(stream);
	return 0;
}

/* nghttp3 wants the client to stop sending what is ignored anyway. */
static int on_want_stop_sending(nghttp3_conn *nghttp3, int64_t stream_id,
				uint64_t error_code, void *conn_user,
				void *stream_user)
{
	struct h3 *h3 = conn_user;

	(void)nghttp3;
	(void)stream_user;
	ngtcp2_conn_shutdown_stream_read(h3->conn->ngtcp2, 0, stream_id,
					 error_code);
	return 0;
}

static int on_want_reset(nghttp3_conn *nghttp3, int64_t stream_id,
			 uint64_t error_code, void *conn_user,
			 void *stream_user)
{
	struct h3 *h3 = conn_user;

	(void)nghttp3;
	(void)stream_user;
	ngtcp2_conn_shutdown_stream_write(h3->conn->ngtcp2, 0, stream_id,
					  error_code);
	return 0;
}

static const nghttp3_callbacks callbacks = {
	.acked_stream_data = on_acked,
	.stream_close = on_stream_close,
	.recv_data = h3_on_data,
	.deferred_consume = on_deferred_consume,
	.begin_headers = h3_on_begin_headers,
	.recv_header = h3_on_header,
	.end_headers = h3_on_end_headers,
	.begin_trailers = h3_on_begin_trailers,
	.recv_trailer = h3_on_header,
	.end_trailers = h3_on_end_trailers,
	.stop_sending = on_want_stop_sending,
	.end_stream = h3_on_end_stream,
	.reset_stream = on_want_reset,
};

static int open_streams(struct h3 *h3)
{
	ngtcp2_conn *conn = h3->conn->ngtcp2;
	int64_t control, encoder, decoder;

	if (ngtcp2_conn_get_streams_uni_left(conn) < 3)
		return -EPROTO;
	if (ngtcp2_conn_open_uni_stream(conn, &control, NULL) ||
	    ngtcp2_conn_open_uni_stream(conn, &encoder, NULL) ||
	    ngtcp2_conn_open_uni_stream(conn, &decoder, NULL))
		return -ENOMEM;
	if (nghttp3_conn_bind_control_stream(h3->nghttp3, control) ||
	    nghttp3_conn_bind_qpack_streams(h3->nghttp3, encoder, decoder))
		return -ENOMEM;
	h3_grease_open(&h3->grease, conn, control);
	return 0;
}

struct h3 *h3_new(struct conn *conn)
{
	const ngtcp2_transport_params *params =
		ngtcp2_conn_get_local_transport_params(conn->ngtcp2);
	struct h3 *h3 = calloc(1, sizeof(*h3));
	nghttp3_settings settings;

	if (!h3)
		return NULL;
	h3->conn = conn;
	h3->control_id = -1;
	nghttp3_settings_default(&settings);
	settings.max_field_section_size =
		conn->quic->limits->options.header_size;
	settings.qpack_max_dtable_capacity = QPACK_TABLE;
	settings.qpack_blocked_streams = QPACK_BLOCKED_STREAMS;
	settings.enable_connect_protocol = 1; /* RFC 9220 */
	if (nghttp3_conn_server_new(&h3->nghttp3, &callbacks, &settings, NULL,
				    h3)) {
		free(h3);
		return NULL;
	}
	nghttp3_conn_set_max_client_streams_bidi(
		h3->nghttp3, params->initial_max_streams_bidi);
	if (open_streams(h3)) {
		h3_free(h3);
		return NULL;
	}
	return h3;
}

void h3_free(struct h3 *h3)
{
	while (h3->streams)
		h3_stream_free(h3->streams);
	nghttp3_conn_del(h3->nghttp3);
	free(h3);
}

nghttp3_ssize h3_next_data(struct h3 *h3, int64_t *stream_id, int *fin,
			   nghttp3_vec *vectors, size_t count)
{
	nghttp3_ssize n = nghttp3_conn_writev_stream(h3->nghttp3, stream_id,
						     fin, vectors, count);

	return h3_grease_data(&h3->grease, stream_id, fin, vectors, n);
}

int h3_sent(struct h3 *h3, int64_t stream_id, size_t size)
{
	if (h3_grease_take(&h3->grease, stream_id))
		return 0;
	size = h3_grease_sent(&h3->grease, stream_id, size);
	return nghttp3_conn_add_write_offset(h3->nghttp3, stream_id, size);
}

void h3_blocked(struct h3 *h3, int64_t stream_id)
{
	struct h3_stream *stream = h3_stream_find(h3, stream_id);

	if (h3_grease_take(&h3->grease, stream_id))
		return;
	if (stream)
		stream->blocked = true;
	nghttp3_conn_block_stream(h3->nghttp3, stream_id);
}

void h3_confirmed(struct h3 *h3)
{
	struct h3_stream *stream;

	for (stream = h3->streams; stream; stream = stream->next)
		if (stream->exchange)
			exchange_confirmed(stream->exchange);
}

uint64_t h3_error_code(int error)
{
	/* A name of over 256 octets, or a value of over 64 KiB: nghttp3's QPACK
	 * decoder is of no use behind it, for any stream. */
	if (error == NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE)
		return NGHTTP3_H3_EXCESSIVE_LOAD;
	return nghttp3_err_infer_quic_app_error_code(error);
}

/* What nghttp3 fails on, with another code than the RFCs name: a frame type
 * that the end of the stream cuts (RFC 9114, 7.1), and a string longer than any
 * entry can be (RFC 9204, 3.2.2 and 7.4). */
static nghttp3_ssize connection_error(nghttp3_ssize error,
				      const struct h3_stream *stream)
{
	if (stream && error == NGHTTP3_ERR_H3_GENERAL_PROTOCOL_ERROR)
		return NGHTTP3_ERR_H3_FRAME_ERROR;
	if (!stream && error == NGHTTP3_ERR_QPACK_HEADER_TOO_LARGE)
		return NGHTTP3_ERR_QPACK_ENCODER_STREAM_ERROR;
	return error;
}

/* What nghttp3 fails on, though it concerns one stream only: a HEADERS frame
 * without an octet, and a stream that ends before a request (RFC 9114, 4.1).
 * Returns the code to reset it with, or 0. */
static uint64_t stream_error(nghttp3_ssize error, size_t size, bool fin)
{
	if (error == NGHTTP3_ERR_MALFORMED_HTTP_MESSAGING)
		return NGHTTP3_H3_MESSAGE_ERROR;
	if (error == NGHTTP3_ERR_H3_FRAME_UNEXPECTED && fin && size == 0)
		return NGHTTP3_H3_REQUEST_INCOMPLETE;
	return 0;
}

void h3_begins(struct h3 *h3, int64_t stream_id, const uint8_t *data,
	       size_t size)
{
	if (size && data[0] == CONTROL_STREAM && h3->control_id < 0 &&
	    !ngtcp2_is_bidi_stream(stream_id))
		h3->control_id = stream_id;
}

/* nghttp3 has one error for a request that ends before HEADERS, which is the
 * stream's, and for a frame that may not come before it, which is the
 * connection's. So that end goes by itself. */
static bool ends_apart(const struct h3_stream *stream, const uint8_t *data,
		       size_t size, bool fin)
{
	return fin && size && stream && !stream->begun &&
	       data[0] != HEADERS_FRAME;
}

/* What came on a stream and is no part of a message costs: empty DATA frames,
 * frames that nobody knows, instructions to QPACK, and so on. */
static void charge(struct h3 *h3, size_t octets)
{
	h3->stray_octets += octets;
	flood_spend(h3->conn, QS_COUNTER_flood_octets,
		    (uint32_t)(h3->stray_octets / STRAY_OCTETS_A_FRAME));
	h3->stray_octets %= STRAY_OCTETS_A_FRAME;
}

int h3_receive(struct h3 *h3, int64_t stream_id, struct h3_stream *stream,
	       const uint8_t *data, size_t size, bool fin)
{
	/* Whether a field section has its begin or its end in this. */
	bool in_section = stream && (!stream->exchange || stream->in_trailers);
	nghttp3_ssize consumed;
	uint64_t code;
	int rv;

	if (ends_apart(stream, data, size, fin)) {
		rv = h3_receive(h3, stream_id, stream, data, size, false);
		return rv ? rv
			  : h3_receive(h3, stream_id, stream, data + size, 0,
				       true);
	}
	if (stream_id == h3->control_id) {
		rv = h3_control_read(&h3->control, data, size);
		if (rv)
			return rv;
	}
	if (stream && stream->refused) {
		h3_extend(h3, stream_id, size);
		return 0;
	}
	consumed = nghttp3_conn_read_stream(h3->nghttp3, stream_id, data, size,
					    fin);
	in_section =
		stream && stream->begun && (in_section || stream->in_trailers);
	/* Bodies are not among what is consumed here. */
	if (consumed > 0 && !in_section)
		charge(h3, (size_t)consumed);
	if (consumed < 0) {
		code = stream_error(consumed, size, fin);
		if (!code || !stream)
			return (int)connection_error(consumed, stream);
		h3_stream_cancel(stream);
		h3_stream_refuse(stream, code);
		consumed = (nghttp3_ssize)size;
	}
	h3_extend(h3, stream_id, (size_t)consumed);
	return 0;
}

int h3_acked(struct h3 *h3, int64_t stream_id, struct h3_stream *stream,
	     uint64_t size)
{
	h3->acked_ns = uv_hrtime();
	if (stream)
		stream->acked_ns = h3->acked_ns;
	size = h3_grease_acked(&h3->grease, stream_id, size);
	return nghttp3_conn_add_ack_offset(h3->nghttp3, stream_id, size);
}

int h3_unblocked(struct h3 *h3, int64_t stream_id, struct h3_stream *stream)
{
	if (stream)
		stream->blocked = false;
	return nghttp3_conn_unblock_stream(h3->nghttp3, stream_id);
}

int h3_cancelled(struct h3 *h3, int64_t stream_id, struct h3_stream *stream)
{
	/* A sender that we have stopped does that; the response stays. */
	if (stream && !stream->refused && !stream->stopped) {
		cancelled_by_client(stream);
		ngtcp2_conn_shutdown_stream(h3->conn->ngtcp2, 0, stream_id,
					    NGHTTP3_H3_REQUEST_CANCELLED);
		nghttp3_conn_shutdown_stream_write(h3->nghttp3, stream_id);
	}
	return nghttp3_conn_shutdown_stream_read(h3->nghttp3, stream_id);
}

int h3_stop_reading(struct h3 *h3, int64_t stream_id)
{
	return nghttp3_conn_shutdown_stream_read(h3->nghttp3, stream_id);
}

void h3_shut(struct h3 *h3, int64_t stream_id)
{
	struct h3_stream *stream = h3_stream_find(h3, stream_id);

	if (h3_grease_take(&h3->grease, stream_id))
		return;
	/* The client's STOP_SENDING shows here first. */
	if (stream && !stream->refused)
		cancelled_by_client(stream);
	nghttp3_conn_shutdown_stream_write(h3->nghttp3, stream_id);
}

void h3_ended(struct h3 *h3, int64_t stream_id)
{
	struct h3_stream *stream = h3_stream_find(h3, stream_id);

	if (stream && !stream->refused)
		h3_stream_stop(stream);
}

int h3_stream_opened(struct h3 *h3, int64_t stream_id)
{
	struct h3_stream *stream = h3_stream_new(h3, stream_id);

	if (!stream)
		return -ENOMEM;
	return ngtcp2_conn_set_stream_user_data(h3->conn->ngtcp2, stream_id,
						stream);
}

int h3_stream_closed(struct h3 *h3, int64_t stream_id, struct h3_stream *stream,
		     uint64_t error_code)
{
	int rv;

	if (stream && !stream->begun)
		h3_stream_free(stream);
	rv = nghttp3_conn_close_stream(h3->nghttp3, stream_id, error_code);

	return rv == NGHTTP3_ERR_STREAM_NOT_FOUND ? 0 : rv;
}

void h3_goaway(struct h3 *h3, bool last)
{
	if (last)
		nghttp3_conn_shutdown(h3->nghttp3);
	else
		nghttp3_conn_submit_shutdown_notice(h3->nghttp3);
}

bool h3_going_away(struct h3 *h3)
{
	const struct h3_stream *stream;
	bool any = false;

	for (stream = h3->streams; stream; stream = stream->next)
		any |= stream->exchange && !stream->refused &&
		       exchange_going_away(stream->exchange);
	return any;
}

size_t h3_request_count(const struct h3 *h3)
{
	const struct h3_stream *stream;
	size_t count = 0;

	for (stream = h3->streams; stream; stream = stream->next)
		count++;
	return count;
}

bool h3_drained(struct h3 *h3)
{
	return nghttp3_conn_is_drained(h3->nghttp3);
}
