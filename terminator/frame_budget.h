/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How many frames a client may send that cost us work and bring no request on:
 * PING, SETTINGS, PRIORITY, RST_STREAM, empty DATA and the like. Pure.
 */
#ifndef TERMINATOR_FRAME_BUDGET_H
#define TERMINATOR_FRAME_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* Below what nghttp2 counts by itself: it says INTERNAL_ERROR. */
	FRAME_BUDGET_BURST = 800,
	FRAME_BUDGET_RATE = 200, /* a second */
};

/* All zeros: full at the time 0. */
struct frame_budget {
	uint64_t filled_ns;
	uint32_t spent;
};

/* frame_budget_spend takes one at `now_ns`. Returns false when there is none
 * left. */
bool frame_budget_spend(struct frame_budget *budget, uint64_t now_ns);

#endif
