/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "terminator/front.h"
#include "terminator/h2_server_private.h"

static void set(nghttp2_nv *nv, const char *name, size_t name_size,
		const char *value, size_t value_size)
{
	*nv = (nghttp2_nv){
		.name = (uint8_t *)name,
		.namelen = name_size,
		.value = (uint8_t *)value,
		.valuelen = value_size,
	};
}

/* `status` NULL: trailers. */
static nghttp2_nv *make_nv(const struct field *fields, size_t count,
			   const char *status, const char *alt_svc,
			   size_t *nv_count)
{
	nghttp2_nv *nv = calloc(count + 2, sizeof(*nv));
	size_t n = 0;

	if (!nv)
		return NULL;
	if (status)
		set(&nv[n++], ":status", 7, status, 3);
	for (size_t i = 0; i < count; i++)
		set(&nv[n++], fields[i].name, fields[i].name_size,
		    fields[i].value, fields[i].value_size);
	if (alt_svc && !front_has_field(fields, count, "alt-svc"))
		set(&nv[n++], "alt-svc", 7, alt_svc, strlen(alt_svc));
	*nv_count = n;
	return nv;
}

static ssize_t read_response(nghttp2_session *nghttp2, int32_t id,
			     uint8_t *data, size_t size, uint32_t *flags,
			     nghttp2_data_source *source, void *user)
{
	struct h2_stream *stream = source->ptr;
	const struct field *trailers;
	size_t count, nv_count, n;
	nghttp2_nv *nv;
	int rv;

	(void)user;
	if (!stream->exchange || stream->refused)
		return NGHTTP2_ERR_DEFERRED;
	n = front_take_body(stream->exchange, data, size);
	if (n)
		stream->last_ns = uv_hrtime();
	if (!exchange_at_end(stream->exchange, &trailers, &count))
		return n ? (ssize_t)n : NGHTTP2_ERR_DEFERRED;
	*flags |= NGHTTP2_DATA_FLAG_EOF;
	if (!count)
		return (ssize_t)n;
	nv = make_nv(trailers, count, NULL, NULL, &nv_count);
	if (!nv)
		return NGHTTP2_ERR_CALLBACK_FAILURE;
	*flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
	rv = nghttp2_submit_trailer(nghttp2, id, nv, nv_count);
	free(nv);
	return rv ? NGHTTP2_ERR_CALLBACK_FAILURE : (ssize_t)n;
}

static void status_text(char text[4], unsigned status)
{
	text[0] = (char)('0' + status / 100 % 10);
	text[1] = (char)('0' + status / 10 % 10);
	text[2] = (char)('0' + status % 10);
	text[3] = 0;
}

static void on_interim(void *user, unsigned status, const struct field *fields,
		       size_t count)
{
	struct h2_stream *stream = user;
	size_t nv_count;
	nghttp2_nv *nv;
	char text[4];
	int rv = NGHTTP2_ERR_NOMEM;

	if (stream->refused)
		return;
	status_text(text, status);
	nv = make_nv(fields, count, text, NULL, &nv_count);
	if (nv)
		rv = nghttp2_submit_headers(stream->h2->nghttp2,
					    NGHTTP2_FLAG_NONE, stream->id, NULL,
					    nv, nv_count, NULL);
	free(nv);
	if (rv < 0)
		h2_stream_refuse(stream, NGHTTP2_INTERNAL_ERROR);
	tcp_conn_mark(stream->h2->conn);
}

static void on_head(void *user, unsigned status, const struct field *fields,
		    size_t count, bool end)
{
	struct h2_stream *stream = user;
	nghttp2_data_provider provider = {
		.source = {.ptr = stream},
		.read_callback = read_response,
	};
	char text[4], alt_svc[TCP_ALT_SVC_SIZE];
	bool has_alt_svc = tcp_conn_alt_svc(stream->h2->conn, alt_svc);
	size_t nv_count;
	nghttp2_nv *nv;
	int rv = NGHTTP2_ERR_NOMEM;

	if (stream->refused)
		return;
	stream->last_ns = uv_hrtime(); /* the client has to read from now on */
	status_text(text, status);
	nv = make_nv(fields, count, text, has_alt_svc ? alt_svc : NULL,
		     &nv_count);
	if (nv)
		rv = nghttp2_submit_response(stream->h2->nghttp2, stream->id,
					     nv, nv_count,
					     end ? NULL : &provider);
	free(nv);
	if (rv)
		h2_stream_refuse(stream, NGHTTP2_INTERNAL_ERROR);
	tcp_conn_mark(stream->h2->conn);
}

static void on_readable(void *user)
{
	struct h2_stream *stream = user;

	if (stream->refused)
		return;
	nghttp2_session_resume_data(stream->h2->nghttp2, stream->id);
	tcp_conn_mark(stream->h2->conn);
}

static void on_request_consumed(void *user, size_t size)
{
	struct h2_stream *stream = user;

	nghttp2_session_consume(stream->h2->nghttp2, stream->id, size);
	tcp_conn_mark(stream->h2->conn);
}

static void on_broken(void *user)
{
	struct h2_stream *stream = user;

	h2_stream_refuse(stream, NGHTTP2_INTERNAL_ERROR);
	tcp_conn_mark(stream->h2->conn);
}

const struct exchange_front h2_response_front = {
	.interim = on_interim,
	.head = on_head,
	.readable = on_readable,
	.request_consumed = on_request_consumed,
	.broken = on_broken,
};
