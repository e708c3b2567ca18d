/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A handshake that has begun stays with its terminator although the lookup
 * changes in its middle: until the client uses the terminator's CIDs, only the
 * 4-tuple and the DCID that the client chose tell whose it is (RFC 9000, 7.2:
 * it keeps that one until an answer comes). The 4-tuple alone would hold new
 * connections from a port that was used just now. The array that remembers it
 * has a few places for each, in one cache line; when all are taken, the first
 * is written at will, so that a flood makes of it what there would be without:
 * the lookup.
 */
#ifndef QUICSTEER_HANDSHAKE_BPF_H
#define QUICSTEER_HANDSHAKE_BPF_H

#include "bpf/maps.bpf.h"
#include "bpf/quic.bpf.h"

enum {
	HANDSHAKE_TIME = 10, /* in QS_HANDSHAKE_TIME_SHIFT's units */
	PLACES = 4,	     /* of a handshake, a power of 2 */
};

/* The time as entries have it. */
static __always_inline __u16 handshake_time(void)
{
	return bpf_ktime_get_coarse_ns() >> QS_HANDSHAKE_TIME_SHIFT;
}

static __always_inline int is_over(struct qs_handshake entry, __u16 now)
{
	return !entry.tag || (__u16)(now - entry.time) > HANDSHAKE_TIME;
}

/* Whether a handshake still goes where its entry says. */
static __always_inline int is_in_handshake(struct qs_handshake entry, __u16 now)
{
	struct qs_terminator *terminator;
	__u32 slot = entry.slot;

	if (is_over(entry, now))
		return 0;
	terminator = bpf_map_lookup_elem(&terminators, &slot);
	return terminator && (terminator->state == QS_TERMINATOR_LIVE ||
			      terminator->state == QS_TERMINATOR_DRAINING);
}

/* The first octets of the client's DCID, at most 8. */
static __always_inline __u64 first_of_dcid(const struct quic *quic)
{
	return first_octets((__u64)quic->cid_first << 56 |
				    quic->body.word[0] >> 8,
			    quic->cid_length);
}

/*
 * `hash` is the 4-tuple's, *slot the lookup's choice, which becomes the one
 * that the handshake began with. Returns GO_ON or the verdict that says that
 * they differ.
 */
static __always_inline int stay_in_handshake(__u64 hash, __u64 dcid,
					     __u32 *slot)
{
	/* An odd factor, 2^64 over the golden ratio, spreads the DCID's bits.
	 */
	__u32 tag = (hash >> 16 ^ dcid * 0x9e3779b97f4a7c15 >> 32) | 1;
	union {
		struct qs_handshake entry;
		__u64 word; /* an entry is read and written in one access */
	} pin;
	__u16 now = handshake_time();
	volatile __u64 *word, *place = NULL;

#pragma unroll
	for (__u32 i = 0; i < PLACES; i++) {
		__u32 index = hash % QS_HANDSHAKES ^ i;

		word = bpf_map_lookup_elem(&handshakes, &index);
		if (!word)
			return QS_VERDICT_drop_internal;
		pin.word = *word;
		if (pin.entry.tag == tag) {
			place = word;
			break;
		}
		if (!place || is_over(pin.entry, now))
			place = word;
	}
	if (pin.entry.tag == tag && is_in_handshake(pin.entry, now)) {
		if (pin.entry.slot == *slot)
			return GO_ON;
		*slot = pin.entry.slot;
		return QS_VERDICT_hash_pinned;
	}
	if (*slot < QS_MAX_TERMINATORS) {
		pin.entry.tag = tag;
		pin.entry.slot = *slot;
		pin.entry.time = now;
		*place = pin.word;
	}
	return GO_ON;
}

#endif
