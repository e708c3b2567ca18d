/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/retry.h"

#include <criterion/criterion.h>

static struct retry_budget budget;

static unsigned take_all(uint64_t now, uint32_t per_mille, uint32_t minimum)
{
	unsigned taken = 0;

	while (taken < 100000 && retry_take(&budget, now, per_mille, minimum))
		taken++;
	return taken;
}

static void count(uint64_t now, unsigned requests)
{
	while (requests--)
		retry_count(&budget, now);
}

Test(retry, the_minimum_is_always_there)
{
	cr_expect_eq(take_all(0, 200, 10), 10);
	cr_expect_eq(take_all(5000, 200, 10), 0, "for the window");
	cr_expect_eq(take_all(10000, 200, 10), 10, "and again behind it");
}

Test(retry, a_share_of_the_requests)
{
	count(0, 1000);
	cr_expect_eq(take_all(0, 200, 10), 200);
	count(9999, 500);
	cr_expect_eq(take_all(9999, 200, 10), 100);
	cr_expect_eq(take_all(10000, 200, 10), 0,
		     "200 of the 500 requests' 100 are gone with their second");
}

Test(retry, old_requests_do_not_count)
{
	count(0, 1000);
	count(4000, 100);
	cr_expect_eq(take_all(10500, 200, 0), 20);
	cr_expect_eq(take_all(3600000, 200, 0), 0);
}

Test(retry, no_budget)
{
	count(0, 1000);
	cr_expect_eq(take_all(0, 0, 0), 0);
}

/* Each second 100 requests come, all of which fail. */
Test(retry, a_storm_is_bounded)
{
	unsigned sent = 0;

	for (unsigned second = 0; second < 60; second++) {
		count(second * 1000, 100);
		sent += 100 + take_all(second * 1000, 200, 10);
	}
	cr_expect_leq(sent, 6000 * 12 / 10 + 10, "%u", sent);
	cr_expect_geq(sent, 6000 * 11 / 10, "%u", sent);
}
