/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HEALTHD_TIME_H
#define HEALTHD_TIME_H

#include <stdint.h>

enum { NS_PER_MS = 1000000 };

/* time_monotonic_ns, time_real_ns: CLOCK_MONOTONIC and CLOCK_REALTIME. */
uint64_t time_monotonic_ns(void);
uint64_t time_real_ns(void);

#endif
