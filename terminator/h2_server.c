/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "terminator/drain.h"
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
	limits_unwatch(&stream->sender);
	if (error_code == NGHTTP2_PROTOCOL_ERROR)
		h2->conn->tcp->stats->counters.requests_malformed++;
	h2->conn->tcp->stats->counters.streams_reset_by_us++;
	nghttp2_submit_rst_stream(h2->nghttp2, NGHTTP2_FLAG_NONE, stream->id,
				  error_code);
	/* What fails here is not the client's. */
	if (error_code != NGHTTP2_INTERNAL_ERROR)
		h2_spend(h2, QS_COUNTER_flood_resets);
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
	limits_unwatch(&stream->sender);
}

static void free_stream(struct h2_stream *stream)
{
	h2_stream_cancel(stream);
	limits_unwatch(&stream->sender);
	field_section_free(&stream->fields);
	DL_DELETE(stream->h2->streams, stream);
	free(stream);
}

static void closed_by_client(const struct h2_stream *stream)
{
	struct h2_server *h2 = stream->h2;

	h2->conn->tcp->stats->counters.streams_reset_by_client++;
	/* nghttp2 did it, for what the client sent. */
	if (!stream->reset)
		h2_spend(h2, QS_COUNTER_flood_resets);
}

/* nghttp2 answers it by itself, as it does requests over the limit of those
 * that are under way. */
static int on_invalid_frame(nghttp2_session *nghttp2,
			    const nghttp2_frame *frame, int error, void *user)
{
	(void)nghttp2;
	(void)frame;
	(void)error;
	h2_spend(user, QS_COUNTER_flood_resets);
	return 0;
}

static int on_stream_close(nghttp2_session *nghttp2, int32_t id,
			   uint32_t error_code, void *user)
{
	struct h2_stream *stream =
		nghttp2_session_get_stream_user_data(nghttp2, id);

	(void)user;
	if (!stream)
		return 0;
	if (error_code != NGHTTP2_NO_ERROR && !stream->refused)
		closed_by_client(stream);
	free_stream(stream);
	return 0;
}

void h2_flooded(struct h2_server *h2, enum qs_terminator_counter kind)
{
	if (h2->reason == QS_CLOSE_flood)
		return;
	h2->conn->tcp->stats->counter[kind]++;
	h2->reason = h2->conn->reason = QS_CLOSE_flood;
	nghttp2_session_terminate_session(h2->nghttp2,
					  NGHTTP2_ENHANCE_YOUR_CALM);
}

void h2_spend(struct h2_server *h2, enum qs_terminator_counter kind)
{
	if (!frame_budget_spend(&h2->budget, 1, uv_hrtime()))
		h2_flooded(h2, kind);
}

/* A field section that does not end stands in everybody's way. */
static void on_slow_header(void *user)
{
	struct h2_stream *stream = user;
	struct h2_server *h2 = stream->h2;

	h2->reason = h2->conn->reason = QS_CLOSE_slow;
	nghttp2_session_terminate_session(h2->nghttp2,
					  NGHTTP2_ENHANCE_YOUR_CALM);
	tcp_conn_mark(h2->conn);
}

static bool on_slow_body(void *user)
{
	struct h2_stream *stream = user;

	return exchange_sender_is_slow(stream->exchange);
}

void h2_watch_sender(struct h2_stream *stream)
{
	stream->sender.user = stream;
	stream->sender.slow_header = on_slow_header;
	stream->sender.slow_body = on_slow_body;
	limits_watch_header(stream->h2->conn->tcp->limits, &stream->sender);
}

/* What comes of a request behind the whole response is of no use (RFC 9113,
 * 8.1). */
static int on_frame_sent(nghttp2_session *nghttp2, const nghttp2_frame *frame,
			 void *user)
{
	const struct h2_stream *stream;

	(void)user;
	if ((frame->hd.type != NGHTTP2_DATA &&
	     frame->hd.type != NGHTTP2_HEADERS) ||
	    !(frame->hd.flags & NGHTTP2_FLAG_END_STREAM))
		return 0;
	stream = nghttp2_session_get_stream_user_data(nghttp2,
						      frame->hd.stream_id);
	if (stream && !stream->ended && !stream->refused)
		nghttp2_submit_rst_stream(nghttp2, NGHTTP2_FLAG_NONE,
					  frame->hd.stream_id,
					  NGHTTP2_NO_ERROR);
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
	nghttp2_session_callbacks_set_on_frame_send_callback(callbacks,
							     on_frame_sent);
	nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(
		callbacks, on_invalid_frame);
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
	const struct qs_config_limits *limits = &h2->conn->tcp->limits->options;
	const nghttp2_settings_entry settings[] = {
		{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, limits->streams},
		{NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, EXCHANGE_REQUEST_WINDOW},
		{NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, limits->header_size},
		/* RFC 8441 */
		{NGHTTP2_SETTINGS_ENABLE_CONNECT_PROTOCOL, 1},
	};
	int rv = nghttp2_submit_settings(h2->nghttp2, NGHTTP2_FLAG_NONE,
					 settings,
					 sizeof(settings) / sizeof(*settings));

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
	h2->begun_ns = uv_hrtime();
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
	h2->reason = error == NGHTTP2_ERR_FLOODED ||
				     error == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS
			     ? QS_CLOSE_flood
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
		else if (n == NGHTTP2_ERR_FLOODED ||
			 n == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS)
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

void h2_drain(struct h2_server *h2)
{
	if (h2->goaway_ns)
		return;
	h2->goaway_ns = uv_hrtime();
	nghttp2_submit_shutdown_notice(h2->nghttp2);
	tcp_conn_mark(h2->conn);
}

/* step() does, once it is time. */
static void drain(void *session)
{
	struct h2_server *h2 = session;

	if (h2->requests || uv_hrtime() - h2->begun_ns >= DRAIN_UNUSED_NS)
		h2_drain(h2);
}

static bool going_away(void *session)
{
	struct h2_server *h2 = session;
	struct h2_stream *stream;
	bool any = false;

	DL_FOREACH (h2->streams, stream)
		any |= stream->exchange && !stream->refused &&
		       exchange_going_away(stream->exchange);
	return any;
}

/* Streams have an end of their own. */
static bool may_end(void *session)
{
	(void)session;
	return true;
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

/* Responses that the client asked for and gives no window to. */
static void end_unread_streams(struct h2_server *h2, uint64_t now_ns)
{
	uint64_t limit_ns = h2->conn->tcp->options.idle_timeout_ns;
	struct h2_stream *stream;
	struct iovec piece;

	DL_FOREACH (h2->streams, stream) {
		if (stream->refused || !stream->exchange ||
		    now_ns - stream->last_ns < limit_ns ||
		    !exchange_peek(stream->exchange, &piece, 1))
			continue;
		h2->conn->tcp->stats->counters.limit_unread++;
		h2_stream_cancel(stream);
		h2_stream_refuse(stream, NGHTTP2_ENHANCE_YOUR_CALM);
	}
}

static void step(void *session, uint64_t now_ns, uint64_t last_ns)
{
	struct h2_server *h2 = session;
	const struct tcp_options *options = &h2->conn->tcp->options;

	end_unread_streams(h2, now_ns);
	if (h2->conn->tcp->draining)
		drain(h2);
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

static void count(const void *session, struct tcp_count *count)
{
	const struct h2_server *h2 = session;
	const struct h2_stream *stream;

	DL_COUNT(h2->streams, stream, count->open);
	count->all = h2->requests;
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
	.going_away = going_away,
	.may_end = may_end,
	.count = count,
	.step = step,
};
