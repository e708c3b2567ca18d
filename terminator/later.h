/* SPDX-License-Identifier: GPL-2.0-only */
/* Work that must not be done inside the present call: it is done by the event
 * loop, in the order of its coming. */
#ifndef TERMINATOR_LATER_H
#define TERMINATOR_LATER_H

#include <uv.h>

struct later_work;

typedef void later_run(struct later_work *work);

/* To be embedded; all zeros: nothing to be done. */
struct later_work {
	later_run *run;
	struct later_work *prev, *next;
};

struct later {
	uv_idle_t idle; /* active while there is work */
	struct later_work *first;
};

/* later_init sets up the handle, which is inactive. */
void later_init(struct later *later, uv_loop_t *loop);

/* later_add has `run` called with the work soon; if it waits already, only
 * `run` changes. */
void later_add(struct later *later, struct later_work *work, later_run *run);

/* later_cancel has it not done; nothing if it does not wait. */
void later_cancel(struct later *later, struct later_work *work);

/* later_close closes the handle; there must be no work. */
void later_close(struct later *later, uv_close_cb on_closed);

#endif
