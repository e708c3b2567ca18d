/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether an ICMP error can be believed (RFC 9000, 14.2.1; RFC 8899, 4.6):
 * anybody may send one, so what it quotes must be what we sent, and what it
 * claims must make sense. Pure: knows no connection.
 */
#ifndef TERMINATOR_ICMP_CHECK_H
#define TERMINATOR_ICMP_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* RFC 9000, 14: every path of QUIC carries UDP payloads of as much. */
enum { ICMP_MIN_PAYLOAD = 1200 };

/* A connection ID in the quote: `known` of its `size` octets are there. */
struct icmp_cid {
	const uint8_t *octets; /* in the quote */
	size_t size;
	size_t known;
};

/* icmp_quoted_dcid finds the DCID in the first `size` octets of a datagram of
 * ours. A short header does not tell the length of its DCID: it is
 * `short_length`. */
void icmp_quoted_dcid(const uint8_t *quoted, size_t size, size_t short_length,
		      struct icmp_cid *ret_dcid);

/* icmp_quoted_scid finds the SCID, which only long headers have. Returns
 * whether the whole of it is there. */
bool icmp_quoted_scid(const uint8_t *quoted, size_t size,
		      struct icmp_cid *ret_scid);

/* icmp_is_cid tells whether as much of a quoted CID as is known agrees. */
bool icmp_is_cid(const struct icmp_cid *quoted, const uint8_t *octets,
		 size_t size);

enum icmp_mtu {
	ICMP_MTU_TAKEN,
	ICMP_MTU_TOO_SMALL, /* not even ICMP_MIN_PAYLOAD would fit */
	ICMP_MTU_TOO_LARGE, /* no less than what is sent */
};

/* icmp_judge_mtu judges the MTU of an IP path whose UDP payloads have up to
 * `now` octets. *ret_payload is how many fit, if it is taken. */
enum icmp_mtu icmp_judge_mtu(uint32_t mtu, bool is_ipv4, size_t now,
			     size_t *ret_payload);

#endif
