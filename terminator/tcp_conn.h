/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One TCP connection: socket, TLS if any, and the protocol on top.
 *
 * A connection runs (reads, has its protocol work, writes) only when its socket
 * is ready or from the loop's prepare phase after tcp_conn_mark, so a protocol
 * is never re-entered from inside its exchanges' callbacks.
 */
#ifndef TERMINATOR_TCP_CONN_H
#define TERMINATOR_TCP_CONN_H

#include "terminator/exchange.h"
#include "terminator/stream_tls.h"
#include "terminator/tcp.h"
#include "terminator/udp.h"

/* What a protocol says when it has worked. */
enum tcp_verdict {
	TCP_GO_ON,
	TCP_END,   /* nothing more to be read: close when all is written */
	TCP_ABORT, /* close at once, so that the client sees that it broke */
};

/* Requests of a session. */
struct tcp_count {
	size_t open;
	uint64_t all; /* that were begun */
};

/* HTTP/1.1 or HTTP/2. `session` is what `new` made. */
struct tcp_protocol {
	/* Returns NULL when memory is short. */
	void *(*new)(struct tcp_conn *conn);
	void (*free)(void *session);
	/* Takes all of the octets; they are the shared buffer's. */
	void (*input)(void *session, const uint8_t *data, size_t size);
	/* The client sends nothing more. */
	void (*input_end)(void *session);
	/* Whether it takes more input now. */
	bool (*wants_input)(void *session);
	/* Does what was put off, before each output. `reason` holds when it
	 * does not go on. */
	enum tcp_verdict (*work)(void *session, enum qs_close_reason *reason);
	/* Writes at most `size` octets; returns how many. */
	size_t (*output)(void *session, uint8_t *data, size_t size);
	/* Let it end with what it has. */
	void (*drain)(void *session);
	/* Lets tunnels end well. Returns whether there is output for it. */
	bool (*going_away)(void *session);
	/* Whether the end of TCP is no end of a message. */
	bool (*may_end)(void *session);
	void (*count)(const void *session, struct tcp_count *count);
	/* Looks at its time-outs; `last_ns` is when octets came or went. */
	void (*step)(void *session, uint64_t now_ns, uint64_t last_ns);
};

enum tcp_state {
	TCP_FIRST,     /* TLS or not? The first octet tells */
	TCP_HANDSHAKE, /* TLS */
	TCP_OPEN,
	TCP_ENDING, /* all was said; what the client sends is dropped */
};

struct tcp_conn {
	struct tcp *tcp;
	int fd;
	uv_poll_t poll;
	int polled; /* events */
	enum tcp_state state;
	struct stream_tls *tls; /* NULL: in the clear */
	bool misplaced;		/* plain HTTP came to where TLS is served */
	bool marked;
	bool input_ended;
	bool want_writable; /* TLS, or `out`, waits for the socket */
	bool gone_half;	    /* poll need not tell again */
	const struct tcp_protocol *protocol;
	void *session;
	enum qs_close_reason reason; /* if the socket fails; or TCP_ENDING */
	union udp_address peer, local;
	struct client *client; /* whom the limits count it for */
	uint64_t began_ns;
	uint64_t last_ns;	 /* octets came or went, or the state changed */
	uint64_t bytes_received; /* within TLS, if it is there */
	uint64_t bytes_sent;	 /* likewise */
	uint64_t ending_ns;	 /* when TCP_ENDING began */
	uint8_t *out;		 /* TCP_OUT_SIZE; NULL while nothing waits */
	size_t out_at, out_size;
	struct tcp_conn *prev, *next;
	struct tcp_conn *next_dirty;
};

/* tcp_conn_new serves the socket `fd`, owned on success, that came from a
 * listener of this kind. Returns false when memory is short. */
bool tcp_conn_new(struct tcp *tcp, int fd, uint32_t kind);

/* tcp_conn_free ends it at once; its memory is freed by the loop. */
void tcp_conn_free(struct tcp_conn *conn, enum qs_close_reason reason);

/* tcp_conn_leave ends it though it may not be done: well where that cannot be
 * taken for the end of what it was about (HTTP/2, tunnels). What the socket
 * takes at once of the tunnels' last words is sent before. */
void tcp_conn_leave(struct tcp_conn *conn, enum qs_close_reason reason);

/* tcp_conn_mark has it run before the loop sleeps. */
void tcp_conn_mark(struct tcp_conn *conn);

/* tcp_conn_run reads, works and writes as far as it can; may free it. */
void tcp_conn_run(struct tcp_conn *conn);

void tcp_conn_drain(struct tcp_conn *conn);

/* tcp_conn_step looks at the time; may free it. */
void tcp_conn_step(struct tcp_conn *conn, uint64_t now_ns);

/* tcp_conn_alt_svc writes the value of Alt-Svc (RFC 7838) to `text`; returns
 * false if HTTP/3 is served nowhere. */
enum { TCP_ALT_SVC_SIZE = 40 };
bool tcp_conn_alt_svc(const struct tcp_conn *conn, char text[TCP_ALT_SVC_SIZE]);

/* tcp_conn_misdirects tells whether the authority is none that the connection
 * is for; in the clear all are. */
bool tcp_conn_misdirects(const struct tcp_conn *conn,
			 const struct field *authority);

#endif
