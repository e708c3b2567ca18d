/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When a terminator drains, and when it is done with it. Pure: the caller looks
 * at the clocks, and does what is said.
 *
 * Two things make it drain. The operator's wish in its row: it drains and
 * stays, and takes new connections again when the wish is gone. And the end of
 * the process (SIGTERM, or a newer process that has its name): it drains and
 * leaves.
 */
#ifndef TERMINATOR_DRAIN_H
#define TERMINATOR_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "quicsteer/abi.h"

/* A process that leaves stays so long without a connection: Initials that were
 * steered to it before others got its share may still come, and packets to
 * connections that it has just closed (RFC 9000, 10.2.1). */
#define DRAIN_GRACE_NS UINT64_C(1000000000)

/* A client that has made no request is about to, and gets so long from its
 * connection's begin: many libraries cannot begin a first request on a
 * connection that is known to end, and do not try it on another. One that keeps
 * silent for longer has been opened for later, as browsers do. */
#define DRAIN_UNUSED_NS UINT64_C(5000000000)

enum drain_state {
	DRAIN_SERVING,
	DRAIN_WISHED,  /* by the operator; the process stays */
	DRAIN_LEAVING, /* the process ends when it is done */
};

struct drain {
	enum drain_state state;
	bool closed;	  /* wished: the deadline's work is done */
	uint64_t busy_ns; /* leaving: it had connections; CLOCK_MONOTONIC */
	uint64_t end_ns;  /* leaving: the deadline; CLOCK_MONOTONIC */
};

enum drain_action {
	DRAIN_GO_ON,  /* nothing is to be done */
	DRAIN_BEGIN,  /* send GOAWAY on all connections, also on new ones */
	DRAIN_UNDO,   /* new connections are to stay again */
	DRAIN_CLOSE,  /* the operator's deadline: close all connections */
	DRAIN_FINISH, /* end the process, and what is still open with it */
};

struct drain_view {
	uint64_t now_ns;	    /* CLOCK_MONOTONIC */
	uint64_t now_real_ns;	    /* CLOCK_REALTIME */
	uint64_t connections;	    /* open */
	const struct qs_wish *wish; /* of our name; NULL without a loader */
};

/* drain_leave makes the process leave: at once if `timeout_ms` is 0, else when
 * its last connection is gone for a while, but after `timeout_ms` in any case.
 * The caller does as for DRAIN_BEGIN. */
void drain_leave(struct drain *drain, uint64_t now_ns, uint64_t timeout_ms);

/* drain_step tells what is to be done now. To be called often. */
enum drain_action drain_step(struct drain *drain,
			     const struct drain_view *view);

#endif
