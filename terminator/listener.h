/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A listening TCP socket, which all terminators share: a connection waits in
 * its queue until whichever process comes to it first accepts it. So nothing is
 * refused when a process ends, and a hung one holds nothing.
 */
#ifndef TERMINATOR_LISTENER_H
#define TERMINATOR_LISTENER_H

#include <stdbool.h>
#include <uv.h>

#include "quicsteer/control.h"

struct listener {
	struct qs_listener_key key;
	int fd;
	uv_poll_t poll;
	bool accepting;
	/* A connection that was accepted; the descriptor is given away. */
	void (*on_accept)(struct listener *listener, int fd);
	/* accept() failed with this errno; it is tried again later. */
	void (*on_error)(struct listener *listener, int error);
	void *user;
	struct listener *prev, *next;
};

/* listener_new watches the socket `fd`, which it owns on success, but accepts
 * nothing before listener_accept. Returns 0 or -errno. */
int listener_new(struct listener **ret_listener, uv_loop_t *loop,
		 const struct qs_listener_key *key, int fd);

/* listener_accept takes new connections, or none, from now on. */
void listener_accept(struct listener *listener, bool accept);

/* listener_close closes our descriptor and frees; the loop must then run its
 * close callback. */
void listener_close(struct listener *listener);

#endif
