/* SPDX-License-Identifier: GPL-2.0-only */
/* A backend that comes back gets its weight back little by little. */
#include "healthd/slow_start.h"
#include "loader/lib/clock.h"

#include <criterion/criterion.h>

#define CLOSED QS_BREAKER_CLOSED

enum { DURATION_MS = 10000 };

static const uint64_t begin = 1000 * NS_PER_SECOND;
static struct slow_start slow;
static struct qs_backend row;

/* One step, and what the row is then. Returns whether it had to be written. */
static bool step(enum qs_breaker breaker, uint64_t seconds)
{
	bool changed = slow_start_step(&slow, &row, breaker, DURATION_MS,
				       begin + seconds * NS_PER_SECOND);

	row.withheld = slow.withheld;
	row.slow_start_ns = slow.begin_ns;
	row.breaker = breaker;
	return changed;
}

static void set_up(void)
{
	row = (struct qs_backend){.effective = 25600};
	slow_start_resume(&slow, &row);
}

TestSuite(slow_start, .init = set_up);

Test(slow_start, nothing_happens_to_one_that_is_well)
{
	for (unsigned i = 0; i < 100; i++)
		cr_assert_not(step(CLOSED, i));
	cr_expect_eq(row.withheld, 0);
}

static void expect_ramp(uint64_t from)
{
	cr_expect(step(CLOSED, from));
	cr_expect_eq(row.withheld, SLOW_START_WITHHELD);
	cr_expect_eq(row.slow_start_ns, begin + from * NS_PER_SECOND);
	step(CLOSED, from + 1);
	cr_expect_eq(row.withheld, 855);
	step(CLOSED, from + 5);
	cr_expect_eq(row.withheld, 475);
	step(CLOSED, from + 9);
	cr_expect_eq(row.withheld, 95);
	cr_expect(step(CLOSED, from + 10));
	cr_expect_eq(row.withheld, 0);
	cr_expect_eq(row.slow_start_ns, 0);
	cr_expect_not(step(CLOSED, from + 11));
}

/* Trials go by the whole weight; when they have succeeded it begins. */
Test(slow_start, after_an_open_breaker)
{
	row.effective = 0;
	step(QS_BREAKER_OPEN, 1);
	cr_expect_eq(row.withheld, SLOW_START_WITHHELD);
	step(QS_BREAKER_HALF_OPEN, 2);
	cr_expect_eq(row.withheld, 0);
	row.effective = 25600;
	cr_expect_not(step(QS_BREAKER_HALF_OPEN, 3));
	expect_ramp(4);
}

/* Also the first moment of one that is up again is slow. */
Test(slow_start, after_failed_checks_or_an_operators_drain)
{
	row.effective = 0;
	cr_expect(step(CLOSED, 1));
	cr_expect_not(step(CLOSED, 2));
	cr_expect_eq(row.withheld, SLOW_START_WITHHELD);
	row.effective = 1280;
	expect_ramp(3);
}

Test(slow_start, of_a_new_row)
{
	row.withheld = SLOW_START_WITHHELD;
	slow_start_resume(&slow, &row);
	expect_ramp(1);
}

Test(slow_start, goes_on_after_a_restart)
{
	row.effective = 0;
	step(CLOSED, 1);
	row.effective = 1280;
	step(CLOSED, 2);
	slow = (struct slow_start){0};
	slow_start_resume(&slow, &row);
	step(CLOSED, 7);
	cr_expect_eq(row.withheld, 475);
	/* A clock that was set back does no more than begin again. */
	step(CLOSED, 0);
	cr_expect_eq(row.withheld, SLOW_START_WITHHELD);
}

Test(slow_start, starts_anew_when_it_fails_again)
{
	row.effective = 0;
	step(CLOSED, 1);
	row.effective = 1280;
	step(CLOSED, 2);
	step(CLOSED, 9);
	row.effective = 0;
	step(CLOSED, 10);
	cr_expect_eq(row.withheld, SLOW_START_WITHHELD);
	row.effective = 1280;
	expect_ramp(20);
}

Test(slow_start, can_be_switched_off_meanwhile)
{
	row.effective = 0;
	step(CLOSED, 1);
	row.effective = 1280;
	step(CLOSED, 2);
	cr_expect(slow_start_step(&slow, &row, CLOSED, 0, begin));
	cr_expect_eq(slow.withheld, 0);
	cr_expect_eq(slow.begin_ns, 0);
}

Test(slow_start, rows_that_cannot_be)
{
	row.withheld = 5000;
	row.slow_start_ns = 77;
	slow_start_resume(&slow, &row);
	cr_expect_eq(slow.withheld, 0);
	cr_expect_eq(slow.begin_ns, 0);
}
