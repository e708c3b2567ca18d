/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/time.h"

#include <time.h>

static uint64_t read_clock(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return time.tv_sec * 1000000000ULL + time.tv_nsec;
}

uint64_t time_monotonic_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t time_real_ns(void)
{
	return read_clock(CLOCK_REALTIME);
}
