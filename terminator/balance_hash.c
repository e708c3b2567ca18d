/* SPDX-License-Identifier: GPL-2.0-only */
/* Weighted rendezvous hashing, with bounded load. */
#include <math.h>

#include "terminator/balance.h"

/* The finaliser of SplitMix64 (Steele, Lea and Flood, 2014). */
static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* When this one would come first, of a race in which each comes after a time
 * that is distributed exponentially, at the rate of its weight: so it wins by
 * its weight's share, and another's weight changes nothing of its time. */
static double arrival(const struct balance_candidate *one, uint64_t key)
{
	uint64_t hash = mix(one->identity ^ mix(key));
	double uniform = ((double)(hash >> 11) + 0.5) * 0x1p-53;

	return -log(uniform) / one->weight;
}

struct bound {
	uint64_t weight; /* of all */
	uint64_t load;	 /* of all, with the request that is to be placed */
	uint32_t per_mille;
};

/* Whether one more would be over the bound, rounded up to whole requests. */
static bool is_full(const struct balance_candidate *one,
		    const struct bound *bound)
{
	if (!bound->per_mille)
		return false;
	return 1000.0 * one->load * bound->weight >=
	       (double)bound->per_mille * bound->load * one->weight;
}

static long first_to_come(const struct balance_candidate *list, size_t count,
			  uint64_t key, const struct bound *bound)
{
	double earliest = 0;
	long first = -1;

	for (size_t i = 0; i < count; i++) {
		double time;

		if (!list[i].weight || is_full(&list[i], bound))
			continue;
		time = arrival(&list[i], key);
		if (first >= 0 && time >= earliest)
			continue;
		earliest = time;
		first = (long)i;
	}
	return first;
}

long balance_pick_hashed(const struct balance_candidate *list, size_t count,
			 uint64_t key, uint32_t per_mille)
{
	struct bound bound = {.load = 1, .per_mille = per_mille};

	for (size_t i = 0; i < count; i++) {
		if (!list[i].weight)
			continue;
		bound.weight += list[i].weight;
		bound.load += list[i].load;
	}
	return first_to_come(list, count, key, &bound);
}
