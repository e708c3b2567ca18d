/* SPDX-License-Identifier: GPL-2.0-only */
/* Effective weights: wish, configuration and health together. */
#include "loader/lib/effective.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define WISH(w, b, d)                                       \
	{                                                   \
		.weight = (w), .breaker = (b), .drain = (d) \
	}
#define NONE WISH(QS_WEIGHT_UNSET, QS_WISH_AUTO, 0)

enum {
	AUTO = QS_WISH_AUTO,
	FORCED_OPEN = QS_WISH_OPEN,
	FORCED_CLOSED = QS_WISH_CLOSED,
	LIVE = QS_TERMINATOR_LIVE,
	DRAINING = QS_TERMINATOR_DRAINING,
	DEAD = QS_TERMINATOR_DEAD,
	CLOSED = QS_BREAKER_CLOSED,
	OPEN = QS_BREAKER_OPEN,
	HALF_OPEN = QS_BREAKER_HALF_OPEN,
	ONE = QS_FACTOR_ONE,
};

static struct qs_terminator one(int state, int breaker, __u32 weight,
				__u32 factor, struct qs_wish wish)
{
	return (struct qs_terminator){
		.state = state,
		.breaker = breaker,
		.weight = weight,
		.factor = factor,
		.wish = wish,
		.effective = 12345,
	};
}

/* Beside a healthy one of weight 100, so that there is no panic. */
static __u32 effective_of(struct qs_terminator terminator)
{
	struct qs_terminator all[] = {
		terminator,
		one(LIVE, CLOSED, 100, ONE, (struct qs_wish)NONE),
	};

	qs_terminators_effective(all, 2);
	cr_assert_eq(all[1].effective, 100);
	return all[0].effective;
}

