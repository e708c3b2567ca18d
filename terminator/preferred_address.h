/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The address that clients are asked to go over to (RFC 9000, 9.6). It is one
 * of the VIPs, and the CID for it has our server ID, so that what is sent there
 * comes to the same terminator.
 */
#ifndef TERMINATOR_PREFERRED_ADDRESS_H
#define TERMINATOR_PREFERRED_ADDRESS_H

#include <ngtcp2/ngtcp2.h>

struct quic;

/* preferred_address_fill fills in what the options say, if anything: addresses,
 * a CID by the configuration of `scid`, which the caller registers, and its
 * token. */
void preferred_address_fill(const struct quic *quic, const ngtcp2_cid *scid,
			    ngtcp2_preferred_addr *to);

#endif
