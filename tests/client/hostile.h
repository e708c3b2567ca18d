/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an HTTP/3 server must survive: TLS messages that have no place in QUIC,
 * and datagrams that are no QUIC. Each case prints a line of JSON.
 */
#ifndef TESTS_CLIENT_HOSTILE_H
#define TESTS_CLIENT_HOSTILE_H

#include "tests/client/connection.h"

struct hostile {
	uv_loop_t loop;
	struct connection_options connection;
	unsigned int failed; /* cases */
};

/* hostile_verdict prints a case's line and counts it. `seen` says what came
 * back. */
void hostile_verdict(struct hostile *hostile, const char *name, bool ok,
		     const char *seen);

/* hostile_tls sends a KeyUpdate (RFC 8446, 4.6.3) and an EndOfEarlyData (4.5)
 * in CRYPTO frames at each level; QUIC knows neither (RFC 9001, 6 and 8.3).
 * Each connection must be closed with unexpected_message, 0x10a. And a client
 * that does not speak h3 is refused. */
void hostile_tls(struct hostile *hostile);

/* hostile_packets sends datagrams that no client may send, or nobody can read.
 * `initial` is a whole datagram with a client's first Initial. */
void hostile_packets(struct hostile *hostile, const uint8_t *initial,
		     size_t size);

#endif
