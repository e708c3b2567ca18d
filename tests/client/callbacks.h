/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ngtcp2's callbacks of a client connection, between connection.c and the
 * connection's application.
 */
#ifndef TESTS_CLIENT_CALLBACKS_H
#define TESTS_CLIENT_CALLBACKS_H

#include "tests/client/connection.h"

/* connection_callbacks returns the one table of callbacks. */
const ngtcp2_callbacks *connection_callbacks(void);

/* connection_make_cid makes a CID of ours: the connection's number, then random
 * octets. */
void connection_make_cid(struct connection *connection, ngtcp2_cid *cid);

/* random_octets fills `data` from the kernel. */
void random_octets(uint8_t *data, size_t size);

#endif
