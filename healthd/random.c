/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/random.h"
#include "loader/lib/clock.h"

#include <sys/random.h>

uint32_t random_number(void)
{
	uint32_t number;

	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) != sizeof(number))
		number = clock_ns(CLOCK_MONOTONIC);
	return number;
}
