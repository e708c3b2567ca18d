/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How connections end in a drain, so that no request is lost (RFC 9114, 5.2):
 * a first GOAWAY tells the client to begin no more requests here; one that
 * names the last request follows when what was under way has arrived; and the
 * connection is closed when its requests are done.
 *
 * The connections of a CID configuration that is too old, and those that have
 * made as many requests as terminator.limits allows, end in the same way,
 * though the process goes on; what is not done after terminator.drain_timeout
 * is closed.
 *
 * A client whose handshake has just been done gets a moment for the requests
 * that it came for, and longer for the first (DRAIN_UNUSED_NS): many cannot
 * begin one on a connection that says GOAWAY.
 */
#ifndef TERMINATOR_GOAWAY_H
#define TERMINATOR_GOAWAY_H

#include <stdbool.h>
#include <stdint.h>

struct conn;
struct quic;

enum goaway_state {
	GOAWAY_NONE,
	GOAWAY_NOTICED, /* the first is out */
	GOAWAY_LAST,	/* the second is out */
};

/* goaway_begin drains all connections, also those to come. */
void goaway_begin(struct quic *quic);

/* goaway_undo has those to come stay again. What was told cannot be taken
 * back: connections that got a GOAWAY end. */
void goaway_undo(struct quic *quic);

/* goaway_step takes each connection to its next step, if it is time. To be
 * called often, also after goaway_undo. */
void goaway_step(struct quic *quic);

/* goaway_is_done tells whether the connection can be closed: the second GOAWAY
 * has had time to arrive and no request is open. */
bool goaway_is_done(const struct conn *conn, uint64_t now_ns);

#endif
