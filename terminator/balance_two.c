/* SPDX-License-Identifier: GPL-2.0-only */
/* The power of two choices. */
#include "terminator/balance.h"

/* One by weight, other than `except`; 32 bits of randomness are enough, since
 * weights do not sum up to more. */
static long draw(const struct balance_candidate *list, size_t count,
		 long except, uint32_t random)
{
	uint64_t total = 0, point;

	for (size_t i = 0; i < count; i++)
		total += (long)i == except ? 0 : list[i].weight;
	point = (random * total) >> 32;
	for (size_t i = 0; i < count; i++) {
		if ((long)i == except || !list[i].weight)
			continue;
		if (point < list[i].weight)
			return (long)i;
		point -= list[i].weight;
	}
	return -1;
}

static bool is_less_loaded(const struct balance_candidate *one,
			   const struct balance_candidate *other)
{
	return (uint64_t)one->load * other->weight <
	       (uint64_t)other->load * one->weight;
}

/* What is shorter is noise. */
enum { LEAST_US = 1000 };

/* How long a request will take, where a weight as that of both in the mean
 * stands for one request at a time. */
static double cost(const struct balance_candidate *one, double mean)
{
	double us = one->latency_us > LEAST_US ? one->latency_us : LEAST_US;

	return us * (1 + one->load * mean / one->weight);
}

static bool is_faster(const struct balance_candidate *one,
		      const struct balance_candidate *other)
{
	double mean = ((double)one->weight + other->weight) / 2;

	if (!one->latency_us || !other->latency_us)
		return is_less_loaded(one, other);
	return cost(one, mean) < 0.8 * cost(other, mean);
}

static long pick(const struct balance_candidate *list, size_t count,
		 uint64_t random,
		 bool (*is_better)(const struct balance_candidate *one,
				   const struct balance_candidate *other))
{
	long first = draw(list, count, -1, (uint32_t)(random >> 32));
	long second;

	if (first < 0)
		return -1;
	second = draw(list, count, first, (uint32_t)random);
	if (second >= 0 && is_better(&list[second], &list[first]))
		return second;
	return first;
}

long balance_pick_least(const struct balance_candidate *list, size_t count,
			uint64_t random)
{
	return pick(list, count, random, is_less_loaded);
}

long balance_pick_fastest(const struct balance_candidate *list, size_t count,
			  uint64_t random)
{
	return pick(list, count, random, is_faster);
}
