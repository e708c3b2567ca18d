/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Hot restart: the next process of this terminator, which registers under the
 * same name; the loader then has us drain.
 */
#ifndef TERMINATOR_SUCCESSOR_H
#define TERMINATOR_SUCCESSOR_H

#include <stdbool.h>
#include <uv.h>

struct successor {
	uv_process_t process;
	bool running;
	bool closing; /* the handle of one that has ended */
	/* It has ended; `why` says how. */
	void (*on_end)(void *user, const char *why);
	void *user;
};

/* successor_start runs the program that `argv` names, as it is now on disk,
 * with the same arguments, environment, directory and output. Returns 0, -EBUSY
 * if one is running, or -errno. */
int successor_start(struct successor *successor, uv_loop_t *loop, char **argv);

/* successor_close lets go of the process, which goes on. */
void successor_close(struct successor *successor);

#endif
