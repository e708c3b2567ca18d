/* SPDX-License-Identifier: GPL-2.0-only */
/* Health-based weighting: who is slower gets less, smoothly, and all of it back
 * when it is no longer slower. */
#include "healthd/weight.h"

#include <criterion/criterion.h>

enum { MS = 1000, TICK_MS = 100, WINDOW_MS = 2000, POOL = 4 };

static const struct qs_config_health_weight usual = {
	.enabled = true, .minimum = 100, .window_ms = WINDOW_MS};

static struct weight weights[POOL];
static struct weight *pool[POOL] = {&weights[0], &weights[1], &weights[2],
				    &weights[3]};

static void begin(void)
{
	struct qs_backend row = {.factor = QS_FACTOR_ONE};

	for (int i = 0; i < POOL; i++)
		weight_resume(&weights[i], &row);
}

/* Each backend answers `each` requests a tick, in so many microseconds. */
static void run(int ticks, int count, uint64_t each, const uint64_t *us)
{
	for (int tick = 0; tick < ticks; tick++) {
		for (int i = 0; i < count; i++)
			weight_observe(&weights[i], us[i] ? each : 0,
				       us[i] * each, TICK_MS, WINDOW_MS);
		weight_step(pool, count, &usual);
	}
}

/* Backends of these response times, and the factors that they come to. */
static const struct {
	const char *name;
	int count;
	uint64_t us[POOL];
	uint32_t factors[POOL];
} cases[] = {
	{"all equal",
	 4,
	 {10 * MS, 10 * MS, 10 * MS, 10 * MS},
	 {1000, 1000, 1000, 1000}},
	{"one of four is twice as slow",
	 4,
	 {10 * MS, 10 * MS, 10 * MS, 20 * MS},
	 {1000, 1000, 1000, 500}},
	{"one of two", 2, {10 * MS, 40 * MS}, {1000, 250}},
	{"faster than the peers",
	 3,
	 {10 * MS, 1 * MS, 10 * MS},
	 {1000, 1000, 1000}},
	{"the minimum", 3, {1 * MS, 1 * MS, 5000 * MS}, {1000, 1000, 100}},
	{"an even count of peers",
	 3,
	 {10 * MS, 30 * MS, 100 * MS},
	 {1000, 1000, 300}},
	{"less than a quarter slower", 2, {100 * MS, 124 * MS}, {1000, 1000}},
	{"less than two milliseconds slower", 2, {100, 2050}, {1000, 1000}},
	{"alone", 1, {900 * MS}, {1000}},
	{"nothing known of the peers", 2, {0, 900 * MS}, {1000, 1000}},
};

Test(weight, comes_to_the_share_of_the_response_time)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		begin();
		run(150, cases[i].count, 10, cases[i].us);
		for (int j = 0; j < cases[i].count; j++)
			cr_expect_eq(
				weight_factor(&weights[j]), cases[i].factors[j],
				"%s: backend %d: factor %u, not %u",
				cases[i].name, j, weight_factor(&weights[j]),
				cases[i].factors[j]);
	}
}

Test(weight, moves_in_small_steps_and_back)
{
	const uint64_t slow[] = {10 * MS, 100 * MS},
		       even[] = {10 * MS, 10 * MS};
	uint32_t before = QS_FACTOR_ONE;

	begin();
	for (int i = 0; i < 150; i++) {
		run(1, 2, 10, slow);
		cr_assert_leq(before - weight_factor(&weights[1]), 100,
			      "a leap from %u to %u", before,
			      weight_factor(&weights[1]));
		before = weight_factor(&weights[1]);
	}
	cr_assert_eq(before, 100);
	run(300, 2, 10, even);
	cr_assert_eq(weight_factor(&weights[1]), QS_FACTOR_ONE);
}

Test(weight, does_not_follow_noise)
{
	const uint64_t slow[] = {10 * MS, 20 * MS};
	uint32_t settled;

	begin();
	run(300, 2, 10, slow);
	settled = weight_factor(&weights[1]);
	for (int i = 0; i < 100; i++) {
		const uint64_t noise[] = {10 * MS,
					  (i % 2 ? 19 : 21) * (uint64_t)MS};

		run(1, 2, 10, noise);
		cr_assert_eq(weight_factor(&weights[1]), settled);
	}
}

Test(weight, needs_samples)
{
	const uint64_t slow[] = {10 * MS, 900 * MS};

	begin();
	run(2, 2, 2, slow);
	cr_assert_eq(weight_factor(&weights[1]), QS_FACTOR_ONE);
	run(10, 2, 2, slow);
	cr_assert_lt(weight_factor(&weights[1]), QS_FACTOR_ONE);
}

Test(weight, drifts_back_when_it_gets_no_requests)
{
	const uint64_t slow[] = {10 * MS, 900 * MS}, idle[] = {10 * MS, 0};

	begin();
	run(150, 2, 10, slow);
	cr_assert_eq(weight_factor(&weights[1]), 100);
	run(90, 2, 10, idle);
	cr_assert_lt(weight_factor(&weights[1]), 600, "too fast");
	run(600, 2, 10, idle);
	cr_assert_eq(weight_factor(&weights[1]), QS_FACTOR_ONE);
}

Test(weight, that_is_off_is_one_at_once)
{
	const struct qs_config_health_weight off = {.window_ms = WINDOW_MS};
	const uint64_t slow[] = {10 * MS, 900 * MS};

	begin();
	run(150, 2, 10, slow);
	weight_step(pool, 2, &off);
	cr_assert_eq(weight_factor(&weights[1]), QS_FACTOR_ONE);
}

Test(weight, goes_on_where_the_row_says)
{
	struct qs_backend row = {.factor = 321, .latency_us = 4567};
	struct weight weight;

	weight_resume(&weight, &row);
	cr_assert_eq(weight_factor(&weight), 321);
	cr_assert_eq(weight_latency_us(&weight), 4567);
	row.factor = 0;
	weight_resume(&weight, &row);
	cr_assert_eq(weight_factor(&weight), QS_FACTOR_ONE);
	row.factor = QS_FACTOR_ONE + 1;
	weight_resume(&weight, &row);
	cr_assert_eq(weight_factor(&weight), QS_FACTOR_ONE);
}
