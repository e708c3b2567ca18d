/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "terminator/h2_server_private.h"

static struct limits *limits_of(const struct h2_server *h2)
{
	return h2->conn->tcp->limits;
}

static struct h2_stream *stream_of(nghttp2_session *nghttp2, int32_t id)
{
	return nghttp2_session_get_stream_user_data(nghttp2, id);
}

static int on_begin_headers(nghttp2_session *nghttp2,
			    const nghttp2_frame *frame, void *user)
{
	struct h2_server *h2 = user;
	struct h2_stream *stream;

	h2->continuations = 0;
	if (frame->hd.type != NGHTTP2_HEADERS ||
	    frame->headers.cat != NGHTTP2_HCAT_REQUEST)
		return 0;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	stream->h2 = h2;
	stream->id = frame->hd.stream_id;
	stream->last_ns = uv_hrtime();
	DL_APPEND(h2->streams, stream);
	h2_watch_sender(stream);
	nghttp2_session_set_stream_user_data(nghttp2, stream->id, stream);
	return 0;
}

static int on_header(nghttp2_session *nghttp2, const nghttp2_frame *frame,
		     const uint8_t *name, size_t name_size,
		     const uint8_t *value, size_t value_size, uint8_t flags,
		     void *user)
{
	struct h2_stream *stream = stream_of(nghttp2, frame->hd.stream_id);

	(void)flags;
	if (!stream || stream->refused || stream->too_large)
		return 0;
	switch (field_section_add(&stream->fields, name, name_size, value,
				  value_size,
				  limits_of(user)->options.header_size)) {
	case 0:
		return 0;
	case -EMSGSIZE:
		stream->too_large = true;
		return 0;
	default:
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
}

static int begin(struct h2_stream *stream, bool end)
{
	struct h2_server *h2 = stream->h2;
	struct tcp_conn *conn = h2->conn;
	struct exchange_request request;
	char address[INET6_ADDRSTRLEN];
	bool is_tunnel;
	int result = field_section_request(&stream->fields, &request);

	stream->head_done = true;
	is_tunnel = request.tunnel.value;
	request.end = stream->ended = end;
	request.header_too_large = stream->too_large;
	request.protocol = QS_PROTOCOL_h2;
	request.misdirected = tcp_conn_misdirects(conn, &request.authority);
	request.peer_address = udp_address_text(&conn->peer, address);
	request.peer = &conn->peer.any;
	request.local = &conn->local.any;
	if (!result)
		result = exchange_new(conn->tcp->router, &h2_response_front,
				      stream, &request, &stream->exchange);
	field_section_free(&stream->fields);
	stream->too_large = false; /* the trailers' section may be */
	limits_unwatch(&stream->sender);
	/* Fields may be missing of one that is too large. */
	if (result == -EPROTO)
		h2_stream_refuse(stream, request.header_too_large
						 ? NGHTTP2_ENHANCE_YOUR_CALM
						 : NGHTTP2_PROTOCOL_ERROR);
	else if (result)
		h2_stream_refuse(stream, NGHTTP2_INTERNAL_ERROR);
	else if (!end && !is_tunnel)
		limits_watch_body(limits_of(h2), &stream->sender);
	if (++h2->requests == limits_of(h2)->options.connection_requests)
		h2_drain(h2);
	return 0;
}

static void end_request(struct h2_stream *stream)
{
	const struct field *trailers;
	size_t count;
	int result;

	stream->ended = true;
	limits_unwatch(&stream->sender);
	if (!stream->exchange)
		return;
	/* What came since the header section is the trailer section. */
	result = stream->too_large ? -E2BIG
				   : field_section_list(&stream->fields,
							&trailers, &count);
	if (!result)
		result =
			exchange_request_end(stream->exchange, trailers, count);
	if (!result)
		return;
	h2_stream_cancel(stream);
	h2_stream_refuse(stream, result == -EPROTO ? NGHTTP2_PROTOCOL_ERROR
						   : NGHTTP2_INTERNAL_ERROR);
}

static int on_headers(struct h2_stream *stream, const nghttp2_frame *frame)
{
	bool end = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;

	if (!stream->head_done)
		return begin(stream, end);
	/* RFC 9113, 8.1: trailers end the stream. */
	if (!end) {
		h2_stream_cancel(stream);
		h2_stream_refuse(stream, NGHTTP2_PROTOCOL_ERROR);
	} else {
		end_request(stream);
	}
	return 0;
}

static int on_data_frame(struct h2_stream *stream, const nghttp2_frame *frame)
{
	if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) {
		end_request(stream);
		return 0;
	}
	if (!frame->hd.length)
		h2_spend(stream->h2, QS_COUNTER_flood_frames);
	return 0;
}

