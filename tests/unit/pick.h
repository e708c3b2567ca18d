/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Choices of fuzz tests: the same ones in each run.
 */
#ifndef TESTS_UNIT_PICK_H
#define TESTS_UNIT_PICK_H

#include <stddef.h>
#include <stdint.h>

/* pick chooses a number below `count`, by xorshift64 (Marsaglia, 2003). */
static inline size_t pick(size_t count)
{
	static uint64_t state = 0x9e3779b97f4a7c15ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % count;
}

/* PICK chooses an element of an array. */
#define PICK(list) ((list)[pick(sizeof(list) / sizeof((list)[0]))])

#endif
