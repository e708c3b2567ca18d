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

enum { BALANCE_MAX = 256 };

struct balance_entry {
	int64_t credit; /* balance.c's own */
	uint32_t weight;
	bool out; /* set by the caller: is not picked this time */
};

/* All zeros is an empty one. */
struct balance {
	size_t count;
	struct balance_entry entries[BALANCE_MAX];
	uint64_t total; /* of the weights */
	uint64_t scale; /* the total that the credits are by */
};

/* balance_add adds an entry of weight 0 at the end; at most BALANCE_MAX. */
void balance_add(struct balance *balance);

/* balance_remove removes an entry; the last one takes its place. */
void balance_remove(struct balance *balance, size_t i);

/* balance_weigh sets an entry's weight; 0: it is never picked. */
void balance_weigh(struct balance *balance, size_t i, uint32_t weight);

/* balance_pick picks one that is not out and has weight, and returns its index,
 * or -1 if there is none. */
long balance_pick(struct balance *balance);

#endif
