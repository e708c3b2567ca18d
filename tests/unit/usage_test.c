/* SPDX-License-Identifier: GPL-2.0-only */
/* How late heartbeats are, and the latest of the last seconds. */
#include <criterion/criterion.h>

#include "terminator/usage.h"

#define MS UINT64_C(1000000)

static struct usage usage;
static struct qs_terminator_stats stats;

static void beat(uint64_t ms, uint64_t lag_us, uint64_t peak_us)
{
	usage_beat(&usage, ms * MS, 100 * MS, &stats);
	cr_expect_eq(stats.gauges.loop_lag_us, lag_us, "at %llu: lag %llu",
		     (unsigned long long)ms,
		     (unsigned long long)stats.gauges.loop_lag_us);
	cr_expect_eq(stats.gauges.loop_lag_peak_us, peak_us,
		     "at %llu: peak %llu", (unsigned long long)ms,
		     (unsigned long long)stats.gauges.loop_lag_peak_us);
}

Test(usage, lag_and_peak)
{
	beat(1000000, 0, 0); /* the first is never late */
	beat(1000100, 0, 0);
	beat(1000230, 30000, 30000);
	beat(1000330, 0, 30000);
	beat(1000425, 0, 30000); /* early is not late */
	beat(1000530, 5000, 30000);
}

Test(usage, peak_is_of_ten_seconds)
{
	uint64_t ms;

	beat(1000000, 0, 0);
	beat(1000350, 250000, 250000);
	for (ms = 1000450; ms < 1010000; ms += 100)
		beat(ms, 0, 250000);
	for (; ms < 1012000; ms += 100)
		beat(ms, 0, 0);
}

Test(usage, long_halt)
{
	beat(1000000, 0, 0);
	beat(1000150, 50000, 50000);
	/* Stopped for a minute: all older peaks are gone. */
	beat(1060250, 60000000, 60000000);
	beat(1060350, 0, 60000000);
}

Test(usage, of_this_process)
{
	usage_sample(&stats);
	cr_expect_gt(stats.counters.cpu_us, 0);
	cr_expect_gt(stats.gauges.resident_bytes, 500000);
	cr_expect_lt(stats.gauges.resident_bytes, UINT64_C(1) << 30);
}
