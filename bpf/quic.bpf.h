/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What all versions of QUIC have in common (RFC 8999), and the packet types of
 * versions 1 and 2. The fixed bit is no invariant (RFC 9287):
 * nothing here looks at it.
 */
#ifndef QUICSTEER_QUIC_BPF_H
#define QUICSTEER_QUIC_BPF_H

#include "bpf/impossible.bpf.h"
#include "bpf/parse.bpf.h"
#include "quicsteer/cid.h"

enum {
	QUIC_LONG_HEADER = 0x80,
	/* First octet, version, and the two lengths of empty CIDs */
	QUIC_LONG_HEADER_MIN = 7,
	QUIC_DCID_OFFSET = 6, /* in a long header */
};

/* The destination CID of a datagram's first packet. */
struct quic {
	__u8 long_header;
	__u8 hash_verdict; /* long header: the verdict if hashed */
	__u8 opens;	   /* long header: may be a connection's first packet */
	__u8 short_dcid;   /* long header: impossible unless steered by CID */
	__u8 cid_first;	   /* octet 0 of the CID */
	__u32 cid_length;  /* octets that the CID may have: exactly so many in
			      a long header, at most in a short one */
	struct qs_body body;
};

/* The first `octets` of a word, which may be any number. */
static __always_inline __u64 first_octets(__u64 word, int octets)
{
	if (octets <= 0)
		return 0;
	return octets < 8 ? word & ~0ULL << (64 - 8 * octets) : word;
}

/* The verdict about a long header whose CID is not ours. */
static __always_inline int long_header_verdict(__u8 type)
{
	switch (type) {
	case QUIC_INITIAL:
		return QS_VERDICT_hash_initial;
	case QUIC_ZERO_RTT:
		return QS_VERDICT_hash_zero_rtt;
	case QUIC_UNKNOWN_TYPE:
		return QS_VERDICT_hash_version;
	default:
		return QS_VERDICT_hash_handshake;
	}
}

/* Leaves the packet from the DCID on. *possible becomes GO_ON or the verdict
 * about a packet that no client may send. */
static __always_inline int parse_long_header(struct packet *packet,
					     struct quic *quic, int *possible)
{
	__u8 *octets = packet->position, *scid_length, type;
	__u32 version, dcid_length, datagram = packet->length;

	if (!has(packet, QUIC_LONG_HEADER_MIN))
		return QS_VERDICT_drop_truncated;
	version = (__u32)octets[1] << 24 | (__u32)octets[2] << 16 |
		  (__u32)octets[3] << 8 | octets[4];
	if (version == 0)
		return QS_VERDICT_drop_version_zero;
	dcid_length = octets[5];
	type = long_header_type(octets[0], version);
	quic->opens = type == QUIC_INITIAL || type == QUIC_UNKNOWN_TYPE;
	quic->hash_verdict = long_header_verdict(type);

	advance(packet, QUIC_DCID_OFFSET);
	scid_length = packet->position + dcid_length;
	if ((void *)(scid_length + 1) > packet->end ||
	    packet->length < dcid_length + 1 + *scid_length)
		return QS_VERDICT_drop_truncated;
	quic->cid_length = dcid_length;
	quic->short_dcid =
		has_short_dcid(type, dcid_length, scid_length,
			       packet->length - dcid_length, packet->end);
	*possible = check_possible(type, dcid_length, *scid_length, datagram);
	return GO_ON;
}

/* Reads a CID that stands closer than 20 octets to the packet's end, or to the
 * end of what can be read of an skb. */
static __always_inline int read_last_cid(const struct packet *packet,
					 struct quic *quic)
{
	const __u8 *cid = packet->position;
	__u8 octets[32] __attribute__((aligned(8))) = {0};
	int i;

	for (i = 0; i < QS_CID_MAX; i++) {
		if ((void *)(cid + i + 1) > packet->end)
			break;
		octets[7 + i] = cid[i];
	}
	quic->cid_first = octets[7];
	quic->body.word[0] = qs_load_be64(octets + 8);
	quic->body.word[1] = qs_load_be64(octets + 16);
	quic->body.word[2] = qs_load_be64(octets + 24);
	return i < (int)quic->cid_length ? QS_VERDICT_drop_truncated : GO_ON;
}

/*
 * Reads the 20 octets from the position on, whether they are all the CID's or
 * not: cid_length says that. BPF may load unaligned numbers from packets.
 */
static __always_inline int read_cid(const struct packet *packet,
				    struct quic *quic)
{
	const __u8 *cid = packet->position;

	if ((void *)(cid + QS_CID_MAX) > packet->end)
		return read_last_cid(packet, quic);
	quic->cid_first = cid[0];
	quic->body.word[0] = bpf_be64_to_cpu(*(__be64 *)(cid + 1));
	quic->body.word[1] = bpf_be64_to_cpu(*(__be64 *)(cid + 9));
	quic->body.word[2] = (__u64)bpf_ntohl(*(__be32 *)(cid + 16)) << 40;
	return GO_ON;
}

/* The invariant header that the UDP payload begins with. */
static __always_inline int parse_quic(struct packet *packet, struct quic *quic)
{
	int verdict, possible = GO_ON;

	if (!has(packet, 2))
		return QS_VERDICT_drop_truncated;
	quic->long_header = *(__u8 *)packet->position & QUIC_LONG_HEADER;
	if (quic->long_header) {
		verdict = parse_long_header(packet, quic, &possible);
		if (verdict != GO_ON)
			return verdict;
	} else {
		advance(packet, 1);
		quic->cid_length = packet->length;
	}
	verdict = read_cid(packet, quic);
	return verdict == GO_ON ? possible : verdict;
}

#endif