Test(terminators, by_wish_weight_and_health)
{
	static const struct {
		int state, breaker;
		__u32 weight, factor;
		struct qs_wish wish;
		__u32 effective;
		const char *name;
	} cases[] = {
		{LIVE, CLOSED, 100, ONE, NONE, 100, "as configured"},
		{LIVE, CLOSED, 100, 500, NONE, 50, "half by health"},
		{LIVE, CLOSED, 1, 1, NONE, 1, "health leaves at least 1"},
		{LIVE, CLOSED, 0, ONE, NONE, 0, "configured to have none"},
		{LIVE, CLOSED, 65535, ONE, NONE, 65535, "the highest weight"},
		{LIVE, CLOSED, 100, ONE, WISH(200, AUTO, 0), 200, "wished"},
		{LIVE, CLOSED, 100, 250, WISH(200, AUTO, 0), 50,
		 "wished, by health"},
		{LIVE, CLOSED, 100, ONE, WISH(0, AUTO, 0), 0, "wished away"},
		{LIVE, CLOSED, 100, ONE, WISH(200, AUTO, 1), 0,
		 "drained, whatever the weight"},
		{LIVE, OPEN, 100, ONE, NONE, 0, "breaker open"},
		{LIVE, HALF_OPEN, 100, ONE, NONE, 100, "breaker half open"},
		{LIVE, CLOSED, 100, ONE, WISH(QS_WEIGHT_UNSET, FORCED_OPEN, 0),
		 0, "opened by the operator"},
		{LIVE, OPEN, 100, ONE, WISH(QS_WEIGHT_UNSET, FORCED_CLOSED, 0),
		 100, "closed by the operator"},
		{DRAINING, CLOSED, 100, ONE, NONE, 0, "draining"},
		{DEAD, CLOSED, 100, ONE, NONE, 0, "dead"},
		{QS_TERMINATOR_FREE, CLOSED, 100, ONE, NONE, 0, "free"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		__u32 effective = effective_of(
			one(cases[i].state, cases[i].breaker, cases[i].weight,
			    cases[i].factor, cases[i].wish));

		cr_expect_eq(effective, cases[i].effective, "%s: %u",
			     cases[i].name, effective);
	}
}

Test(terminators, if_healthd_opened_all_it_is_not_believed)
{
	struct qs_terminator all[] = {
		one(LIVE, OPEN, 100, ONE, (struct qs_wish)NONE),
		one(LIVE, OPEN, 50, 500, (struct qs_wish)NONE),
		one(LIVE, OPEN, 70, ONE,
		    (struct qs_wish)WISH(QS_WEIGHT_UNSET, FORCED_OPEN, 0)),
		one(LIVE, CLOSED, 80, ONE, (struct qs_wish)WISH(0, AUTO, 0)),
		one(DEAD, CLOSED, 90, ONE, (struct qs_wish)NONE),
	};
	static const __u32 wanted[] = {100, 25, 0, 0, 0};

	qs_terminators_effective(all, 5);
	for (int i = 0; i < 5; i++)
		cr_expect_eq(all[i].effective, wanted[i], "%d: %u", i,
			     all[i].effective);
}

Test(terminators, the_operator_may_leave_none)
{
	struct qs_terminator all[] = {
		one(LIVE, CLOSED, 100, ONE,
		    (struct qs_wish)WISH(QS_WEIGHT_UNSET, AUTO, 1)),
		one(LIVE, CLOSED, 100, ONE,
		    (struct qs_wish)WISH(QS_WEIGHT_UNSET, FORCED_OPEN, 0)),
	};

	qs_terminators_effective(all, 2);
	cr_expect_eq(all[0].effective, 0);
	cr_expect_eq(all[1].effective, 0);
}

enum { ROWS = 12 };

static struct qs_backend rows[ROWS];

/* Ten active, healthy rows of "web" of weight 100 that may all be ejected but
 * two, one row of another pool, and a free one. */
static void set_up(void)
{
	memset(rows, 0, sizeof(rows));
	for (int i = 0; i < ROWS - 1; i++) {
		rows[i] = (struct qs_backend){
			.state = QS_BACKEND_ACTIVE,
			.health = QS_HEALTH_UP,
			.max_ejected = 80,
			.weight = 100,
			.factor = ONE,
			.effective = 12345,
			.breaker_changed_ns = 1000 + i,
			.wish = NONE,
		};
		strcpy(rows[i].pool, i < 10 ? "web" : "other");
	}
}

TestSuite(pool, .init = set_up);

static size_t count_used(void)
{
	size_t count = 0;

	for (int i = 0; i < 10; i++)
		count += rows[i].effective > 0;
	return count;
}

Test(pool, each_gets_its_weight)
{
	rows[1].weight = 7;
	rows[2].factor = 500;
	rows[3].wish.weight = 200;
	rows[4].health = QS_HEALTH_UNKNOWN;
	rows[5].breaker = HALF_OPEN;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(rows[0].effective, 100 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[1].effective, 7 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[2].effective, 50 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[3].effective, 200 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[4].effective, 100 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[5].effective, 100 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[10].effective, 12345, "another pool's is left alone");
	cr_expect_eq(rows[11].effective, 0, "a free row is left alone");
}

Test(pool, a_health_factor_shows_on_a_small_weight)
{
	rows[0].weight = 1;
	rows[0].factor = 500;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(rows[0].effective, QS_EFFECTIVE_SCALE / 2);
}

Test(pool, slow_start_withholds_a_part)
{
	rows[0].withheld = 950;
	rows[1].weight = 1;
	rows[1].withheld = 999;
	rows[2].withheld = 5000;
	rows[3].weight = 0;
	rows[3].withheld = 950;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(rows[0].effective, 5 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[1].effective, 1, "never nothing");
	cr_expect_gt(rows[2].effective, 0);
	cr_expect_eq(rows[3].effective, 0);
}

Test(pool, what_is_broken_and_what_is_wanted)
{
	rows[0].breaker = OPEN;
	rows[1].health = QS_HEALTH_DOWN;
	rows[2].breaker = HALF_OPEN;
	rows[3].breaker = OPEN;
	rows[3].wish.breaker = FORCED_CLOSED;
	rows[4].wish.breaker = FORCED_OPEN;
	rows[5].health = QS_HEALTH_DOWN;
	rows[5].kept = 1;
	rows[6].wish.drain = 1;
	rows[7].wish.weight = 9;
	for (int i = 0; i < 8; i++)
		cr_expect_eq(qs_backend_is_broken(&rows[i]), i < 2 || i == 4,
			     "row %d", i);
	cr_expect_eq(qs_backend_wanted_weight(&rows[0]), 100);
	cr_expect_eq(qs_backend_wanted_weight(&rows[6]), 0);
	cr_expect_eq(qs_backend_wanted_weight(&rows[7]), 9);
}

Test(pool, ill_ones_are_ejected)
{
	rows[0].breaker = OPEN;
	rows[1].health = QS_HEALTH_DOWN;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(rows[0].effective, 0);
	cr_expect_eq(rows[1].effective, 0);
	cr_expect_eq(rows[0].kept || rows[1].kept, 0);
	cr_expect_eq(count_used(), 8);
}

Test(pool, the_cap_keeps_those_that_were_ejected_last)
{
	for (int i = 0; i < 10; i++)
		rows[i].breaker = OPEN;
	rows[3].breaker_changed_ns = 5000;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(count_used(), 2);
	for (int i = 0; i < 10; i++) {
		cr_expect_eq(rows[i].kept, i == 3 || i == 9, "row %d", i);
		cr_expect_eq(rows[i].effective > 0, i == 3 || i == 9, "row %d",
			     i);
	}
}

Test(pool, rows_that_went_at_one_time_are_told_apart)
{
	for (int i = 0; i < 10; i++) {
		rows[i].breaker = OPEN;
		rows[i].breaker_changed_ns = 1000;
	}
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(count_used(), 2);
}

Test(pool, the_cap_is_rounded_down)
{
	for (int i = 0; i < 10; i++) {
		rows[i].max_ejected = 29;
		rows[i].breaker = OPEN;
	}
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(count_used(), 8);
	for (int i = 1; i < 10; i++)
		rows[i].state = QS_BACKEND_FREE;
	rows[0].max_ejected = 99;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect(rows[0].kept && rows[0].effective,
		  "99 per cent of one is none");
	rows[0].max_ejected = 100;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(rows[0].effective, 0);
}

Test(pool, what_the_operator_takes_away_does_not_count_for_the_cap)
{
	for (int i = 0; i < 5; i++)
		rows[i].breaker = OPEN;
	rows[5].wish.drain = 1;
	rows[6].wish.breaker = FORCED_OPEN;
	rows[7].wish.weight = 0;
	rows[8].weight = 0;
	rows[9].state = QS_BACKEND_DRAINING;
	qs_pool_effective(rows, ROWS, "web");
	/* Five candidates, all ill: four may be ejected. */
	cr_expect_eq(count_used(), 1);
	cr_expect(rows[4].kept);
	for (int i = 5; i < 10; i++)
		cr_expect(!rows[i].kept && !rows[i].effective, "row %d", i);
}

Test(pool, closed_by_the_operator_is_used_whatever_is_seen)
{
	rows[0].breaker = OPEN;
	rows[0].health = QS_HEALTH_DOWN;
	rows[0].wish.breaker = FORCED_CLOSED;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(rows[0].effective, 100 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(rows[0].kept, 0);
}

Test(pool, a_row_that_is_well_again_is_not_kept)
{
	for (int i = 0; i < 10; i++)
		rows[i].breaker = OPEN;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect(rows[9].kept);
	rows[9].breaker = CLOSED;
	qs_pool_effective(rows, ROWS, "web");
	cr_expect_eq(rows[9].kept, 0);
	cr_expect_eq(rows[9].effective, 100 * QS_EFFECTIVE_SCALE);
	cr_expect_eq(count_used(), 2, "eight of ten are ejected");
}
