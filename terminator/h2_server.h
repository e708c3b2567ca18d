/* SPDX-License-Identifier: GPL-2.0-only */
/* The HTTP/2 front (RFC 9113): nghttp2 between a connection's streams and
 * exchanges. */
#ifndef TERMINATOR_H2_SERVER_H
#define TERMINATOR_H2_SERVER_H

struct tcp_protocol;

extern const struct tcp_protocol h2_server;

#endif
