/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/latency.h"

#include <criterion/criterion.h>
#include <math.h>

static const uint64_t second = 1000000000;

Test(latency, nothing_is_known_at_first)
{
	struct latency latency = {0};

	cr_expect_eq(latency_us(&latency, 5 * second), 0);
	latency_observe(&latency, 300, 5 * second, false);
	cr_expect_eq(latency_us(&latency, 5 * second), 300);
}

Test(latency, a_peak_counts_at_once_and_fades)
{
	struct latency latency = {0};
	uint64_t now = second, fade = LATENCY_DECAY_NS;

	latency_observe(&latency, 1000, now, false);
	latency_observe(&latency, 50000, now, false);
	cr_expect_eq(latency_us(&latency, now), 50000);
	/* Nobody asks it: it comes to be tried again. */
	cr_expect_float_eq(latency_us(&latency, now + fade), 50000 / M_E, 1);
	cr_expect_eq(latency_us(&latency, now + 100 * fade), 1);
	/* It is asked, and fast again. */
	for (unsigned i = 0; i < 100; i++)
		latency_observe(&latency, 1000, now += fade / 20, false);
	cr_expect_float_eq(latency_us(&latency, now), 1330, 15);
}

Test(latency, failing_fast_is_no_merit)
{
	struct latency latency = {0};

	latency_observe(&latency, 20000, second, false);
	for (unsigned i = 0; i < 1000; i++)
		latency_observe(&latency, 10, second + i, true);
	cr_expect_eq(latency_us(&latency, second), 20000);
	latency_observe(&latency, 60000000, 2 * second, true);
	cr_expect_eq(latency_us(&latency, 2 * second), 60000000);
}

Test(latency, clocks_that_stand_still)
{
	struct latency latency = {0};

	latency_observe(&latency, 500, 2 * second, false);
	latency_observe(&latency, 100, second, false);
	cr_expect_eq(latency_us(&latency, second), 500);
}
