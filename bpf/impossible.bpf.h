/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that QUIC versions 1 and 2 do not allow from a client (RFC 9000, 14.1
 * and 17.2; RFC 9369). Of other versions nothing is known: their packets are
 * steered by what all versions have in common, and never looked at here.
 */
#ifndef QUICSTEER_IMPOSSIBLE_BPF_H
#define QUICSTEER_IMPOSSIBLE_BPF_H

#include "bpf/parse.bpf.h"

#define QUIC_VERSION_1 0x00000001
#define QUIC_VERSION_2 0x6b3343cf

/* Types of long headers, by the bits of version 1 (RFC 9000, 17.2). */
enum {
	QUIC_INITIAL = 0,
	QUIC_ZERO_RTT = 1,
	QUIC_HANDSHAKE = 2,
	QUIC_RETRY = 3,
	QUIC_UNKNOWN_TYPE = 4, /* of a version that is not known */
};

enum {
	QUIC_INITIAL_MIN = 1200, /* octets of UDP payload */
	QUIC_FIRST_DCID_MIN = 8, /* octets, in an Initial without a token */
};

/* The types of version 2 are one further on (RFC 9369, 3.2). */
static __always_inline __u8 long_header_type(__u8 first, __u32 version)
{
	__u8 type = first >> 4 & 3;

	if (version == QUIC_VERSION_1)
		return type;
	if (version == QUIC_VERSION_2)
		return (type - 1) & 3;
	return QUIC_UNKNOWN_TYPE;
}

/* Whether a long header may be a client's; `datagram` is the UDP payload's
 * length. Whatever terminator the CID names, it would drop these. */
static __always_inline int check_possible(__u8 type, __u32 dcid_length,
					  __u32 scid_length, __u32 datagram)
{
	if (type == QUIC_UNKNOWN_TYPE)
		return GO_ON;
	if (dcid_length > QS_CID_MAX || scid_length > QS_CID_MAX)
		return QS_VERDICT_drop_cid_length;
	if (type == QUIC_RETRY)
		return QS_VERDICT_drop_retry;
	if (type == QUIC_INITIAL && datagram < QUIC_INITIAL_MIN)
		return QS_VERDICT_drop_small_initial;
	return GO_ON;
}

/*
 * Whether an Initial that is no terminator's yet has too short a DCID. `scid`
 * is where its length stands, `length` what the datagram has from there on. A
 * token has been asked for by a Retry, whose CID may be shorter than a
 * client's first.
 */
static __always_inline int has_short_dcid(__u8 type, __u32 dcid_length,
					  const __u8 *scid, __u32 length,
					  const void *end)
{
	const __u8 *token_length;

	if (type != QUIC_INITIAL || dcid_length >= QUIC_FIRST_DCID_MIN)
		return 0;
	token_length = scid + 1 + *scid;
	if (length < 2U + *scid || (const void *)(token_length + 1) > end)
		return 0;
	return *token_length == 0;
}

#endif
