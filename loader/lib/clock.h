/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_LIB_CLOCK_H
#define QS_LOADER_LIB_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_SECOND UINT64_C(1000000000)

/* clock_ns: the time of a clock (CLOCK_MONOTONIC, ...) in nanoseconds. */
static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (uint64_t)time.tv_sec * NS_PER_SECOND + (uint64_t)time.tv_nsec;
}

#endif
