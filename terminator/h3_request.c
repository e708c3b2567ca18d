/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h3_stream.h"

#include <errno.h>
#include <netinet/in.h>

#include "terminator/conn.h"
#include "terminator/quic.h"

enum {
	/* Of a section that is too large: 431 is the answer to some more. */
	STRAY_FIELDS_A_FRAME = 32,
};

int h3_on_begin_headers(nghttp3_conn *nghttp3, int64_t stream_id,
			void *conn_user, void *stream_user)
{
	struct h3 *h3 = conn_user;
	struct h3_stream *stream;

	(void)stream_user;
	stream = h3_stream_find(h3, stream_id);
	if (!stream)
		return NGHTTP3_ERR_CALLBACK_FAILURE;
	stream->begun = true;
	return nghttp3_conn_set_stream_user_data(nghttp3, stream_id, stream);
}

int h3_on_begin_trailers(nghttp3_conn *nghttp3, int64_t stream_id,
			 void *conn_user, void *stream_user)
{
	struct h3_stream *stream = stream_user;

	(void)nghttp3;
	(void)stream_id;
	(void)conn_user;
	stream->in_trailers = true;
	return 0;
}

int h3_on_end_trailers(nghttp3_conn *nghttp3, int64_t stream_id, int fin,
		       void *conn_user, void *stream_user)
{
	struct h3_stream *stream = stream_user;

	(void)nghttp3;
	(void)stream_id;
	(void)fin;
	(void)conn_user;
	stream->in_trailers = false;
	return 0;
}

int h3_on_header(nghttp3_conn *nghttp3, int64_t stream_id, int32_t token,
		 nghttp3_rcbuf *name, nghttp3_rcbuf *value, uint8_t flags,
		 void *conn_user, void *stream_user)
{
	struct h3 *h3 = conn_user;
	struct h3_stream *stream = stream_user;
	nghttp3_vec n = nghttp3_rcbuf_get_buf(name);
	nghttp3_vec v = nghttp3_rcbuf_get_buf(value);

	(void)nghttp3;
	(void)stream_id;
	(void)token;
	(void)flags;
	/* Each may be one octet on the wire, and thousands here. */
	if (stream->too_large && !(++h3->stray_fields % STRAY_FIELDS_A_FRAME))
		flood_spend(h3->conn, QS_COUNTER_flood_fields, 1);
	if (stream->refused || stream->too_large)
		return 0;
	switch (field_section_add(
		&stream->fields, n.base, n.len, v.base, v.len,
		h3->conn->quic->limits->options.header_size)) {
	case 0:
		return 0;
	case -EMSGSIZE:
		/* Not refused here: nghttp3 would tell the client's encoder
		 * that the stream is cancelled, and at the section's end that
		 * it is decoded, which is an error (RFC 9204, 4.4.1). */
		stream->too_large = true;
		return 0;
	default:
		return NGHTTP3_ERR_CALLBACK_FAILURE;
	}
}

int h3_on_end_headers(nghttp3_conn *nghttp3, int64_t stream_id, int fin,
		      void *conn_user, void *stream_user)
{
	struct h3 *h3 = conn_user;
	struct h3_stream *stream = stream_user;
	struct exchange_request request;
	char address[INET6_ADDRSTRLEN];
	const ngtcp2_path *path = ngtcp2_conn_get_path(h3->conn->ngtcp2);
	int result;

	(void)nghttp3;
	(void)stream_id;
	if (stream->refused)
		return 0;
	result = field_section_request(&stream->fields, &request);
	request.end = stream->ended = fin;
	request.header_too_large = stream->too_large;
	request.protocol = QS_PROTOCOL_h3;
	request.misdirected =
		request.authority.value &&
		!tls_scope_covers(h3->conn->tls_scope, request.authority.value,
				  request.authority.value_size);
	request.early_data = !h3->conn->handshake_done;
	request.peer_address = udp_address_text(
		(const union udp_address *)path->remote.addr, address);
	request.peer = (const struct sockaddr *)path->remote.addr;
	request.local = (const struct sockaddr *)path->local.addr;
	if (result == 0)
		result = exchange_new(h3->conn->quic->router,
				      h3_response_front(), stream, &request,
				      &stream->exchange);
	field_section_free(&stream->fields);
	stream->too_large = false; /* the trailers' section may be */
	if (result == -EPROTO) {
		/* Fields may be missing of one that is too large. */
		h3_stream_refuse(stream, request.header_too_large
						 ? NGHTTP3_H3_REQUEST_REJECTED
						 : NGHTTP3_H3_MESSAGE_ERROR);
		return 0;
	}
	if (result == 0 && request.tunnel.value)
		h3_stream_is_tunnel(stream);
	if (result == 0 && (fin || stream->is_tunnel))
		limits_unwatch(&stream->sender);
	else if (result == 0)
		limits_watch_body(h3->conn->quic->limits, &stream->sender);
	return result == 0 ? 0 : NGHTTP3_ERR_CALLBACK_FAILURE;
}

int h3_on_data(nghttp3_conn *nghttp3, int64_t stream_id, const uint8_t *data,
	       size_t size, void *conn_user, void *stream_user)
{
	struct h3 *h3 = conn_user;
	struct h3_stream *stream = stream_user;

	(void)nghttp3;
	if (stream->refused || !stream->exchange) {
		h3_extend(h3, stream_id, size);
		return 0;
	}
	stream->sender.received += size;
	switch (exchange_request_body(stream->exchange, data, size)) {
	case 0:
		return 0;
	case -EMSGSIZE:
		h3_extend(h3, stream_id, size);
		h3_stream_cancel(stream);
		h3_stream_refuse(stream, NGHTTP3_H3_MESSAGE_ERROR);
		return 0;
	default:
		return NGHTTP3_ERR_CALLBACK_FAILURE;
	}
}

int h3_on_end_stream(nghttp3_conn *nghttp3, int64_t stream_id, void *conn_user,
		     void *stream_user)
{
	struct h3_stream *stream = stream_user;
	const struct field *trailers;
	size_t count;
	int result;

	(void)nghttp3;
	(void)stream_id;
	(void)conn_user;
	stream->complete = true;
	if (stream->refused || !stream->exchange || stream->ended)
		return 0;
	limits_unwatch(&stream->sender);
	/* What came since end_headers is the trailer section. */
	result = stream->too_large ? -E2BIG
				   : field_section_list(&stream->fields,
							&trailers, &count);
	if (result == 0)
		result =
			exchange_request_end(stream->exchange, trailers, count);
	if (result == 0)
		return 0;
	h3_stream_cancel(stream);
	h3_stream_refuse(stream, result == -EPROTO ? NGHTTP3_H3_MESSAGE_ERROR
						   : NGHTTP3_H3_INTERNAL_ERROR);
	return 0;
}
