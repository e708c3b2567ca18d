/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/listing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <utlist.h>

#include "terminator/conn.h"
#include "terminator/h2_server.h"
#include "terminator/h3.h"
#include "terminator/quic.h"
#include "terminator/tcp_conn.h"

enum {
	MOST_AT_ONCE = 16, /* listings; more are asked for by nobody */
	MOST_CIDS = 16,
	WRITES_A_TURN = 8, /* of PIPE_BUF octets each */
	MOST_LINE = 1536,
};

_Static_assert(MOST_LINE <= PIPE_BUF, "a line must not mix with others");

struct listing {
	struct quic *quic;
	const char *name;
	int fd;
	uv_poll_t poll;
	const struct conn *next; /* the connection to be listed next; then: */
	const struct tcp_conn *next_tcp;
	char text[PIPE_BUF]; /* lines that are not written yet */
	size_t size;
	struct listing *prev, *after;
};

/* A line that is being written. */
struct line {
	char text[MOST_LINE];
	size_t size;
};

__attribute__((format(printf, 2, 3))) static void
append(struct line *line, const char *format, ...)
{
	va_list arguments;
	int size;

	va_start(arguments, format);
	size = vsnprintf(line->text + line->size,
			 sizeof(line->text) - line->size, format, arguments);
	va_end(arguments);
	/* Never cut: see MOST_LINE. */
	line->size += (size_t)size;
}

static const char *state_name(const struct conn *conn)
{
	if (!conn->handshake_done)
		return "handshake";
	return conn->goaway == GOAWAY_NONE ? "open" : "goaway";
}

static void append_peer(struct line *line, const union udp_address *peer)
{
	char text[INET6_ADDRSTRLEN];
	uint16_t port = peer->any.sa_family == AF_INET6 ? peer->v6.sin6_port
							: peer->v4.sin_port;

	udp_address_text(peer, text);
	append(line,
	       strchr(text, ':') ? "\"peer\":\"[%s]:%u\""
				 : "\"peer\":\"%s:%u\"",
	       text, ntohs(port));
}

static void append_cids(struct line *line, const struct conn *conn)
{
	const struct cid_entry *entry;
	size_t i, count = 0;

	append(line, "\"cids\":[");
	DL_FOREACH (conn->cids, entry) {
		if (count == MOST_CIDS)
			break;
		append(line, count++ ? ",\"" : "\"");
		for (i = 0; i < entry->cid.datalen; i++)
			append(line, "%02x", entry->cid.data[i]);
		append(line, "\"");
	}
	append(line, "]");
}

static void make_line(struct line *line, const char *name,
		      const struct conn *conn)
{
	double age_s = (double)(uv_hrtime() - conn->began_ns) / NGTCP2_SECONDS;
	ngtcp2_conn_info info;

	ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
	line->size = 0;
	append(line, "{\"terminator\":\"%s\",", name);
	append_peer(line, (const union udp_address *)ngtcp2_conn_get_path(
				  conn->ngtcp2)
				  ->remote.addr);
	append(line,
	       ",\"age_s\":%.3f,\"streams\":%zu,\"bytes_received\":%llu,"
	       "\"bytes_sent\":%llu,\"rtt_ms\":%.3f,",
	       age_s, conn->h3 ? h3_request_count(conn->h3) : 0,
	       (unsigned long long)conn->bytes_received,
	       (unsigned long long)conn->bytes_sent,
	       (double)info.smoothed_rtt / NGTCP2_MILLISECONDS);
	append_cids(line, conn);
	append(line,
	       ",\"state\":\"%s\",\"version\":%u,\"protocol\":\"h3\","
	       "\"requests\":%llu,\"tls\":\"1.3\"}\n",
	       state_name(conn),
	       ngtcp2_conn_get_client_chosen_version(conn->ngtcp2) ==
			       NGTCP2_PROTO_VER_V2
		       ? 2
		       : 1,
	       (unsigned long long)conn->requests);
}

static double rtt_ms(const struct tcp_conn *conn)
{
	struct tcp_info info = {};
	socklen_t size = sizeof(info);

	getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &size);
	return info.tcpi_rtt / 1000.0;
}

