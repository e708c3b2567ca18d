/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/manager.h"

#include <stdio.h>

#include "loader/lib/notify.h"

static void on_watchdog(uv_timer_t *timer)
{
	(void)timer;
	notify_manager("WATCHDOG=1");
}

void manager_start(struct manager *manager, uv_loop_t *loop)
{
	unsigned ms = notify_watchdog_ms();

	uv_timer_init(loop, &manager->watchdog);
	if (ms)
		uv_timer_start(&manager->watchdog, on_watchdog, ms, ms);
	notify_manager("READY=1");
}

void manager_hand_over(int pid)
{
	char text[32];

	snprintf(text, sizeof(text), "MAINPID=%d", pid);
	notify_manager(text);
}

void manager_stopping(void)
{
	notify_manager("STOPPING=1");
}

void manager_close(struct manager *manager)
{
	uv_close((uv_handle_t *)&manager->watchdog, NULL);
}
