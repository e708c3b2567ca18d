/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ngtcp2 calls for a connection. `user_data` is the struct conn.
 */
#ifndef TERMINATOR_CONN_CALLBACKS_H
#define TERMINATOR_CONN_CALLBACKS_H

#include <ngtcp2/ngtcp2.h>

/* conn_callbacks returns the callbacks of a server connection. */
const ngtcp2_callbacks *conn_callbacks(void);

#endif
