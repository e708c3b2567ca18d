/* SPDX-License-Identifier: GPL-2.0-only */
/* What is new in the counters of the terminators, whatever happens to them. */
#include "healthd/signs.h"

#include <criterion/criterion.h>
#include <string.h>

static struct signs signs;
static struct qs_terminator terminators[QS_MAX_TERMINATORS];
static struct qs_proxy_stats proxy[QS_MAX_TERMINATORS];
static struct qs_backend rows[QS_MAX_BACKENDS];
static struct sign_sum sums[QS_MAX_BACKENDS];
static uint64_t now = 1000000000000;

/* Two terminators, and a backend of ID 7 in row 3. */
static void begin(void)
{
	for (int slot = 0; slot < 2; slot++) {
		terminators[slot].state = QS_TERMINATOR_LIVE;
		terminators[slot].instance = slot + 1;
		proxy[slot].backend[3].id = 7;
	}
	rows[3] = (struct qs_backend){.state = QS_BACKEND_ACTIVE, .id = 7};
}

static const struct sign_sum *collect(void)
{
	const struct sign_source source = {.terminators = terminators,
					   .proxy = proxy,
					   .rows = rows,
					   .real_ns = now};

	signs_collect(&signs, &source, sums);
	return &sums[3];
}

static struct qs_backend_stats *stats(int slot)
{
	return &proxy[slot].backend[3];
}

Test(signs, nothing_is_new_at_the_first_look)
{
	begin();
	stats(0)->counters.responses_5xx = 1000;
	cr_assert_eq(collect()->counts.failures, 0);
	stats(0)->counters.responses_5xx = 1002;
	cr_assert_eq(collect()->counts.failures, 2);
	cr_assert_eq(collect()->counts.failures, 0, "counted twice");
}

Test(signs, sorts_what_counts)
{
	begin();
	collect();
	stats(0)->counters.responses_2xx = 1;
	stats(0)->counters.responses_3xx = 2;
	stats(1)->counters.responses_4xx = 4;
	stats(0)->counters.responses_5xx = 8;
	stats(0)->counters.connect_errors = 16;
	stats(1)->counters.connect_timeouts = 32;
	stats(1)->counters.response_timeouts = 64;
	stats(1)->counters.broken = 128;
	stats(0)->counters.retries = 256;
	stats(0)->counters.connects = 512;
	cr_assert_eq(collect()->counts.successes, 7);
	begin();
	stats(0)->counters.responses_5xx += 8;
	stats(0)->counters.connect_errors += 16;
	stats(1)->counters.connect_timeouts += 32;
	stats(1)->counters.response_timeouts += 64;
	stats(1)->counters.broken += 128;
	cr_assert_eq(collect()->counts.failures, 248);
}

Test(signs, sums_response_times)
{
	begin();
	stats(0)->counters.responses_2xx = 5;
	stats(0)->response.bucket[2] = 5;
	stats(0)->response.sum_us = 5000;
	collect();
	stats(0)->counters.responses_2xx = 8;
	stats(0)->response.bucket[3] = 3;
	stats(0)->response.sum_us = 5700;
	cr_assert_eq(collect()->counts.responses, 3);
	stats(0)->counters.responses_2xx = 9;
	stats(0)->response.bucket[15] = 1;
	stats(0)->response.sum_us = 6700;
	cr_assert_eq(collect()->counts.response_us, 1000);
}

Test(signs, what_a_new_process_counted_is_new)
{
	begin();
	stats(0)->counters.responses_5xx = 1000;
	collect();
	terminators[0].instance = 9;
	stats(0)->counters.responses_5xx = 3;
	cr_assert_eq(collect()->counts.failures, 3);
	terminators[0].instance = 10;
	stats(0)->counters.responses_5xx = 5;
	cr_assert_eq(collect()->counts.failures, 5,
		     "the counters are of another process");
}

Test(signs, is_never_negative)
{
	begin();
	stats(0)->counters.responses_5xx = 1000;
	stats(0)->counters.responses_2xx = 1000;
	collect();
	stats(0)->counters.responses_5xx = 2;
	cr_assert_eq(collect()->counts.failures, 2);
	cr_assert_eq(collect()->counts.successes, 0);
}

Test(signs, of_another_backend_do_not_count)
{
	begin();
	collect();
	stats(0)->id = 6;
	stats(0)->counters.responses_5xx = 9;
	stats(0)->gauges.in_flight = 4;
	cr_assert_eq(collect()->counts.failures, 0);
	cr_assert_eq(collect()->in_flight, 0);
	rows[3].id = 8;
	stats(1)->id = 8;
	stats(1)->counters.responses_5xx = 4;
	cr_assert_eq(collect()->counts.failures, 4, "the row's next holder");
}

Test(signs, of_the_dead_count_once_more)
{
	begin();
	collect();
	stats(0)->counters.broken = 3;
	stats(0)->gauges.in_flight = 5;
	stats(1)->gauges.in_flight = 2;
	terminators[0].state = QS_TERMINATOR_DEAD;
	terminators[0].died_ns = now - 50000000;
	cr_assert_eq(collect()->counts.failures, 3);
	cr_assert_eq(collect()->in_flight, 2, "the dead hold nothing");
	stats(0)->counters.broken = 9;
	terminators[0].died_ns = now - 60000000000;
	cr_assert_eq(collect()->counts.failures, 0);
}

Test(signs, of_those_that_drain_count)
{
	begin();
	collect();
	terminators[0].state = QS_TERMINATOR_DRAINING;
	stats(0)->counters.broken = 3;
	stats(0)->gauges.in_flight = 5;
	cr_assert_eq(collect()->counts.failures, 3);
	cr_assert_eq(collect()->in_flight, 5);
}
