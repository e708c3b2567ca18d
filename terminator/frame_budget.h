/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much a client may have us do that brings no request on: PING, SETTINGS,
 * PRIORITY, requests reset at once, empty DATA, packets that acknowledge
 * nothing and the like. Both fronts have it. Pure.
 */
#ifndef TERMINATOR_FRAME_BUDGET_H
#define TERMINATOR_FRAME_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

enum {
	/* Below what nghttp2 counts by itself: it says INTERNAL_ERROR. */
	FRAME_BUDGET_BURST = 800,
	FRAME_BUDGET_RATE = 200, /* a second */
	FRAME_BUDGET_EARNED_MAX = 1000000,
};

/* All zeros: full at the time 0. */
struct frame_budget {
	uint64_t filled_ns;
	uint32_t spent;
	uint32_t earned; /* spent first; time does not bring it back */
};

/* frame_budget_spend takes `cost` at `now_ns`, which does not go back. Returns
 * false when there is not as much left. */
bool frame_budget_spend(struct frame_budget *budget, uint32_t cost,
			uint64_t now_ns);

/* frame_budget_earn adds to what may be spent, for work that was of use. */
void frame_budget_earn(struct frame_budget *budget, uint64_t amount);

#endif
