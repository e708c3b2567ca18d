/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slow start: a backend that is new, or that comes back from an open breaker,
 * failed checks or the operator's hand, gets a small part of its weight at
 * first, which grows evenly to all of it. Pure.
 */
#ifndef HEALTHD_SLOW_START_H
#define HEALTHD_SLOW_START_H

#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	/* The part of the weight that it begins with, in QS_FACTOR_ONE. */
	SLOW_START_LEAST = 50,
	SLOW_START_WITHHELD = QS_FACTOR_ONE - SLOW_START_LEAST,
};

struct slow_start {
	uint32_t withheld; /* as in the row */
	uint64_t begin_ns; /* CLOCK_REALTIME; 0: not begun */
	bool out;	   /* it gets no requests, but trials */
};

/* slow_start_resume: takes up what a row says. One that withholds something
 * and has not begun does so with the next step. */
void slow_start_resume(struct slow_start *slow, const struct qs_backend *row);

/*
 * slow_start_step: goes on to now, by the row as it is and by the breaker's
 * state that it will have; duration_ms is the pool's slow_start, 0: none.
 * Returns whether something changed that the row is to show. While it gets
 * nothing the least part is set for it already, so that whoever lets it have
 * requests again begins with that; trials of a half-open breaker are let
 * through by the whole weight.
 */
bool slow_start_step(struct slow_start *slow, const struct qs_backend *row,
		     enum qs_breaker breaker, uint32_t duration_ms,
		     uint64_t now_ns);

#endif
