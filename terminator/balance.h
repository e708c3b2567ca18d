/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to spread requests over backends by their weights. Pure.
 *
 * Smooth weighted round robin (struct balance) has a memory: in each round of
 * picks as many as the weights sum up to, everyone has its weight in picks,
 * spread evenly. The others look at candidates as they are at that moment.
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

struct balance_candidate {
	uint64_t identity;   /* says which one it is to balance_pick_hashed */
	uint32_t weight;     /* 0: is not picked */
	uint32_t load;	     /* requests in flight */
	uint32_t latency_us; /* of its responses; 0: not known */
};

/* All of these return the index of the one picked, or -1 if none has weight.
 * `random` are 64 bits anew for each pick. */

/* balance_pick_least draws two by weight and gives the one that has fewer
 * requests in flight for its weight; the first drawn if they have as many. */
long balance_pick_least(const struct balance_candidate *list, size_t count,
			uint64_t random);

/* balance_pick_fastest draws two by weight and gives the one that will answer
 * sooner, by its latency and the requests in flight for its weight. A
 * difference of less than a fifth is none, nor is one below a millisecond: the
 * first drawn gets it. Of those whose latency is not known it gives the less
 * loaded. */
long balance_pick_fastest(const struct balance_candidate *list, size_t count,
			  uint64_t random);

/*
 * balance_pick_hashed gives the same candidate for the same key while it has
 * weight (weighted rendezvous hashing): of many keys each has its weight's
 * share, and when candidates come and go or weights change, no key moves that
 * need not move.
 *
 * `bound` is in a thousand: one that would then have more requests in flight
 * than this times its weight's share of all is passed over for the next in the
 * key's own order (Mirrokni et al., Consistent Hashing with Bounded Loads,
 * 2018). 0: no bound.
 */
long balance_pick_hashed(const struct balance_candidate *list, size_t count,
			 uint64_t key, uint32_t bound);

#endif
