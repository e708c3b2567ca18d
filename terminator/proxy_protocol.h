/* SPDX-License-Identifier: GPL-2.0-only */
/* The header of the PROXY protocol, version 2, that tells a backend the client
 * of a connection. Pure. */
#ifndef TERMINATOR_PROXY_PROTOCOL_H
#define TERMINATOR_PROXY_PROTOCOL_H

#include <stddef.h>
#include <stdint.h>

struct sockaddr;

enum { PROXY_PROTOCOL_SIZE = 16 + 36 };

/* proxy_protocol_write writes the header of a stream from `peer` to `local`;
 * IPv4-mapped addresses are IPv4 ones. If one is NULL, or they are of two
 * families, it is that of a connection of our own (LOCAL). Returns its size in
 * octets. */
size_t proxy_protocol_write(uint8_t header[PROXY_PROTOCOL_SIZE],
			    const struct sockaddr *peer,
			    const struct sockaddr *local);

#endif
