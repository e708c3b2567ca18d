/* SPDX-License-Identifier: GPL-2.0-only */
/* All of healthd while it runs: configuration, maps, and its ticks. */
#ifndef HEALTHD_DAEMON_H
#define HEALTHD_DAEMON_H

#include "healthd/backends.h"
#include "healthd/discovery.h"
#include "healthd/follow.h"
#include "healthd/options.h"
#include "healthd/terminators.h"
#include "loader/lib/config.h"

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

struct daemon {
	const struct options *options;
	uv_loop_t *loop;
	uv_timer_t timer;
	struct qs_config *config; /* owned */
	char *pin_dir;		  /* owned */
	struct follow follow;
	struct discovery discovery;
	struct backends backends;
	struct terminators terminators;
	uint32_t generation;  /* of the configuration, as the loader counts */
	uint64_t looked_ns;   /* CLOCK_MONOTONIC: at the pins, last */
	uint64_t notified_ns; /* the service manager, last */
	uint64_t watchdog_ns; /* how often it wants that; 0: never */
	bool stale;	      /* rows are to be reconciled */
	bool ready;	      /* the service manager knows */
	bool failing;	      /* a message about the lock was logged */
	int status;	      /* of the process, when the loop was stopped */
};

/*
 * daemon_start: reads the configuration and begins. Returns 0, or -1 after one
 * message; then there is nothing to close.
 */
int daemon_start(struct daemon *daemon, const struct options *options,
		 uv_loop_t *loop);

/* daemon_reload: reads the configuration again; a bad one changes nothing. */
void daemon_reload(struct daemon *daemon);

/*
 * daemon_stop: says in the maps that it left, and closes everything in the
 * loop's time. Rows stay as they are.
 */
void daemon_stop(struct daemon *daemon);

/* daemon_free: frees the rest, after the loop has ended. */
void daemon_free(struct daemon *daemon);

#endif
