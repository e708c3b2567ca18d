/* SPDX-License-Identifier: GPL-2.0-only */
/* One control connection, from its HELLO to its end. */
#ifndef QS_LOADER_CLIENT_H
#define QS_LOADER_CLIENT_H

#include "loader/control.h"

/*
 * client_start: serves the connected socket `fd`, which it owns from now on.
 * The client frees itself when the connection ends.
 */
void client_start(struct control *control, int fd, const struct ucred *peer);

/* client_stop: closes the connection; the terminator is not called dead. */
void client_stop(struct client *client);

/* client_refuse: sends REFUSED with a reason; `fd` stays open. */
void client_refuse(int fd, const char *reason);

#endif
