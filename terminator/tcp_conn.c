/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/tcp_conn.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utlist.h>

#include "quicsteer/measure.h"
#include "terminator/h1_server.h"
#include "terminator/h2_server.h"
#include "terminator/listing.h"

enum {
	READS_A_TURN = 4,   /* others want their turn */
	TLS_HANDSHAKE = 22, /* content type, RFC 8446, 5.1 */
};

/* What the client still sends must not make the kernel answer with RST, which
 * would take away what is unread: it is awaited for so long after each of it,
 * and for so long in all. */
#define LINGER_NS (1000 * UINT64_C(1000000))
#define LINGER_MOST_NS (10 * LINGER_NS)

static struct qs_terminator_stats *stats_of(const struct tcp_conn *conn)
{
	return conn->tcp->stats;
}

static void on_closed(uv_handle_t *handle)
{
	struct tcp_conn *conn = handle->data;

	close(conn->fd);
	free(conn);
}

void tcp_conn_free(struct tcp_conn *conn, enum qs_close_reason reason)
{
	struct tcp *tcp = conn->tcp;

	if (conn->session)
		conn->protocol->free(conn->session);
	conn->session = NULL;
	if (conn->tls)
		stream_tls_free(conn->tls);
	free(conn->out);
	if (conn->marked)
		LL_DELETE2(tcp->dirty, conn, next_dirty);
	listings_skip_tcp(*tcp->listings, conn);
	DL_DELETE(tcp->conns, conn);
	limits_drop_connection(conn->client);
	stats_of(conn)->counters.connections_closed++;
	stats_of(conn)->close[reason]++;
	stats_of(conn)->gauges.connections_open--;
	if (conn->state < TCP_OPEN)
		stats_of(conn)->counters.handshakes_failed++;
	uv_close((uv_handle_t *)&conn->poll, on_closed);
}

/* So that nobody takes a part for the whole, TCP must not end well. */
static void abort_conn(struct tcp_conn *conn, enum qs_close_reason reason)
{
	struct linger linger = {.l_onoff = 1};

	setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger));
	tcp_conn_free(conn, reason);
}

void tcp_conn_mark(struct tcp_conn *conn)
{
	if (conn->marked)
		return;
	conn->marked = true;
	LL_PREPEND2(conn->tcp->dirty, conn, next_dirty);
}

/* Reading and writing, with TLS or without; results as of stream_tls.h */

static ssize_t read_some(struct tcp_conn *conn, void *data, size_t size)
{
	ssize_t n;

	if (conn->tls)
		return stream_tls_read(conn->tls, data, size);
	n = recv(conn->fd, data, size, 0);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? -EAGAIN : -ECONNRESET;
}

static ssize_t write_some(struct tcp_conn *conn, const void *data, size_t size)
{
	ssize_t n;

	if (conn->tls)
		return stream_tls_write(conn->tls, data, size);
	n = send(conn->fd, data, size, MSG_NOSIGNAL);
	if (n >= 0)
		return n;
	return errno == EAGAIN || errno == EINTR ? -EINPROGRESS : -ECONNRESET;
}

/* Ends it after a failure of the socket or of TLS. */
static void fail(struct tcp_conn *conn, ssize_t error)
{
	if (error == -EPROTO)
		tcp_conn_free(conn, QS_CLOSE_crypto_error);
	else
		tcp_conn_free(conn, conn->reason);
}

static bool begin_protocol(struct tcp_conn *conn,
			   const struct tcp_protocol *protocol)
{
	conn->protocol = protocol;
	conn->session = protocol->new (conn);
	if (!conn->session) {
		tcp_conn_free(conn, QS_CLOSE_internal);
		return false;
	}
	conn->state = TCP_OPEN;
	conn->last_ns = uv_hrtime();
	if (protocol == &h2_server)
		stats_of(conn)->counters.connections_h2++;
	else
		stats_of(conn)->counters.connections_h1++;
	if (conn->tcp->draining)
		protocol->drain(conn->session);
	return true;
}

/* Looks at the first octet without taking it. Returns whether to go on. */
static bool begin(struct tcp_conn *conn)
{
	uint8_t first;
	ssize_t n = recv(conn->fd, &first, 1, MSG_PEEK);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		tcp_conn_free(conn,
			      n ? QS_CLOSE_peer_error : QS_CLOSE_peer_done);
		return false;
	}
	if (first >= 'A' && first <= 'Z') {
		conn->misplaced = true;
		return begin_protocol(conn, &h1_server);
	}
	conn->tls = stream_tls_new(conn->tcp->tls, conn->fd);
	if (!conn->tls) {
		tcp_conn_free(conn, QS_CLOSE_internal);
		return false;
	}
	conn->state = TCP_HANDSHAKE;
	return true;
}

