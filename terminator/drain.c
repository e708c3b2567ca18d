/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/drain.h"

#include "loader/lib/clock.h"

void drain_leave(struct drain *drain, uint64_t now_ns, uint64_t timeout_ms)
{
	drain->state = DRAIN_LEAVING;
	drain->busy_ns = now_ns;
	drain->end_ns = now_ns + timeout_ms * NS_PER_MS;
}

static enum drain_action step_leaving(struct drain *drain,
				      const struct drain_view *view)
{
	if (view->now_ns >= drain->end_ns)
		return DRAIN_FINISH;
	if (view->connections)
		drain->busy_ns = view->now_ns;
	return view->now_ns - drain->busy_ns >= DRAIN_GRACE_NS ? DRAIN_FINISH
							       : DRAIN_GO_ON;
}

/* The deadline may be moved while it drains, also after it has passed. */
static enum drain_action step_wished(struct drain *drain,
				     const struct drain_view *view)
{
	bool over = view->wish->drain_end_ns &&
		    view->now_real_ns >= view->wish->drain_end_ns;

	if (!view->wish->drain) {
		drain->state = DRAIN_SERVING;
		return DRAIN_UNDO;
	}
	if (over == drain->closed)
		return DRAIN_GO_ON;
	drain->closed = over;
	return over ? DRAIN_CLOSE : DRAIN_GO_ON;
}

enum drain_action drain_step(struct drain *drain, const struct drain_view *view)
{
	switch (drain->state) {
	case DRAIN_LEAVING:
		return step_leaving(drain, view);
	case DRAIN_WISHED:
		return step_wished(drain, view);
	default:
		if (!view->wish || !view->wish->drain)
			return DRAIN_GO_ON;
		drain->state = DRAIN_WISHED;
		drain->closed = false;
		return DRAIN_BEGIN;
	}
}
