/* SPDX-License-Identifier: GPL-2.0-only */
#include <criterion/criterion.h>

#include "terminator/frame_budget.h"

#define SECOND UINT64_C(1000000000)
#define START (1000 * SECOND)

static unsigned spend_all(struct frame_budget *budget, uint64_t now_ns)
{
	unsigned count = 0;

	while (count < 10 * FRAME_BUDGET_BURST &&
	       frame_budget_spend(budget, 1, now_ns))
		count++;
	return count;
}

Test(frame_budget, a_burst_is_taken)
{
	struct frame_budget budget = {};

	cr_assert_eq(spend_all(&budget, START), FRAME_BUDGET_BURST);
	cr_assert_not(frame_budget_spend(&budget, 1, START));
}

Test(frame_budget, it_fills_with_time)
{
	struct frame_budget budget = {};

	spend_all(&budget, START);
	/* What was asked for in vain counts, too. */
	cr_assert_eq(spend_all(&budget, START + SECOND), FRAME_BUDGET_RATE - 1);
	cr_assert_eq(spend_all(&budget, START + 100 * SECOND),
		     FRAME_BUDGET_BURST);
}

Test(frame_budget, a_steady_rate_goes_on_for_ever)
{
	struct frame_budget budget = {};
	uint64_t now_ns = START;

	for (unsigned i = 0; i < 100 * FRAME_BUDGET_RATE; i++) {
		cr_assert(frame_budget_spend(&budget, 1, now_ns), "frame %u",
			  i);
		now_ns += SECOND / FRAME_BUDGET_RATE;
	}
}

Test(frame_budget, twice_the_rate_does_not)
{
	struct frame_budget budget = {};
	uint64_t now_ns = START;
	unsigned i;

	for (i = 0; i < 100 * FRAME_BUDGET_RATE; i++) {
		if (!frame_budget_spend(&budget, 1, now_ns))
			break;
		now_ns += SECOND / FRAME_BUDGET_RATE / 2;
	}
	cr_assert(i > FRAME_BUDGET_BURST && i < 3 * FRAME_BUDGET_BURST, "%u",
		  i);
}

Test(frame_budget, what_costs_more_takes_more)
{
	struct frame_budget budget = {};

	cr_assert(frame_budget_spend(&budget, FRAME_BUDGET_BURST - 1, START));
	cr_assert_not(frame_budget_spend(&budget, 2, START));
	cr_assert_not(frame_budget_spend(&budget, UINT32_MAX, START));
	cr_assert_not(frame_budget_spend(&budget, UINT32_MAX, START + SECOND));
}

Test(frame_budget, what_is_earned_is_spent_once)
{
	struct frame_budget budget = {};

	frame_budget_earn(&budget, 5);
	cr_assert_eq(spend_all(&budget, START), FRAME_BUDGET_BURST + 5);
	cr_assert_eq(spend_all(&budget, START + 100 * SECOND),
		     FRAME_BUDGET_BURST);
}

Test(frame_budget, earnings_have_an_end)
{
	struct frame_budget budget = {};

	frame_budget_earn(&budget, UINT64_MAX);
	frame_budget_earn(&budget, 1);
	cr_assert_eq(budget.earned, FRAME_BUDGET_EARNED_MAX);
	cr_assert(frame_budget_spend(
		&budget, FRAME_BUDGET_EARNED_MAX + FRAME_BUDGET_BURST, START));
	cr_assert_not(frame_budget_spend(&budget, 1, START));
}
