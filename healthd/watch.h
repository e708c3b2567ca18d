/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a terminator hangs, by its heartbeat. Pure.
 *
 * One whose last beat is older than the timeout is given up: its breaker
 * opens. It closes again when beats have come for the hold time with no gap of
 * more than half the timeout.
 */
#ifndef HEALTHD_WATCH_H
#define HEALTHD_WATCH_H

#include <stdbool.h>
#include <stdint.h>

/* Times are CLOCK_MONOTONIC. */
struct watch {
	bool open;
	uint64_t excused_ns; /* beats are not missed before this */
	uint64_t steady_ns;  /* while open: beats without gap since; 0: none */
};

/* watch_begin: a terminator that is seen for the first time; `open`: as its
 * row says. */
void watch_begin(struct watch *watch, bool open, uint64_t now_ns);

/*
 * watch_excuse: we did not run ourselves before now (or the whole machine did
 * not): what is missing up to now is nobody's fault.
 */
void watch_excuse(struct watch *watch, uint64_t now_ns);

/* watch_step: returns whether `open` changed. */
bool watch_step(struct watch *watch, uint64_t beat_ns, uint64_t now_ns,
		uint64_t timeout_ns, uint64_t hold_ns);

#endif
