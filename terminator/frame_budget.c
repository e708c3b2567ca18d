/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/frame_budget.h"

#define ONE_NS (UINT64_C(1000000000) / FRAME_BUDGET_RATE)

static void fill(struct frame_budget *budget, uint64_t now_ns)
{
	uint64_t back = (now_ns - budget->filled_ns) / ONE_NS;

	if (back >= budget->spent) {
		budget->spent = 0;
		budget->filled_ns = now_ns;
	} else {
		budget->spent -= (uint32_t)back;
		budget->filled_ns += back * ONE_NS;
	}
}

bool frame_budget_spend(struct frame_budget *budget, uint32_t cost,
			uint64_t now_ns)
{
	fill(budget, now_ns);
	if (cost <= budget->earned) {
		budget->earned -= cost;
		return true;
	}
	cost -= budget->earned;
	budget->earned = 0;
	if (cost > UINT32_MAX - budget->spent)
		cost = UINT32_MAX - budget->spent;
	budget->spent += cost;
	return budget->spent <= FRAME_BUDGET_BURST;
}

void frame_budget_earn(struct frame_budget *budget, uint64_t amount)
{
	if (amount > FRAME_BUDGET_EARNED_MAX - budget->earned)
		amount = FRAME_BUDGET_EARNED_MAX - budget->earned;
	budget->earned += (uint32_t)amount;
}
