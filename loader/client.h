/* SPDX-License-Identifier: GPL-2.0-only */
/* One control connection, from its first message to its end. */
#ifndef QS_LOADER_CLIENT_H
#define QS_LOADER_CLIENT_H

#include "loader/control.h"

enum { CLIENT_NO_SLOT = -1 };

struct client {
	struct client *next, *previous;
	struct control *control; /* borrowed */
	uv_poll_t poll;
	int fd; /* owned */
	struct ucred peer;
	int slot; /* of a terminator; CLIENT_NO_SLOT before it registers */
	bool told_to_drain;
	unsigned int results_due; /* answers to RELOAD that are still to come */
	__u32 configs_told;	  /* rotation.generation that it was sent */
	__u32 configs_taken;	  /* and that it has put in force */
	bool awaited; /* the reload in progress waits for the last of them */
};

/*
 * client_start: serves the connected socket `fd`, which it owns from now on.
 * The client frees itself when the connection ends.
 */
void client_start(struct control *control, int fd, const struct ucred *peer);

/* client_stop: closes the connection; the terminator is not called dead. */
void client_stop(struct client *client);

/*
 * client_send_sockets: gives a terminator these to serve on, and has it close
 * what it has at those of `indices` (a bit each) that have no port. Returns 0
 * or -errno.
 */
int client_send_sockets(struct client *client,
			const struct port_sockets *sockets,
			unsigned int indices);

/* client_name: of the terminator, which has registered. */
const char *client_name(const struct client *client);

/* client_refuse: sends REFUSED with a reason; `fd` stays open. */
void client_refuse(int fd, const char *reason);

#endif
