/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Smooth weighted round robin: in each round of picks as many as the weights
 * sum up to, everyone has its weight in picks, spread evenly. Pure.
 */
#ifndef TERMINATOR_BALANCE_H
#define TERMINATOR_BALANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zeros is one that has no weight yet. */
struct balance_entry {
	int64_t credit;	 /* what it is owed, in weights; balance.c's own */
	uint32_t weight; /* set by balance_weigh; 0: is never picked */
	bool out;	 /* set by the caller: is not picked this time */
};

/* balance_weigh sets the weight of entry `i`. What it is owed changes in
 * proportion, so that a debt from a time of great weight does not keep it from
 * its share for long. */
void balance_weigh(struct balance_entry *entries, size_t count, size_t i,
		   uint32_t weight);

/* balance_pick picks one that is not out and has weight, and returns its index,
 * or -1 if there is none. */
long balance_pick(struct balance_entry *entries, size_t count);

#endif
