/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the process uses of the machine, and how late its event loop is.
 */
#ifndef TERMINATOR_USAGE_H
#define TERMINATOR_USAGE_H

#include <stdint.h>

#include "quicsteer/counters.h"

enum { USAGE_PEAK_SECONDS = 10 };

struct usage {
	uint64_t beat_ns; /* of the last heartbeat; 0: none yet */
	uint64_t second;  /* that `peaks` was last written for */
	uint64_t peaks[USAGE_PEAK_SECONDS]; /* by second, in turn */
};

/* usage_beat takes in that the heartbeat, due every `period_ns`, comes at
 * `now_ns`, and sets loop_lag_us and loop_lag_peak_us. Pure. */
void usage_beat(struct usage *usage, uint64_t now_ns, uint64_t period_ns,
		struct qs_terminator_stats *stats);

/* usage_sample sets cpu_us and resident_bytes of this process. */
void usage_sample(struct qs_terminator_stats *stats);

#endif
