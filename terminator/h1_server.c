/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "terminator/drain.h"
#include "terminator/h1_server_private.h"

/* In a drain the next request is told that it is the last; a connection that
 * has none for so long is closed. Sooner, more clients would send one while the
 * end is under way to them. The first has longer: DRAIN_UNUSED_NS. */
#define DRAIN_IDLE_NS (1000 * UINT64_C(1000000))

static void on_slow_header(void *user)
{
	struct h1_server *h1 = user;

	h1->reason = QS_CLOSE_slow;
	h1_response_own(h1, 408, NULL);
}

static bool on_slow_body(void *user)
{
	struct h1_server *h1 = user;
	bool closing = h1->closing;

	h1->closing = true; /* the response is to say so */
	if (!exchange_sender_is_slow(h1->exchange)) {
		h1->closing = closing;
		return false;
	}
	h1->reason = QS_CLOSE_slow;
	tcp_conn_mark(h1->conn);
	return true;
}

static void *new_session(struct tcp_conn *conn)
{
	struct h1_server *h1 = calloc(1, sizeof(*h1));

	if (!h1)
		return NULL;
	h1->conn = conn;
	h1->reason = QS_CLOSE_peer_done;
	h1->sender.user = h1;
	h1->sender.slow_header = on_slow_header;
	h1->sender.slow_body = on_slow_body;
	h1_request_init(h1);
	return h1;
}

static void free_session(void *session)
{
	struct h1_server *h1 = session;

	if (h1->exchange)
		exchange_free(h1->exchange);
	text_free(&h1->unread);
	text_free(&h1->method);
	text_free(&h1->target);
	text_free(&h1->name);
	text_free(&h1->value);
	text_free(&h1->out);
	field_list_free(&h1->fields);
	limits_unwatch(&h1->sender);
	free(h1);
}

static size_t unread_size(const struct h1_server *h1)
{
	return h1->unread.size - h1->unread_at;
}

/* Has the parser take what it may. Returns how many octets it took. */
static size_t parse(struct h1_server *h1, const char *data, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t n = h1_request_room(h1);

		if (!n)
			break;
		if (n > size - done)
			n = size - done;
		done += h1_request_feed(h1, data + done, n);
	}
	/* What stands behind an error is nothing. */
	return h1->failed ? size : done;
}

static void input(void *session, const uint8_t *data, size_t size)
{
	struct h1_server *h1 = session;
	size_t done = parse(h1, (const char *)data, size);

	text_add(&h1->unread, data + done, size - done);
	if (h1->unread.failed) {
		h1->broken = true;
		h1->reason = QS_CLOSE_internal;
	}
}

static void input_end(void *session)
{
	((struct h1_server *)session)->input_ended = true;
}

static bool wants_input(void *session)
{
	const struct h1_server *h1 = session;

	return !unread_size(h1) && !h1->input_ended && h1_request_room(h1);
}

/* The response is out, but the body still comes: a little of it is awaited, so
 * that the connection can go on. */
static bool awaits_rest(const struct h1_server *h1)
{
	return !h1->request_done && !h1->closing && !h1->input_ended &&
	       !h1_request_rest_is_long(h1);
}

static bool is_out(const struct h1_server *h1)
{
	return !h1->out.size;
}

static enum tcp_verdict end(const struct h1_server *h1,
			    enum qs_close_reason *reason)
{
	*reason = h1->reason;
	if (h1->reason == QS_CLOSE_peer_done && h1->failed)
		*reason = QS_CLOSE_application_error;
	return TCP_END;
}

static void parse_unread(struct h1_server *h1)
{
	if (!unread_size(h1))
		return;
	h1->unread_at +=
		parse(h1, h1->unread.data + h1->unread_at, unread_size(h1));
	if (!unread_size(h1)) {
		text_clear(&h1->unread);
		h1->unread_at = 0;
	}
}

static enum tcp_verdict abort_session(const struct h1_server *h1,
				      enum qs_close_reason *reason)
{
	*reason = h1->reason == QS_CLOSE_peer_done ? QS_CLOSE_internal
						   : h1->reason;
	return TCP_ABORT;
}

static enum tcp_verdict work(void *session, enum qs_close_reason *reason)
{
	struct h1_server *h1 = session;

	parse_unread(h1);
	if (h1->tunnel_open && h1->input_ended && !unread_size(h1))
		h1_tunnel_end(h1);
	while (h1->response_done && is_out(h1) && h1->exchange && !h1->broken) {
		if (h1->closing || h1->failed)
			return end(h1, reason);
		if (awaits_rest(h1))
			break;
		if (!h1->request_done)
			return end(h1, reason);
		h1_request_next(h1);
		parse_unread(h1);
	}
	if (h1->broken || h1->out.failed)
		return abort_session(h1, reason);
	if (h1->failed || h1->given_up)
		return is_out(h1) ? end(h1, reason) : TCP_GO_ON;
	if (h1->input_ended && h1->exchange && !h1->request_done) {
		h1->conn->tcp->stats->counters.streams_reset_by_client++;
		*reason = QS_CLOSE_peer_error;
		return TCP_ABORT;
	}
	if (!h1->exchange && is_out(h1) && h1->input_ended)
		return end(h1, reason);
	return TCP_GO_ON;
}

static size_t output(void *session, uint8_t *data, size_t size)
{
	return h1_response_output(session, data, size);
}

static void drain(void *session)
{
	struct h1_server *h1 = session;

	h1->draining = true;
	tcp_conn_mark(h1->conn);
}

static bool going_away(void *session)
{
	struct h1_server *h1 = session;

	return h1->exchange && exchange_going_away(h1->exchange);
}

/* WebSockets have an end of their own (RFC 6455, 7.1.5). */
static bool may_end(void *session)
{
	const struct h1_server *h1 = session;

	return h1->tunnel_open;
}

static void give_up(struct h1_server *h1, enum qs_close_reason reason)
{
	h1->reason = reason;
	h1->given_up = true;
	tcp_conn_mark(h1->conn);
}

static void step(void *session, uint64_t now_ns, uint64_t last_ns)
{
	struct h1_server *h1 = session;
	const struct tcp_options *options = &h1->conn->tcp->options;
	bool silent = now_ns - last_ns >= options->idle_timeout_ns;
	uint64_t patience_ns = h1->requests ? DRAIN_IDLE_NS : DRAIN_UNUSED_NS;

	if (h1->failed || h1->broken)
		return;
	if (h1->exchange || h1->in_head)
		return;
	if (silent)
		give_up(h1, QS_CLOSE_idle);
	else if (h1->draining && now_ns - last_ns >= patience_ns)
		give_up(h1, QS_CLOSE_drained);
}

static void count(const void *session, struct tcp_count *count)
{
	const struct h1_server *h1 = session;

	count->open = h1->exchange ? 1 : 0;
	count->all = h1->requests;
}

const struct tcp_protocol h1_server = {
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
