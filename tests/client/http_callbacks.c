/* SPDX-License-Identifier: GPL-2.0-only */
/* nghttp3's callbacks of a client session. */
#include <inttypes.h>
#include <string.h>

#include "tests/client/http_private.h"

nghttp3_nv http_field(const char *name, const char *value)
{
	return (nghttp3_nv){.name = (uint8_t *)name,
			    .value = (uint8_t *)value,
			    .namelen = strlen(name),
			    .valuelen = strlen(value)};
}

void http_extend(struct http_session *session, int64_t stream, uint64_t size)
{
	ngtcp2_conn *quic = session->connection.quic;

	ngtcp2_conn_extend_max_stream_offset(quic, stream, size);
	ngtcp2_conn_extend_max_offset(quic, size);
}

void http_give_credit(struct http_session *session, struct request *request)
{
	uint64_t credit = request->credit_owed;

	if (session->options->pace && credit > session->down_budget)
		credit = session->down_budget;
	if (credit == 0)
		return;
	session->down_budget -= session->options->pace ? credit : 0;
	request->credit_owed -= credit;
	http_extend(session, request->stream, credit);
}

static void cancel(struct http_session *session, struct request *request)
{
	request->cancelled = true;
	ngtcp2_conn_shutdown_stream(session->connection.quic, 0,
				    request->stream,
				    NGHTTP3_H3_REQUEST_CANCELLED);
}

static int on_data(nghttp3_conn *h3, int64_t stream, const uint8_t *data,
		   size_t size, void *user, void *stream_user)
{
	struct http_session *session = user;
	struct request *request = stream_user;
	const char *wrong;

	(void)h3;
	(void)stream;
	session->body_received += size;
	request->credit_owed += size;
	wrong = request_body(request, data, size);
	if (wrong) {
		connection_fail(&session->connection,
				"%s near octet %" PRIu64 " of %s", wrong,
				request->received, request->plan->path);
		return NGHTTP3_ERR_CALLBACK_FAILURE;
	}
	http_give_credit(session, request);
	if (request->plan->cancel_at && !request->cancelled &&
	    request->received >= request->plan->cancel_at)
		cancel(session, request);
	return 0;
}

static int on_deferred_consume(nghttp3_conn *h3, int64_t stream, size_t size,
			       void *user, void *stream_user)
{
	(void)h3;
	(void)stream_user;
	http_extend(user, stream, size);
	return 0;
}

static int on_header(nghttp3_conn *h3, int64_t stream, int32_t token,
		     nghttp3_rcbuf *name, nghttp3_rcbuf *value, uint8_t flags,
		     void *user, void *stream_user)
{
	(void)h3;
	(void)stream;
	(void)token;
	(void)flags;
	(void)user;
	request_header(stream_user, nghttp3_rcbuf_get_buf(name),
		       nghttp3_rcbuf_get_buf(value), false);
	return 0;
}

static int on_trailer(nghttp3_conn *h3, int64_t stream, int32_t token,
		      nghttp3_rcbuf *name, nghttp3_rcbuf *value, uint8_t flags,
		      void *user, void *stream_user)
{
	(void)h3;
	(void)stream;
	(void)token;
	(void)flags;
	(void)user;
	request_header(stream_user, nghttp3_rcbuf_get_buf(name),
		       nghttp3_rcbuf_get_buf(value), true);
	return 0;
}

/* Each response names its terminator; all must name the same. */
static int on_headers_end(nghttp3_conn *h3, int64_t stream, int last,
			  void *user, void *stream_user)
{
	struct http_session *session = user;
	struct request *request = stream_user;

	(void)h3;
	(void)stream;
	(void)last;
	if (request->terminator[0] == '\0')
		return 0;
	if (session->terminator[0] == '\0')
		memcpy(session->terminator, request->terminator,
		       sizeof(session->terminator));
	if (strcmp(session->terminator, request->terminator) == 0)
		return 0;
	connection_fail(&session->connection, "terminator was %s, is now %s",
			session->terminator, request->terminator);
	return NGHTTP3_ERR_CALLBACK_FAILURE;
}

static int on_stop_sending(nghttp3_conn *h3, int64_t stream, uint64_t code,
			   void *user, void *stream_user)
{
	struct http_session *session = user;

	(void)h3;
	(void)stream_user;
	ngtcp2_conn_shutdown_stream_read(session->connection.quic, 0, stream,
					 code);
	return 0;
}

static int on_reset_stream(nghttp3_conn *h3, int64_t stream, uint64_t code,
			   void *user, void *stream_user)
{
	struct http_session *session = user;

	(void)h3;
	(void)stream_user;
	ngtcp2_conn_shutdown_stream_write(session->connection.quic, 0, stream,
					  code);
	return 0;
}

static int on_goaway(nghttp3_conn *h3, int64_t id, void *user)
{
	(void)h3;
	http_note_goaway(user, id);
	return 0;
}

static int on_body_acked(nghttp3_conn *h3, int64_t stream, uint64_t size,
			 void *user, void *stream_user)
{
	struct http_session *session = user;
	struct request *request = stream_user;

	request_acked(request, size);
	session->body_acked += size;
	if (request->waits && !session->options->pace) {
		request->waits = false;
		nghttp3_conn_resume_stream(h3, stream);
	}
	return 0;
}

static int submit_trailers(nghttp3_conn *h3, int64_t stream)
{
	nghttp3_nv trailer = http_field("x-request-trailer", "end");

	return nghttp3_conn_submit_trailers(h3, stream, &trailer, 1);
}

nghttp3_ssize http_read_body(nghttp3_conn *h3, int64_t stream,
			     nghttp3_vec *vectors, size_t count,
			     uint32_t *flags, void *user, void *stream_user)
{
	struct http_session *session = user;
	struct request *request = stream_user;
	uint64_t limit =
		session->options->pace ? session->up_budget : UINT64_MAX;

	(void)count;
	vectors[0] = request_make(request, limit);
	if (session->options->pace)
		session->up_budget -= vectors[0].len;
	if (request->made == request->plan->body_size) {
		*flags |= NGHTTP3_DATA_FLAG_EOF;
		if (request->plan->trailers) {
			*flags |= NGHTTP3_DATA_FLAG_NO_END_STREAM;
			if (submit_trailers(h3, stream) != 0)
				return NGHTTP3_ERR_CALLBACK_FAILURE;
		}
		return vectors[0].len > 0;
	}
	if (vectors[0].len == 0) {
		request->waits = true;
		return NGHTTP3_ERR_WOULDBLOCK;
	}
	return 1;
}

const nghttp3_callbacks *http_callbacks(void)
{
	static const nghttp3_callbacks callbacks = {
		.acked_stream_data = on_body_acked,
		.recv_data = on_data,
		.deferred_consume = on_deferred_consume,
		.recv_header = on_header,
		.end_headers = on_headers_end,
		.recv_trailer = on_trailer,
		.stop_sending = on_stop_sending,
		.reset_stream = on_reset_stream,
		.shutdown = on_goaway,
	};

	return &callbacks;
}
