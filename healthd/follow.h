/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pinned maps that healthd works on, and the lock that makes it the only
 * one: flock on the subdirectory `healthd` of the pin directory, so the lock
 * ends with the process and goes away with the pins.
 */
#ifndef HEALTHD_FOLLOW_H
#define HEALTHD_FOLLOW_H

#include "loader/lib/maps.h"

#include <stdbool.h>

struct follow {
	const char *pin_dir; /* borrowed */
	struct qs_maps maps; /* writable, while `open` */
	bool open;
	int lock;	  /* owned; -1 when not held */
	__u32 map_id;	  /* of `settings`, as opened */
	int last_message; /* the -errno that was logged last, not to repeat */
};

enum follow_result {
	FOLLOW_OPEN,
	FOLLOW_WAIT,  /* no loader has pinned them, or it is another version */
	FOLLOW_TAKEN, /* another healthd has the lock */
};

/* follow_init: nothing is open. */
void follow_init(struct follow *follow, const char *pin_dir);

/*
 * follow_open: opens the maps and takes the lock. Logs what it waits for when
 * that is new, and who has the lock.
 */
enum follow_result follow_open(struct follow *follow);

/*
 * follow_current: whether what is pinned is still what is open. What cannot be
 * told counts as so.
 */
bool follow_current(const struct follow *follow);

/* follow_close: closes the maps and gives the lock back. */
void follow_close(struct follow *follow);

#endif