static void make_tcp_line(struct line *line, const char *name,
			  const struct tcp_conn *conn)
{
	double age_s = (double)(uv_hrtime() - conn->began_ns) / 1e9;
	struct tcp_count count = {};

	if (conn->session)
		conn->protocol->count(conn->session, &count);
	line->size = 0;
	append(line, "{\"terminator\":\"%s\",", name);
	append_peer(line, &conn->peer);
	append(line,
	       ",\"age_s\":%.3f,\"streams\":%zu,\"bytes_received\":%llu,"
	       "\"bytes_sent\":%llu,\"rtt_ms\":%.3f,\"cids\":[],"
	       "\"state\":\"%s\",\"version\":null,",
	       age_s, count.open, (unsigned long long)conn->bytes_received,
	       (unsigned long long)conn->bytes_sent, rtt_ms(conn),
	       conn->state < TCP_OPEN ? "handshake" : "open");
	append(line, conn->session ? "\"protocol\":\"%s\"," : "%s",
	       !conn->session		      ? "\"protocol\":null,"
	       : conn->protocol == &h2_server ? "h2"
					      : "h1");
	append(line, "\"requests\":%llu,", (unsigned long long)count.all);
	append(line, conn->tls ? "\"tls\":\"%s\"}\n" : "%s}\n",
	       conn->tls ? stream_tls_version(conn->tls) : "\"tls\":null");
}

static void on_closed(uv_handle_t *handle)
{
	struct listing *listing = handle->data;

	close(listing->fd);
	free(listing);
}

static void stop(struct listing *listing)
{
	DL_DELETE2(listing->quic->listings, listing, prev, after);
	uv_close((uv_handle_t *)&listing->poll, on_closed);
}

static void keep(struct listing *listing, const struct line *line)
{
	memcpy(listing->text + listing->size, line->text, line->size);
	listing->size += line->size;
}

static void fill(struct listing *listing)
{
	struct line line;

	while (listing->next &&
	       listing->size + MOST_LINE <= sizeof(listing->text)) {
		const struct conn *conn = listing->next;

		listing->next = conn->next;
		if (conn->state != CONN_ACTIVE)
			continue;
		make_line(&line, listing->name, conn);
		keep(listing, &line);
	}
	while (!listing->next && listing->next_tcp &&
	       listing->size + MOST_LINE <= sizeof(listing->text)) {
		const struct tcp_conn *conn = listing->next_tcp;

		listing->next_tcp = conn->next;
		if (conn->state == TCP_ENDING)
			continue;
		make_tcp_line(&line, listing->name, conn);
		keep(listing, &line);
	}
}

static void on_writable(uv_poll_t *poll, int status, int events)
{
	struct listing *listing = poll->data;
	int i;

	(void)status;
	(void)events;
	for (i = 0; i < WRITES_A_TURN; i++) {
		fill(listing);
		if (!listing->size) {
			stop(listing);
			return;
		}
		/* At most PIPE_BUF: all of it, or nothing. */
		if (write(listing->fd, listing->text, listing->size) < 0) {
			if (errno != EAGAIN && errno != EINTR)
				stop(listing); /* the reader is gone */
			return;
		}
		listing->size = 0;
	}
}

static int watch(struct listing *listing)
{
	int err =
		uv_poll_init(listing->quic->loop, &listing->poll, listing->fd);

	if (err)
		return err;
	listing->poll.data = listing;
	DL_APPEND2(listing->quic->listings, listing, prev, after);
	err = uv_poll_start(&listing->poll, UV_WRITABLE, on_writable);
	if (err)
		stop(listing);
	return err;
}

int listing_start(struct quic *quic, const struct tcp *tcp, const char *name,
		  int fd)
{
	struct listing *listing;
	int count, err;

	DL_COUNT2(quic->listings, listing, count, after);
	listing = count < MOST_AT_ONCE ? calloc(1, sizeof(*listing)) : NULL;
	if (!listing) {
		close(fd);
		return count < MOST_AT_ONCE ? -ENOMEM : -EBUSY;
	}
	listing->quic = quic;
	listing->name = name;
	listing->fd = fd;
	listing->next = quic->conns;
	listing->next_tcp = tcp->conns;
	err = watch(listing);
	if (err && !listing->poll.data) {
		close(fd);
		free(listing);
	}
	return err;
}

void listings_skip(struct listing *listings, const struct conn *conn)
{
	struct listing *listing;

	DL_FOREACH2(listings, listing, after)
	if (listing->next == conn)
		listing->next = conn->next;
}

void listings_skip_tcp(struct listing *listings, const struct tcp_conn *conn)
{
	struct listing *listing;

	DL_FOREACH2(listings, listing, after)
	if (listing->next_tcp == conn)
		listing->next_tcp = conn->next;
}

void listings_close(struct listing *listings)
{
	struct listing *listing, *after;

	DL_FOREACH_SAFE2(listings, listing, after, after)
	stop(listing);
}
