/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the service manager (systemd) is told of a terminator, where there is
 * one (loader/lib/notify.h).
 */
#ifndef TERMINATOR_MANAGER_H
#define TERMINATOR_MANAGER_H

#include <uv.h>

struct manager {
	uv_timer_t watchdog;
};

/* manager_start tells that the process serves, and from now on, as long as the
 * loop turns, that it lives. */
void manager_start(struct manager *manager, uv_loop_t *loop);

/* manager_hand_over tells that `pid` takes our place. */
void manager_hand_over(int pid);

/* manager_stopping tells that the process ends with nobody in its place. */
void manager_stopping(void);

void manager_close(struct manager *manager);

#endif
