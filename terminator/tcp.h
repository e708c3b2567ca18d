/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The TCP side of a terminator: the listening sockets, and the connections that
 * came from them.
 */
#ifndef TERMINATOR_TCP_H
#define TERMINATOR_TCP_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "quicsteer/counters.h"
#include "terminator/limits.h"
#include "terminator/listener.h"
#include "terminator/router.h"
#include "terminator/tls.h"

enum {
	TCP_OUT_SIZE = 34 * 1024, /* two TLS records, or HTTP/2 frames */
	TCP_IN_SIZE = 32 * 1024,
};

struct listing;
struct tcp_conn;

struct tcp_options {
	uint64_t idle_timeout_ns; /* nothing comes or goes */
	uint64_t handshake_timeout_ns;
	bool redirect_http; /* plain HTTP is sent to https */
};

struct tcp {
	uv_loop_t *loop;
	uv_prepare_t before_sleep; /* runs what the events of a turn marked */
	struct tcp_options options;
	struct tls *tls;
	struct router *router;
	struct limits *limits;
	struct qs_terminator_stats *stats;
	struct listener *listeners; /* utlist */
	struct tcp_conn *conns;	    /* utlist */
	struct tcp_conn *dirty;
	struct listing *const *listings; /* under way; see listing.h */
	bool accepting;
	bool draining;	    /* requests that come are the last ones */
	uint64_t resume_ns; /* accept() failed: not before then; 0: now */
	uint8_t in[TCP_IN_SIZE];
};

/* tcp_start begins without listening sockets and accepts once tcp_accept says
 * so. Everything that `tcp` points to must be set before and outlive it. */
void tcp_start(struct tcp *tcp, uv_loop_t *loop);

/* tcp_listen accepts from the socket `fd` (owned on success), or from none if
 * it is -1, in the place of what was there of that key. Returns 0 or -errno. */
int tcp_listen(struct tcp *tcp, const struct qs_listener_key *key, int fd);

/* tcp_accept takes new connections, or none, from now on. */
void tcp_accept(struct tcp *tcp, bool accept);

/* tcp_drain has connections end with the requests that they have, also those to
 * come; tcp_undrain has those stay that were not told yet. */
void tcp_drain(struct tcp *tcp);
void tcp_undrain(struct tcp *tcp);

/* tcp_step does what it is time for; to be called every 100 ms or so. */
void tcp_step(struct tcp *tcp);

/* tcp_tls_port tells on which port TLS, and so HTTP/3, is served; 0: none. */
uint16_t tcp_tls_port(const struct tcp *tcp);

/* tcp_close_all ends all connections for `reason`. */
void tcp_close_all(struct tcp *tcp, enum qs_close_reason reason);

/* tcp_close does so and stops; the loop must then run its close callbacks. */
void tcp_close(struct tcp *tcp, enum qs_close_reason reason);

#endif