static bool handshake(struct tcp_conn *conn)
{
	struct qs_terminator_stats *stats = stats_of(conn);
	int result = stream_tls_handshake(conn->tls);

	conn->want_writable = result == -EINPROGRESS;
	if (result == -EAGAIN || result == -EINPROGRESS)
		return false;
	if (result) {
		fail(conn, result);
		return false;
	}
	stats->counters.handshakes_completed++;
	qs_histogram_add(&stats->histogram[QS_HISTOGRAM_handshake],
			 (uv_hrtime() - conn->began_ns) / 1000);
	if (stream_tls_is_resumed(conn->tls))
		stats->counters.sessions_resumed++;
	return begin_protocol(conn, stream_tls_is_h2(conn->tls) ? &h2_server
								: &h1_server);
}

static void end_input(struct tcp_conn *conn)
{
	conn->input_ended = true;
	conn->protocol->input_end(conn->session);
}

/* Returns false if the connection is gone. */
static bool read_input(struct tcp_conn *conn)
{
	int i;

	for (i = 0; i < READS_A_TURN; i++) {
		ssize_t n;

		if (conn->input_ended ||
		    !conn->protocol->wants_input(conn->session))
			return true;
		n = read_some(conn, conn->tcp->in, TCP_IN_SIZE);
		if (n == -EAGAIN)
			return true;
		if (n == -EINPROGRESS) {
			conn->want_writable = true;
			return true;
		}
		if (n < 0) {
			fail(conn, n);
			return false;
		}
		if (n == 0) {
			end_input(conn);
			return true;
		}
		conn->last_ns = uv_hrtime();
		conn->bytes_received += (uint64_t)n;
		conn->protocol->input(conn->session, conn->tcp->in, (size_t)n);
		/* Replies come first when the client sends without end. */
	}
	tcp_conn_mark(conn);
	return true;
}

static bool fill(struct tcp_conn *conn)
{
	if (!conn->out)
		conn->out = malloc(TCP_OUT_SIZE);
	if (!conn->out) {
		tcp_conn_free(conn, QS_CLOSE_internal);
		return false;
	}
	conn->out_at = 0;
	conn->out_size =
		conn->protocol->output(conn->session, conn->out, TCP_OUT_SIZE);
	return true;
}

/* Writes until there is nothing, or the socket takes no more. Returns false if
 * the connection is gone. */
static bool write_output(struct tcp_conn *conn)
{
	int turn;

	for (turn = 0; turn < 8; turn++) {
		ssize_t n;

		if (conn->out_at == conn->out_size && !fill(conn))
			return false;
		if (!conn->out_size) {
			free(conn->out);
			conn->out = NULL;
			return true;
		}
		n = write_some(conn, conn->out + conn->out_at,
			       conn->out_size - conn->out_at);
		if (n == -EINPROGRESS || n == -EAGAIN) {
			conn->want_writable = true;
			return true;
		}
		if (n < 0) {
			fail(conn, n);
			return false;
		}
		conn->last_ns = uv_hrtime();
		conn->out_at += (size_t)n;
		conn->bytes_sent += (uint64_t)n;
	}
	tcp_conn_mark(conn);
	return true;
}

void tcp_conn_leave(struct tcp_conn *conn, enum qs_close_reason reason)
{
	if (conn->session && conn->protocol->going_away(conn->session) &&
	    !write_output(conn))
		return;
	if (conn->tls && conn->session &&
	    conn->protocol->may_end(conn->session))
		stream_tls_end(conn->tls);
	tcp_conn_free(conn, reason);
}

/* All is said: the client's end is awaited for a moment. */
static void begin_end(struct tcp_conn *conn, enum qs_close_reason reason)
{
	if (conn->tls)
		stream_tls_end(conn->tls);
	conn->protocol->free(conn->session);
	conn->session = NULL;
	shutdown(conn->fd, SHUT_WR);
	conn->state = TCP_ENDING;
	conn->reason = reason;
	conn->last_ns = conn->ending_ns = uv_hrtime();
	conn->want_writable = false;
}

/* Drops what comes. */
static bool run_ending(struct tcp_conn *conn)
{
	ssize_t n;
	int i;

	for (i = 0; i < READS_A_TURN; i++) {
		n = conn->input_ended
			    ? 0
			    : recv(conn->fd, conn->tcp->in, TCP_IN_SIZE, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0) {
			tcp_conn_free(conn, conn->reason);
			return false;
		}
		conn->last_ns = uv_hrtime();
	}
	return true;
}

static bool run_open(struct tcp_conn *conn)
{
	enum qs_close_reason reason = QS_CLOSE_peer_done;
	enum tcp_verdict verdict;

	conn->want_writable = false;
	if (!read_input(conn))
		return false;
	verdict = conn->protocol->work(conn->session, &reason);
	if (verdict == TCP_ABORT) {
		abort_conn(conn, reason);
		return false;
	}
	if (!write_output(conn))
		return false;
	/* What was written may have been the last of it. */
	if (verdict == TCP_GO_ON)
		verdict = conn->protocol->work(conn->session, &reason);
	if (verdict == TCP_ABORT) {
		abort_conn(conn, reason);
		return false;
	}
	if (verdict == TCP_END && !conn->out) {
		begin_end(conn, reason);
		return run_ending(conn);
	}
	return true;
}

