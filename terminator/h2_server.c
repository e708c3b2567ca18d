/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "terminator/h2_server_private.h"

/* Between the notice and the GOAWAY that names the last request: what crosses
 * the notice is under way so long (RFC 9113, 6.8). */
#define NOTICE_NS (1000 * UINT64_C(1000000))

void h2_stream_refuse(struct h2_stream *stream, uint32_t error_code)
{
	struct h2_server *h2 = stream->h2;

	if (stream->refused)
		return;
	stream->refused = true;
	h2->conn->tcp->stats->counters.streams_reset_by_us++;
	nghttp2_submit_rst_stream(h2->nghttp2, NGHTTP2_FLAG_NONE, stream->id,
				  error_code);
	tcp_conn_mark(h2->conn);
}

void h2_stream_cancel(struct h2_stream *stream)
{
	if (!stream->exchange)
		return;
	/* What is dropped here takes no more of the connection's window. */
	nghttp2_session_consume_connection(
		stream->h2->nghttp2, exchange_request_held(stream->exchange));
	exchange_free(stream->exchange);
	stream->exchange = NULL;
}

static void free_stream(struct h2_stream *stream)
{
	h2_stream_cancel(stream);
	h3_fields_free(&stream->fields);
	DL_DELETE(stream->h2->streams, stream);
	free(stream);
}

static int on_stream_close(nghttp2_session *nghttp2, int32_t id,
			   uint32_t error_code, void *user)
{
	struct h2_stream *stream =
		nghttp2_session_get_stream_user_data(nghttp2, id);
	struct h2_server *h2 = user;

	if (!stream)
		return 0;
	if (error_code != NGHTTP2_NO_ERROR && !stream->refused)
		h2->conn->tcp->stats->counters.streams_reset_by_client++;
	free_stream(stream);
	return 0;
}

int h2_spend(struct h2_server *h2)
{
	if (frame_budget_spend(&h2->budget, uv_hrtime()))
		return 0;
	h2->reason = h2->conn->reason = QS_CLOSE_flood;
	nghttp2_session_terminate_session(h2->nghttp2,
					  NGHTTP2_ENHANCE_YOUR_CALM);
	return 0;
}

static int make_session(struct h2_server *h2)
{
	nghttp2_session_callbacks *callbacks;
	nghttp2_option *option;
	int rv = nghttp2_session_callbacks_new(&callbacks);

	if (rv)
		return rv;
	rv = nghttp2_option_new(&option);
	if (rv) {
		nghttp2_session_callbacks_del(callbacks);
		return rv;
	}
	nghttp2_session_callbacks_set_on_stream_close_callback(callbacks,
							       on_stream_close);
	h2_set_request_callbacks(callbacks);
	nghttp2_option_set_no_auto_window_update(option, 1);
	/* message.c says what is well formed; nghttp2 would drop fields. */
	nghttp2_option_set_no_http_messaging(option, 1);
	nghttp2_option_set_no_closed_streams(option, 1);
	h2_set_request_options(option);
	rv = nghttp2_session_server_new2(&h2->nghttp2, callbacks, h2, option);
	nghttp2_option_del(option);
	nghttp2_session_callbacks_del(callbacks);
	return rv;
}

static int send_settings(struct h2_server *h2)
{
	static const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, H2_MAX_STREAMS},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, EXCHANGE_REQUEST_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, H2_MAX_FIELD_SECTION},
	};
	int rv = nghttp2_submit_settings(h2->nghttp2, NGHTTP2_FLAG_NONE,
					 settings, 3);

	return rv ? rv
		  : nghttp2_session_set_local_window_size(h2->nghttp2,
							  NGHTTP2_FLAG_NONE, 0,
							  H2_CONNECTION_WINDOW);
}

static void free_session(void *session)
{
	struct h2_server *h2 = session;

	while (h2->streams)
		free_stream(h2->streams);
	nghttp2_session_del(h2->nghttp2);
	free(h2);
}

static void *new_session(struct tcp_conn *conn)
{
	struct h2_server *h2 = calloc(1, sizeof(*h2));

	if (!h2)
		return NULL;
	h2->conn = conn;
	h2->reason = QS_CLOSE_peer_done;
	if (make_session(h2)) {
		free(h2);
		return NULL;
	}
	if (send_settings(h2)) {
		free_session(h2);
		return NULL;
	}
	tcp_conn_mark(conn);
	return h2;
}

static void fail(struct h2_server *h2, int error)
{
	h2->failed = true;
	if (h2->reason != QS_CLOSE_peer_done)
		return;
	h2->reason = error == NGHTTP2_ERR_FLOODED ? QS_CLOSE_flood
		     : error == NGHTTP2_ERR_NOMEM ||
				     error == NGHTTP2_ERR_CALLBACK_FAILURE
			     ? QS_CLOSE_internal
			     : QS_CLOSE_application_error;
	h2->conn->reason = h2->reason;
}

static void input(void *session, const uint8_t *data, size_t size)
{
	struct h2_server *h2 = session;
	ssize_t n = nghttp2_session_mem_recv(h2->nghttp2, data, size);

	if (n < 0) {
		/* nghttp2 has told the client what it can; of these not. */
		if (n == NGHTTP2_ERR_BAD_CLIENT_MAGIC)
			nghttp2_session_terminate_session(
				h2->nghttp2, NGHTTP2_PROTOCOL_ERROR);
		else if (n == NGHTTP2_ERR_FLOODED)
			nghttp2_session_terminate_session(
				h2->nghttp2, NGHTTP2_ENHANCE_YOUR_CALM);
		fail(h2, (int)n);
	}
}

