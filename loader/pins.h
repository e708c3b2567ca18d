/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pin directory and the lock that makes one loader its only owner: flock
 * on its subdirectory `loader`, so the lock ends with the process and goes
 * away with the pins.
 */
#ifndef QS_LOADER_PINS_H
#define QS_LOADER_PINS_H

#include <stdbool.h>

struct pins {
	const char *dir; /* borrowed */
	int lock;	 /* owned; -1 when not held */
	bool adopted;	 /* an earlier loader's maps are there */
};

/*
 * pins_open: makes the directory if it is not there and takes the lock.
 * Returns 0, or -1 after one message.
 */
int pins_open(struct pins *pins, const char *dir);

/*
 * pins_check_version: whether adopted maps are of this ABI version. Returns 0,
 * or -1 after one message that names both versions and what to do.
 */
int pins_check_version(const struct pins *pins);

/*
 * pins_remove: unpins all that is in the directory and removes it. Returns 0,
 * or -1 after one message.
 */
int pins_remove(struct pins *pins);

/* pins_close: gives the lock back; the pins stay. */
void pins_close(struct pins *pins);

#endif