static void on_event(uv_poll_t *poll, int status, int events);

static void watch(struct tcp_conn *conn)
{
	bool input = conn->state == TCP_ENDING || conn->state < TCP_OPEN ||
		     (!conn->input_ended &&
		      conn->protocol->wants_input(conn->session));
	int events = input ? UV_READABLE : 0;

	if (!conn->gone_half && !conn->input_ended)
		events |= UV_DISCONNECT;
	if (conn->want_writable)
		events |= UV_WRITABLE;
	if (events == conn->polled)
		return;
	conn->polled = events;
	if (events)
		uv_poll_start(&conn->poll, events, on_event);
	else
		uv_poll_stop(&conn->poll);
}

void tcp_conn_run(struct tcp_conn *conn)
{
	if (conn->state == TCP_FIRST && !begin(conn)) {
		if (uv_is_closing((uv_handle_t *)&conn->poll))
			return;
		watch(conn);
		return;
	}
	if (uv_is_closing((uv_handle_t *)&conn->poll))
		return;
	if (conn->state == TCP_HANDSHAKE && !handshake(conn)) {
		if (!uv_is_closing((uv_handle_t *)&conn->poll))
			watch(conn);
		return;
	}
	if (conn->state == TCP_OPEN ? !run_open(conn) : !run_ending(conn))
		return;
	/* What TLS has read already the socket does not show any more. */
	if (conn->state == TCP_OPEN && conn->tls &&
	    stream_tls_pending(conn->tls) &&
	    conn->protocol->wants_input(conn->session))
		tcp_conn_mark(conn);
	watch(conn);
}

static void on_event(uv_poll_t *poll, int status, int events)
{
	struct tcp_conn *conn = poll->data;

	if (status < 0) {
		tcp_conn_free(conn, conn->reason);
		return;
	}
	if (events & UV_DISCONNECT)
		conn->gone_half = true;
	tcp_conn_run(conn);
}

static void set_addresses(struct tcp_conn *conn)
{
	socklen_t size = sizeof(conn->peer);

	getpeername(conn->fd, &conn->peer.any, &size);
	size = sizeof(conn->local);
	getsockname(conn->fd, &conn->local.any, &size);
}

bool tcp_conn_new(struct tcp *tcp, int fd, uint32_t kind)
{
	struct tcp_conn *conn = calloc(1, sizeof(*conn));
	int on = 1;

	if (!conn)
		return false;
	conn->fd = fd;
	set_addresses(conn);
	if (!limits_add_connection(tcp->limits, &conn->peer.any,
				   &conn->client)) {
		free(conn);
		close(fd);
		return true;
	}
	if (uv_poll_init(tcp->loop, &conn->poll, fd)) {
		limits_drop_connection(conn->client);
		free(conn);
		return false;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	conn->poll.data = conn;
	conn->tcp = tcp;
	conn->reason = QS_CLOSE_peer_error;
	conn->began_ns = conn->last_ns = uv_hrtime();
	DL_APPEND(tcp->conns, conn);
	tcp->stats->counters.connections_accepted++;
	tcp->stats->gauges.connections_open++;
	if (kind == QS_LISTENER_HTTP && !begin_protocol(conn, &h1_server))
		return true;
	tcp_conn_mark(conn);
	return true;
}

void tcp_conn_drain(struct tcp_conn *conn)
{
	if (conn->session)
		conn->protocol->drain(conn->session);
	tcp_conn_mark(conn);
}

void tcp_conn_step(struct tcp_conn *conn, uint64_t now_ns)
{
	const struct tcp_options *options = &conn->tcp->options;

	switch (conn->state) {
	case TCP_FIRST:
	case TCP_HANDSHAKE:
		if (now_ns - conn->began_ns >= options->handshake_timeout_ns)
			tcp_conn_free(conn, QS_CLOSE_handshake_timeout);
		break;
	case TCP_ENDING:
		if (now_ns - conn->last_ns >= LINGER_NS ||
		    now_ns - conn->ending_ns >= LINGER_MOST_NS)
			tcp_conn_free(conn, conn->reason);
		break;
	case TCP_OPEN:
		/* The socket takes nothing: the client does not read. */
		if (conn->out &&
		    now_ns - conn->last_ns >= options->idle_timeout_ns) {
			abort_conn(conn, QS_CLOSE_slow);
			break;
		}
		conn->protocol->step(conn->session, now_ns, conn->last_ns);
		break;
	}
}
