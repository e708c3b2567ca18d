/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/slow_start.h"
#include "loader/lib/clock.h"

void slow_start_resume(struct slow_start *slow, const struct qs_backend *row)
{
	bool valid = row->withheld <= SLOW_START_WITHHELD;

	*slow = (struct slow_start){
		.withheld = valid ? row->withheld : 0,
		.begin_ns = valid ? row->slow_start_ns : 0,
		.out = !row->effective,
	};
}

/* What is still withheld; the clock may have been set back. */
static uint32_t left(const struct slow_start *slow, uint64_t duration_ns,
		     uint64_t now_ns)
{
	uint64_t passed = now_ns > slow->begin_ns ? now_ns - slow->begin_ns : 0;

	if (passed >= duration_ns)
		return 0;
	return SLOW_START_WITHHELD -
	       (uint32_t)((double)SLOW_START_WITHHELD * passed / duration_ns);
}

static void go_on(struct slow_start *slow, const struct qs_backend *row,
		  enum qs_breaker breaker, uint64_t duration_ns,
		  uint64_t now_ns)
{
	bool trials = breaker == QS_BREAKER_HALF_OPEN &&
		      row->wish.breaker == QS_WISH_AUTO;

	if (!duration_ns || trials || !row->effective) {
		slow->out = duration_ns;
		slow->begin_ns = 0;
		slow->withheld =
			duration_ns && !trials ? SLOW_START_WITHHELD : 0;
		return;
	}
	if (slow->out || (slow->withheld && !slow->begin_ns))
		slow->begin_ns = now_ns;
	slow->out = false;
	if (!slow->begin_ns)
		return;
	slow->withheld = left(slow, duration_ns, now_ns);
	if (!slow->withheld)
		slow->begin_ns = 0;
}

bool slow_start_step(struct slow_start *slow, const struct qs_backend *row,
		     enum qs_breaker breaker, uint32_t duration_ms,
		     uint64_t now_ns)
{
	go_on(slow, row, breaker, (uint64_t)duration_ms * NS_PER_MS, now_ns);
	return slow->withheld != row->withheld ||
	       slow->begin_ns != row->slow_start_ns;
}
