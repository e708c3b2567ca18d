/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page that tells whether this terminator can serve, in JSON: 200, or 503
 * while it drains or no pool has a backend that can be used. What is wrong but
 * does not stop it ("degraded") gets 200, too.
 */
#ifndef TERMINATOR_HEALTH_H
#define TERMINATOR_HEALTH_H

#include <stdbool.h>

struct exchange_handler;

/* What only the process knows. */
struct health_state {
	const char *name; /* the terminator's */
	bool draining;
	bool with_loader;      /* it is not standalone: */
	bool loader_connected; /* and registered now */
};

/* Who knows it. All zeros: a process that serves, without a loader. */
struct health_source {
	void (*read)(void *user, struct health_state *ret_state);
	void *user;
};

extern const struct exchange_handler health_handler;

#endif
