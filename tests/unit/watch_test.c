/* SPDX-License-Identifier: GPL-2.0-only */
/* Terminators that hang and recover, seen by their heartbeats. */
#include "healthd/watch.h"
#include "loader/lib/clock.h"

#include <criterion/criterion.h>

#define MS(n) ((uint64_t)(n)*NS_PER_MS)

enum { TICK = 100, TIMEOUT = 1000, HOLD = 2000, BEGIN = 1000000 };

static struct watch watch;
static int changes;

/* Ticks from `from` to `to`; the last beat was `last` before, if that is given,
 * else the process beats all the time. */
static void run(int from, int to, int last)
{
	for (int now = from; now < to; now += TICK) {
		int beat = last ? last : now - 50;

		changes += watch_step(&watch, MS(beat), MS(now), MS(TIMEOUT),
				      MS(HOLD));
	}
}

static void begin(bool open)
{
	watch_begin(&watch, open, MS(BEGIN));
	changes = 0;
}

Test(watch, leaves_one_that_beats_alone)
{
	begin(false);
	run(BEGIN, BEGIN + 60000, 0);
	cr_assert_not(watch.open);
	cr_assert_eq(changes, 0);
}

Test(watch, opens_after_the_timeout_and_not_before)
{
	begin(false);
	run(BEGIN, BEGIN + 5000, 0);
	run(BEGIN + 5000, BEGIN + 6000, BEGIN + 4950);
	cr_assert_not(watch.open, "too early");
	run(BEGIN + 6000, BEGIN + 6100, BEGIN + 4950);
	cr_assert(watch.open, "over 1 s and still closed");
	cr_assert_eq(changes, 1);
}

Test(watch, closes_when_it_has_beaten_for_the_hold_time)
{
	begin(false);
	run(BEGIN, BEGIN + 3000, BEGIN);
	cr_assert(watch.open);
	run(BEGIN + 3000, BEGIN + 5000, 0);
	cr_assert(watch.open, "too early");
	run(BEGIN + 5000, BEGIN + 5200, 0);
	cr_assert_not(watch.open);
	cr_assert_eq(changes, 2);
}

Test(watch, does_not_flap)
{
	begin(false);
	run(BEGIN, BEGIN + 3000, BEGIN);
	for (int round = 1; round < 20; round++) {
		int at = BEGIN + round * 3000;

		run(at, at + 1800, 0);
		run(at + 1800, at + 3000, at + 1750);
	}
	cr_assert(watch.open);
	cr_assert_eq(changes, 1, "%d changes", changes);
}

Test(watch, excuses_our_own_absence)
{
	begin(false);
	run(BEGIN, BEGIN + 1000, 0);
	watch_excuse(&watch, MS(BEGIN + 60000));
	run(BEGIN + 60000, BEGIN + 61000, BEGIN + 950);
	cr_assert_not(watch.open, "blamed for our absence");
	run(BEGIN + 61000, BEGIN + 61200, BEGIN + 950);
	cr_assert(watch.open, "excused for ever");
}

Test(watch, our_absence_is_no_steady_time)
{
	begin(true);
	run(BEGIN, BEGIN + 500, 0);
	watch_excuse(&watch, MS(BEGIN + 60000));
	run(BEGIN + 60000, BEGIN + 61900, 0);
	cr_assert(watch.open);
	run(BEGIN + 61900, BEGIN + 62200, 0);
	cr_assert_not(watch.open);
}

Test(watch, gives_a_new_one_time_to_begin)
{
	begin(false);
	run(BEGIN, BEGIN + 1000, 1);
	cr_assert_not(watch.open);
	run(BEGIN + 1000, BEGIN + 1200, 1);
	cr_assert(watch.open, "it never beat");
}

Test(watch, goes_on_where_the_row_says)
{
	begin(true);
	run(BEGIN, BEGIN + 10000, BEGIN - 5000);
	cr_assert(watch.open);
	cr_assert_eq(changes, 0);
}

Test(watch, takes_a_beat_from_the_future_as_one_of_now)
{
	begin(false);
	run(BEGIN, BEGIN + 2000, BEGIN + 5000);
	cr_assert_not(watch.open);
}
