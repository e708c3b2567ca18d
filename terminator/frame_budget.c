/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/frame_budget.h"

#define ONE_NS (UINT64_C(1000000000) / FRAME_BUDGET_RATE)

bool frame_budget_spend(struct frame_budget *budget, uint64_t now_ns)
{
	uint64_t back = (now_ns - budget->filled_ns) / ONE_NS;

	if (back >= budget->spent) {
		budget->spent = 0;
		budget->filled_ns = now_ns;
	} else {
		budget->spent -= (uint32_t)back;
		budget->filled_ns += back * ONE_NS;
	}
	return budget->spent++ < FRAME_BUDGET_BURST;
}