static int on_frame(nghttp2_session *nghttp2, const nghttp2_frame *frame,
		    void *user)
{
	struct h2_stream *stream = stream_of(nghttp2, frame->hd.stream_id);
	struct h2_server *h2 = user;

	switch (frame->hd.type) {
	case NGHTTP2_HEADERS:
		if (!stream || stream->refused)
			return 0;
		stream->last_ns = uv_hrtime();
		return on_headers(stream, frame);
	case NGHTTP2_DATA:
		if (stream && !stream->refused && !stream->ended)
			return on_data_frame(stream, frame);
		h2_spend(h2, QS_COUNTER_flood_frames);
		return 0;
	case NGHTTP2_WINDOW_UPDATE:
		/* Many for each response are no flood. */
		tcp_conn_mark(h2->conn);
		return 0;
	case NGHTTP2_RST_STREAM:
		if (stream)
			stream->reset = true;
		h2_spend(h2, QS_COUNTER_flood_resets);
		return 0;
	default:
		h2_spend(h2, QS_COUNTER_flood_frames);
		return 0;
	}
}

/* Each frame's header, also of those that nghttp2 drops or joins. */
static int on_begin_frame(nghttp2_session *nghttp2, const nghttp2_frame_hd *hd,
			  void *user)
{
	struct h2_server *h2 = user;

	(void)nghttp2;
	if (hd->type > NGHTTP2_CONTINUATION)
		h2_spend(h2, QS_COUNTER_flood_frames);
	if (hd->type != NGHTTP2_CONTINUATION)
		return 0;
	if (++h2->continuations <= H2_MAX_CONTINUATIONS)
		return 0;
	h2_flooded(h2, QS_COUNTER_flood_fields);
	return 0;
}

/* Frames that we do not know are dropped (RFC 9113, 5.5), but paid for. */
static int on_unknown(nghttp2_session *nghttp2, void **payload,
		      const nghttp2_frame_hd *hd, void *user)
{
	(void)nghttp2;
	(void)payload;
	(void)hd;
	(void)user;
	return NGHTTP2_ERR_CANCEL;
}

static int on_data(nghttp2_session *nghttp2, uint8_t flags, int32_t id,
		   const uint8_t *data, size_t size, void *user)
{
	struct h2_stream *stream = stream_of(nghttp2, id);

	(void)flags;
	(void)user;
	if (!stream || stream->refused || !stream->exchange) {
		nghttp2_session_consume_connection(nghttp2, size);
		return 0;
	}
	stream->last_ns = uv_hrtime();
	stream->sender.received += size;
	switch (exchange_request_body(stream->exchange, data, size)) {
	case 0:
		return 0;
	case -EMSGSIZE:
		nghttp2_session_consume_connection(nghttp2, size);
		h2_stream_cancel(stream);
		h2_stream_refuse(stream, NGHTTP2_PROTOCOL_ERROR);
		return 0;
	default:
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	}
}

void h2_set_request_options(nghttp2_option *option)
{
	unsigned type;

	/* Else nghttp2 drops them without a word. */
	for (type = NGHTTP2_CONTINUATION + 1; type <= 0xff; type++)
		nghttp2_option_set_user_recv_extension_type(option,
							    (uint8_t)type);
}

void h2_set_request_callbacks(nghttp2_session_callbacks *callbacks)
{
	nghttp2_session_callbacks_set_on_begin_headers_callback(
		callbacks, on_begin_headers);
	nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
	nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks,
							     on_frame);
	nghttp2_session_callbacks_set_on_begin_frame_callback(callbacks,
							      on_begin_frame);
	nghttp2_session_callbacks_set_unpack_extension_callback(callbacks,
								on_unknown);
	nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks,
								  on_data);
}
