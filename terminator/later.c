/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/later.h"

#include <assert.h>
#include <stddef.h>
#include <utlist.h>

/* Work that comes meanwhile waits for the next turn, so that sockets get
 * theirs. */
static void on_idle(uv_idle_t *idle)
{
	struct later *later = idle->data;
	struct later_work *work;
	size_t turn;

	DL_COUNT(later->first, work, turn);
	while (turn-- && later->first) {
		later_run *run;

		work = later->first;
		run = work->run;
		later_cancel(later, work);
		run(work);
	}
}

void later_init(struct later *later, uv_loop_t *loop)
{
	uv_idle_init(loop, &later->idle);
	later->idle.data = later;
	later->first = NULL;
}

void later_add(struct later *later, struct later_work *work, later_run *run)
{
	if (!work->run) {
		DL_APPEND(later->first, work);
		uv_idle_start(&later->idle, on_idle);
	}
	work->run = run;
}

void later_cancel(struct later *later, struct later_work *work)
{
	if (!work->run)
		return;
	DL_DELETE(later->first, work);
	work->run = NULL;
	if (!later->first)
		uv_idle_stop(&later->idle);
}

void later_close(struct later *later, uv_close_cb on_closed)
{
	assert(!later->first);
	uv_close((uv_handle_t *)&later->idle, on_closed);
}
