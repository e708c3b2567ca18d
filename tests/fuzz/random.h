/* SPDX-License-Identifier: GPL-2.0-only */
/* Random numbers that a seed makes again: SplitMix64 (Steele et al., 2014). */
#ifndef TESTS_FUZZ_RANDOM_H
#define TESTS_FUZZ_RANDOM_H

#include <linux/types.h>

struct dice {
	__u64 state;
};

static inline __u64 dice_word(struct dice *dice)
{
	__u64 x = dice->state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/* 0 to n - 1. */
static inline unsigned int dice_below(struct dice *dice, unsigned int n)
{
	return (dice_word(dice) >> 32) * n >> 32;
}

/* 1 so many times of a hundred. */
static inline int dice_percent(struct dice *dice, unsigned int percent)
{
	return dice_below(dice, 100) < percent;
}

static inline void dice_octets(struct dice *dice, void *octets, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		((__u8 *)octets)[i] = dice_word(dice);
}

#endif
