/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many requests may still try a backend whose breaker is half open: counted
 * in memory that all terminators share (struct qs_trials in abi.h).
 */
#ifndef TERMINATOR_TRIALS_H
#define TERMINATOR_TRIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "quicsteer/abi.h"

/* trials_left tells whether one could be taken. */
bool trials_left(const struct qs_trials *trials, uint32_t episode,
		 uint32_t limit);

/* trials_take takes one of the `limit` trials of half-open time `episode`.
 * Returns false if all are taken, or if a later time is being counted. Safe
 * among threads and processes. */
bool trials_take(struct qs_trials *trials, uint32_t episode, uint32_t limit);

#endif
