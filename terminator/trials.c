/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/trials.h"

/* How many are taken; all, if what is counted is a later time. */
static uint32_t count_of(uint64_t taken, uint32_t episode, uint32_t limit)
{
	int32_t ahead = (int32_t)((uint32_t)(taken >> 32) - episode);

	if (ahead > 0)
		return limit;
	return ahead < 0 ? 0 : (uint32_t)taken;
}

bool trials_left(const struct qs_trials *trials, uint32_t episode,
		 uint32_t limit)
{
	uint64_t taken = __atomic_load_n(&trials->taken, __ATOMIC_RELAXED);

	return count_of(taken, episode, limit) < limit;
}

bool trials_take(struct qs_trials *trials, uint32_t episode, uint32_t limit)
{
	uint64_t taken = __atomic_load_n(&trials->taken, __ATOMIC_RELAXED);
	uint64_t next;

	do {
		uint32_t count = count_of(taken, episode, limit);

		if (count >= limit)
			return false;
		next = (uint64_t)episode << 32 | (count + 1);
	} while (!__atomic_compare_exchange_n(
		(uint64_t *)&trials->taken, &taken, next, false,
		__ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
	return true;
}
