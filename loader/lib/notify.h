/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_LIB_NOTIFY_H
#define QS_LOADER_LIB_NOTIFY_H

/*
 * notify_manager: sends a state such as "READY=1" to the service manager that
 * $NOTIFY_SOCKET names (sd_notify(3)). Does nothing where there is none. All
 * but "WATCHDOG=1" wait until the manager can take them.
 */
void notify_manager(const char *state);

/*
 * notify_watchdog_ms: how often the service manager wants "WATCHDOG=1" from
 * this process, in milliseconds, already halved ($WATCHDOG_USEC,
 * $WATCHDOG_PID; sd_watchdog_enabled(3)). 0: not at all.
 */
unsigned int notify_watchdog_ms(void);

#endif
