/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of a client connection share: connection.c (its life and
 * paths), connection_send.c and callbacks.c (between ngtcp2 and the
 * application).
 */
#ifndef TESTS_CLIENT_CONNECTION_PRIVATE_H
#define TESTS_CLIENT_CONNECTION_PRIVATE_H

#include "tests/client/connection.h"

/* connection_callbacks returns the one table of ngtcp2's callbacks. */
const ngtcp2_callbacks *connection_callbacks(void);

/* connection_make_cid makes a CID of ours: the connection's number, then random
 * octets. */
void connection_make_cid(struct connection *connection, ngtcp2_cid *cid);

/* connection_path_of finds the path by its local address, or NULL. */
struct connection_path *connection_path_of(struct connection *connection,
					   const ngtcp2_addr *local);

/* connection_set_timer has ngtcp2 called when it asks for it next. */
void connection_set_timer(struct connection *connection);

/* connection_give_up ends the connection after an error of ngtcp2's, and says
 * so to the peer. */
void connection_give_up(struct connection *connection, int error);

/* connection_end ends it. The application is told from the loop, never from
 * inside its own call. */
void connection_end(struct connection *connection);

/* random_octets fills `data` from the kernel. */
void random_octets(uint8_t *data, size_t size);

#endif