static void input_end(void *session)
{
	((struct h2_server *)session)->input_ended = true;
}

static bool wants_input(void *session)
{
	const struct h2_server *h2 = session;

	return !h2->failed && nghttp2_session_want_read(h2->nghttp2);
}

/* nghttp2 has neither to read nor to write: GOAWAY is out and all is done. */
static bool is_done(const struct h2_server *h2)
{
	return !h2->piece_size && !nghttp2_session_want_write(h2->nghttp2) &&
	       (h2->failed || h2->input_ended ||
		!nghttp2_session_want_read(h2->nghttp2));
}

static enum tcp_verdict work(void *session, enum qs_close_reason *reason)
{
	struct h2_server *h2 = session;

	/* Nobody reads HTTP/2 who does not write it. */
	if (h2->input_ended && h2->streams) {
		*reason = QS_CLOSE_peer_error;
		return TCP_ABORT;
	}
	if (!is_done(h2))
		return TCP_GO_ON;
	*reason = h2->reason;
	/* nghttp2 itself ended it, for what the client has done. */
	if (h2->reason == QS_CLOSE_peer_done && !h2->input_ended &&
	    !h2->goaway_ns)
		*reason = QS_CLOSE_application_error;
	else if (h2->reason == QS_CLOSE_peer_done && h2->goaway_ns)
		*reason = QS_CLOSE_drained;
	return TCP_END;
}

static size_t output(void *session, uint8_t *data, size_t size)
{
	struct h2_server *h2 = session;
	size_t done = 0;

	while (done < size) {
		size_t n;

		if (!h2->piece_size) {
			ssize_t got = nghttp2_session_mem_send(h2->nghttp2,
							       &h2->piece);

			if (got <= 0) {
				if (got < 0)
					fail(h2, (int)got);
				break;
			}
			h2->piece_size = (size_t)got;
		}
		n = h2->piece_size < size - done ? h2->piece_size : size - done;
		memcpy(data + done, h2->piece, n);
		done += n;
		h2->piece += n;
		h2->piece_size -= n;
	}
	return done;
}

static void drain(void *session)
{
	struct h2_server *h2 = session;

	if (h2->goaway_ns)
		return;
	h2->goaway_ns = uv_hrtime();
	nghttp2_submit_shutdown_notice(h2->nghttp2);
	tcp_conn_mark(h2->conn);
}

static void send_last_goaway(struct h2_server *h2)
{
	h2->goaway_last = true;
	nghttp2_submit_goaway(
		h2->nghttp2, NGHTTP2_FLAG_NONE,
		nghttp2_session_get_last_proc_stream_id(h2->nghttp2),
		NGHTTP2_NO_ERROR, NULL, 0);
	tcp_conn_mark(h2->conn);
}

/* Whether the client keeps the stream waiting, not the backend. */
static bool waits_for_client(const struct h2_stream *stream)
{
	struct iovec piece;

	if (!stream->exchange)
		return true;
	if (!stream->ended &&
	    exchange_request_held(stream->exchange) < EXCHANGE_REQUEST_WINDOW)
		return true;
	return exchange_peek(stream->exchange, &piece, 1) > 0;
}

static void end_slow_streams(struct h2_server *h2, uint64_t now_ns)
{
	const struct tcp_options *options = &h2->conn->tcp->options;
	struct h2_stream *stream;

	DL_FOREACH (h2->streams, stream) {
		uint64_t limit_ns = stream->head_done
					    ? options->idle_timeout_ns
					    : options->header_timeout_ns;

		if (stream->refused || now_ns - stream->last_ns < limit_ns ||
		    !waits_for_client(stream))
			continue;
		/* A field section stands in everybody's way. */
		if (!stream->head_done) {
			h2->reason = h2->conn->reason = QS_CLOSE_slow;
			nghttp2_session_terminate_session(
				h2->nghttp2, NGHTTP2_ENHANCE_YOUR_CALM);
			tcp_conn_mark(h2->conn);
			return;
		}
		h2_stream_cancel(stream);
		h2_stream_refuse(stream, NGHTTP2_ENHANCE_YOUR_CALM);
	}
}

static void step(void *session, uint64_t now_ns, uint64_t last_ns)
{
	struct h2_server *h2 = session;
	const struct tcp_options *options = &h2->conn->tcp->options;

	end_slow_streams(h2, now_ns);
	if (h2->goaway_ns && !h2->goaway_last &&
	    now_ns - h2->goaway_ns >= NOTICE_NS)
		send_last_goaway(h2);
	if (!h2->streams && now_ns - last_ns >= options->idle_timeout_ns &&
	    h2->reason == QS_CLOSE_peer_done) {
		h2->reason = QS_CLOSE_idle;
		nghttp2_session_terminate_session(h2->nghttp2,
						  NGHTTP2_NO_ERROR);
		tcp_conn_mark(h2->conn);
	}
}

const struct tcp_protocol h2_server = {
	.new = new_session,
	.free = free_session,
	.input = input,
	.input_end = input_end,
	.wants_input = wants_input,
	.work = work,
	.output = output,
	.drain = drain,
	.step = step,
};
