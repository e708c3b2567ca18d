/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h3_stream.h"

#include <stdlib.h>

#include "terminator/conn.h"

static nghttp3_nv *make_nv(const struct field *fields, size_t count,
			   const char *status, size_t *nv_count)
{
	nghttp3_nv *nv = calloc(count + 1, sizeof(*nv));
	size_t n = 0, i;

	if (!nv)
		return NULL;
	if (status) {
		nv[n].name = (uint8_t *)":status";
		nv[n].namelen = 7;
		nv[n].value = (uint8_t *)status;
		nv[n].valuelen = 3;
		n++;
	}
	for (i = 0; i < count; i++, n++) {
		nv[n].name = (uint8_t *)fields[i].name;
		nv[n].namelen = fields[i].name_size;
		nv[n].value = (uint8_t *)fields[i].value;
		nv[n].valuelen = fields[i].value_size;
	}
	*nv_count = n;
	return nv;
}

static void status_text(char text[4], unsigned status)
{
	text[0] = (char)('0' + status / 100 % 10);
	text[1] = (char)('0' + status / 10 % 10);
	text[2] = (char)('0' + status % 10);
	text[3] = 0;
}

static nghttp3_ssize read_response(nghttp3_conn *conn, int64_t stream_id,
				   nghttp3_vec *vectors, size_t count,
				   uint32_t *flags, void *conn_user,
				   void *stream_user)
{
	struct h3_stream *stream = stream_user;
	struct iovec pieces[16];
	const struct field *trailers;
	size_t n, i, size = 0, trailer_count, nv_count;

	(void)conn_user;
	if (!stream->exchange)
		return NGHTTP3_ERR_WOULDBLOCK;
	if (count > 16)
		count = 16;
	n = exchange_peek(stream->exchange, pieces, count);
	for (i = 0; i < n; i++) {
		vectors[i].base = pieces[i].iov_base;
		vectors[i].len = pieces[i].iov_len;
		size += pieces[i].iov_len;
	}
	exchange_read(stream->exchange, size);
	stream->unread += size;
	if (!exchange_at_end(stream->exchange, &trailers, &trailer_count))
		return n ? (nghttp3_ssize)n : NGHTTP3_ERR_WOULDBLOCK;
	*flags |= NGHTTP3_DATA_FLAG_EOF;
	if (trailer_count) {
		nghttp3_nv *nv =
			make_nv(trailers, trailer_count, NULL, &nv_count);

		if (!nv)
			return NGHTTP3_ERR_CALLBACK_FAILURE;
		*flags |= NGHTTP3_DATA_FLAG_NO_END_STREAM;
		i = (size_t)nghttp3_conn_submit_trailers(conn, stream_id, nv,
							 nv_count);
		free(nv);
		if (i)
			return NGHTTP3_ERR_CALLBACK_FAILURE;
	}
	return (nghttp3_ssize)n;
}

enum head_kind { HEAD_INTERIM, HEAD_WITH_BODY, HEAD_ALONE };

static void submit_head(struct h3_stream *stream, enum head_kind kind,
			unsigned status, const struct field *fields,
			size_t count)
{
	static const nghttp3_data_reader reader = {read_response};
	nghttp3_conn *conn = stream->h3->nghttp3;
	nghttp3_nv *nv;
	size_t nv_count;
	char text[4];
	int rv = NGHTTP3_ERR_NOMEM;

	if (stream->refused)
		return;
	status_text(text, status);
	nv = make_nv(fields, count, text, &nv_count);
	if (nv && kind == HEAD_INTERIM)
		rv = nghttp3_conn_submit_info(conn, stream->id, nv, nv_count);
	else if (nv)
		rv = nghttp3_conn_submit_response(
			conn, stream->id, nv, nv_count,
			kind == HEAD_WITH_BODY ? &reader : NULL);
	free(nv);
	if (rv)
		h3_stream_refuse(stream, NGHTTP3_H3_INTERNAL_ERROR);
	if (kind != HEAD_INTERIM) {
		stream->answered = true;
		stream->acked_ns = uv_hrtime();
	}
	conn_mark(stream->h3->conn);
}

static void on_interim(void *user, unsigned status, const struct field *fields,
		       size_t count)
{
	submit_head(user, HEAD_INTERIM, status, fields, count);
}

static void on_head(void *user, unsigned status, const struct field *fields,
		    size_t count, bool end)
{
	submit_head(user, end ? HEAD_ALONE : HEAD_WITH_BODY, status, fields,
		    count);
}

static void on_readable(void *user)
{
	struct h3_stream *stream = user;

	if (stream->refused)
		return;
	nghttp3_conn_resume_stream(stream->h3->nghttp3, stream->id);
	conn_mark(stream->h3->conn);
}

static void on_request_consumed(void *user, size_t size)
{
	struct h3_stream *stream = user;

	h3_extend(stream->h3, stream->id, size);
}

static void on_broken(void *user)
{
	h3_stream_refuse(user, NGHTTP3_H3_INTERNAL_ERROR);
}

static const struct exchange_front front = {
	.interim = on_interim,
	.head = on_head,
	.readable = on_readable,
	.request_consumed = on_request_consumed,
	.broken = on_broken,
};

const struct exchange_front *h3_response_front(void)
{
	return &front;
}
