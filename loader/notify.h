/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_NOTIFY_H
#define QS_LOADER_NOTIFY_H

/*
 * notify_manager: sends a state such as "READY=1" to the service manager that
 * $NOTIFY_SOCKET names (sd_notify(3)). Does nothing where there is none.
 */
void notify_manager(const char *state);

#endif
