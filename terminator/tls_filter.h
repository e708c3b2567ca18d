/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which TLS messages a client may send in CRYPTO frames, by encryption level.
 * wolfSSL also takes messages that RFC 9001 forbids there: a KeyUpdate (6)
 * makes it install keys twice, which aborts ngtcp2; an EndOfEarlyData (8.3)
 * passes silently. The filter sees the ordered octets before wolfSSL does.
 */
#ifndef TERMINATOR_TLS_FILTER_H
#define TERMINATOR_TLS_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum tls_filter_level {
	TLS_FILTER_INITIAL,
	TLS_FILTER_HANDSHAKE,
	TLS_FILTER_APPLICATION,
	TLS_FILTER_LEVELS,
};

/* The place in the message framing (RFC 8446, 4: type 1, length 3). */
struct tls_filter {
	struct {
		uint8_t header_size; /* octets of the header seen, 0 to 4 */
		uint32_t left;	     /* octets of the body to come */
	} level[TLS_FILTER_LEVELS];
};

/* tls_filter_allows tells whether the next `size` octets at `level` hold only
 * messages that a client without a certificate may send there: ClientHello in
 * Initial, Finished in Handshake, none later. On false the connection must end
 * with alert unexpected_message. */
bool tls_filter_allows(struct tls_filter *filter, enum tls_filter_level level,
		       const uint8_t *data, size_t size);

#endif
