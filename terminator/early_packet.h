/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a client offers 0-RTT, which ngtcp2 does not tell when the data is
 * not taken. Pure.
 */
#ifndef TERMINATOR_EARLY_PACKET_H
#define TERMINATOR_EARLY_PACKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* early_packet_is_in tells whether there is a 0-RTT packet of version 1 or 2 in
 * a datagram, behind others or alone (RFC 9000, 12.2 and 17.2). */
bool early_packet_is_in(const uint8_t *datagram, size_t size);

#endif
