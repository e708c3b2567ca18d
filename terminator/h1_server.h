/* SPDX-License-Identifier: GPL-2.0-only */
/* The HTTP/1.1 front (RFC 9112; HTTP/1.0, too): requests of a connection, one
 * after the other, as exchanges. */
#ifndef TERMINATOR_H1_SERVER_H
#define TERMINATOR_H1_SERVER_H

struct tcp_protocol;

extern const struct tcp_protocol h1_server;

#endif
