/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A budget of retries: they may be a share of the requests of the last
 * RETRY_WINDOW_MS, or a minimum, whichever is more, so that backends that fail
 * get no storm on top. Pure.
 */
#ifndef TERMINATOR_RETRY_H
#define TERMINATOR_RETRY_H

#include <stdbool.h>
#include <stdint.h>

enum { RETRY_SLOTS = 10, RETRY_SLOT_MS = 1000 };
enum { RETRY_WINDOW_MS = RETRY_SLOTS * RETRY_SLOT_MS };

struct retry_slot {
	uint64_t number; /* which one since time 0 it is */
	uint32_t requests;
	uint32_t retries;
};

/* All zeros: nothing happened yet. */
struct retry_budget {
	struct retry_slot slots[RETRY_SLOTS];
};

/* retry_count counts a request that begins now, in ms that never go back. */
void retry_count(struct retry_budget *budget, uint64_t now);

/* retry_take takes one retry of the budget: `per_mille` of the requests, at
 * least `minimum`. Returns false, and takes none, if it is used up. */
bool retry_take(struct retry_budget *budget, uint64_t now, uint32_t per_mille,
		uint32_t minimum);

#endif
