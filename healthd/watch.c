/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/watch.h"

void watch_begin(struct watch *watch, bool open, uint64_t now_ns)
{
	*watch = (struct watch){.open = open, .excused_ns = now_ns};
}

void watch_excuse(struct watch *watch, uint64_t now_ns)
{
	watch->excused_ns = now_ns;
}

static uint64_t age(uint64_t since_ns, uint64_t now_ns)
{
	return now_ns > since_ns ? now_ns - since_ns : 0;
}

static bool misses(const struct watch *watch, uint64_t beat_ns, uint64_t now_ns,
		   uint64_t timeout_ns)
{
	uint64_t since =
		beat_ns > watch->excused_ns ? beat_ns : watch->excused_ns;

	return age(since, now_ns) > timeout_ns;
}

/* Our own gap is no proof that it beat all the time: steady anew. */
static bool recovered(struct watch *watch, uint64_t beat_ns, uint64_t now_ns,
		      uint64_t timeout_ns, uint64_t hold_ns)
{
	if (age(beat_ns, now_ns) > timeout_ns / 2) {
		watch->steady_ns = 0;
		return false;
	}
	if (!watch->steady_ns || watch->steady_ns < watch->excused_ns)
		watch->steady_ns = now_ns;
	return age(watch->steady_ns, beat_ns) >= hold_ns;
}

bool watch_step(struct watch *watch, uint64_t beat_ns, uint64_t now_ns,
		uint64_t timeout_ns, uint64_t hold_ns)
{
	if (!watch->open) {
		if (!misses(watch, beat_ns, now_ns, timeout_ns))
			return false;
		watch->open = true;
		watch->steady_ns = 0;
		return true;
	}
	if (!recovered(watch, beat_ns, now_ns, timeout_ns, hold_ns))
		return false;
	watch->open = false;
	return true;
}
