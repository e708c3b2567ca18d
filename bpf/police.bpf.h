/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which packets may open connections: denied and allowed prefixes, and limits
 * of new connections of each source prefix and of all together. Only packets
 * come here that no CID steers; those of a connection that is established
 * never do.
 *
 * A limit is kept as the one time at which its burst is whole again (the
 * generic cell rate algorithm), so that one compare-and-swap charges it: it is
 * exact across CPUs. Two source prefixes that fall on the same row take it from
 * each other, and each then begins with a whole burst: the memory is bounded,
 * and no prefix pays for another.
 *
 * A handshake that was let in is remembered for a while by its 4-tuple and
 * DCID, so that its other Initials are not charged again: clients send them
 * anew, and long ones in several datagrams. The 4-tuple alone would let in
 * as many handshakes as one port can send.
 */
#ifndef QUICSTEER_POLICE_BPF_H
#define QUICSTEER_POLICE_BPF_H

#include "bpf/maps.bpf.h"
#include "bpf/quic.bpf.h"

enum { CHARGE_TRIES = 4 };

#define ADMISSION_NS 10000000000ULL /* a client sends Initials no longer */

/* What makes packets be of one handshake that no terminator has answered. */
struct handshake_key {
	struct qs_tuple tuple;
	__u64 dcid[4]; /* its first octet and its length, then the others */
};

/* Takes one of the limit. Returns whether there was one. */
static __always_inline int charge(__u64 *due_ns, const struct qs_limit *limit,
				  __u64 now)
{
	__u64 interval = limit->interval_ns, start, due;
	__u64 whole = limit->burst * interval;
	int i;

	for (i = 0; i < CHARGE_TRIES; i++) {
		due = *due_ns;
		start = due > now ? due : now;
		/* The limit in force may have been lowered since. */
		if (start > now + whole)
			start = now + whole;
		if (start + interval > now + whole) {
			if (start != due)
				__sync_val_compare_and_swap(due_ns, due, start);
			return 0;
		}
		if (__sync_val_compare_and_swap(due_ns, due,
						start + interval) == due)
			return 1;
	}
	/* Other CPUs were faster each time: charged late, but charged. */
	__sync_fetch_and_add(due_ns, interval);
	return 1;
}

/* The part of a source address that counts as one source. */
static __always_inline void source_prefix(const struct qs_settings *s,
					  const __u8 *source, __u64 prefix[2])
{
	__u64 high = qs_load_be64(source), low = qs_load_be64(source + 8);
	__u32 bits = s->source_prefix6;

	if (high == 0 && low >> 32 == 0xffff)
		bits = 96 + s->source_prefix4;
	if (bits < 64) {
		low = 0;
		high &= bits ? ~0ULL << (64 - bits) : 0;
	} else if (bits < 128) {
		low &= bits > 64 ? ~0ULL << (128 - bits) : 0;
	}
	prefix[0] = high;
	prefix[1] = low;
}

static __always_inline int charge_source(const struct qs_settings *s,
					 const __u8 *source, __u64 now)
{
	struct qs_source *row;
	__u64 prefix[2], hash;
	__u32 index, tag;

	source_prefix(s, source, prefix);
	hash = qs_siphash13(s->hash_key, prefix, sizeof(prefix));
	index = hash % QS_SOURCES;
	tag = hash >> 32 | 1;
	row = bpf_map_lookup_elem(&sources, &index);
	if (!row)
		return QS_VERDICT_drop_internal;
	if (row->tag != tag) {
		row->due_ns = now;
		row->tag = tag;
	}
	return charge(&row->due_ns, &s->source_limit, now)
		       ? GO_ON
		       : QS_VERDICT_drop_source_limit;
}

static __always_inline int charge_all(const struct qs_settings *s, __u64 now)
{
	__u32 index = QS_SOURCES;
	struct qs_source *row = bpf_map_lookup_elem(&sources, &index);

	if (!row)
		return QS_VERDICT_drop_internal;
	return charge(&row->due_ns, &s->global_limit, now)
		       ? GO_ON
		       : QS_VERDICT_drop_global_limit;
}

/* Whether the prefixes let this source open connections. */
static __always_inline int is_denied(const struct qs_settings *s,
				     const __u8 *source)
{
	struct qs_prefix_key key = {.length = 128};

	__builtin_memcpy(key.address, source, sizeof(key.address));
	if (s->flags & QS_SETTING_DENY && bpf_map_lookup_elem(&denied, &key))
		return 1;
	return s->flags & QS_SETTING_ALLOW_ONLY &&
	       !bpf_map_lookup_elem(&allowed, &key);
}

/* The row of a handshake, and *tag that it has if it was let in. */
static __always_inline struct qs_source *
find_admission(const struct qs_settings *s, const struct qs_tuple *tuple,
	       const struct quic *quic, __u32 *tag)
{
	int rest = (int)quic->cid_length - 1;
	struct handshake_key key = {
		.tuple = *tuple,
		.dcid = {(__u64)quic->cid_length << 8 |
				 (rest < 0 ? 0 : quic->cid_first),
			 first_octets(quic->body.word[0], rest),
			 first_octets(quic->body.word[1], rest - 8),
			 first_octets(quic->body.word[2], rest - 16)},
	};
	__u64 hash = qs_siphash13(s->hash_key, &key, sizeof(key));
	__u32 index = QS_SOURCES + 1 + hash % QS_SOURCES;

	*tag = hash >> 32 | 1;
	return bpf_map_lookup_elem(&sources, &index);
}

/* Charges a handshake, unless it was let in before. */
static __always_inline int charge_new(const struct qs_settings *s,
				      const struct qs_tuple *tuple,
				      const struct quic *quic)
{
	__u64 now = bpf_ktime_get_ns();
	struct qs_source *row;
	int verdict = GO_ON;
	__u32 tag;

	row = find_admission(s, tuple, quic, &tag);
	if (!row)
		return QS_VERDICT_drop_internal;
	if (row->tag == tag && row->due_ns > now)
		return GO_ON;
	if (s->source_limit.interval_ns)
		verdict = charge_source(s, tuple->source, now);
	if (verdict == GO_ON && s->global_limit.interval_ns)
		verdict = charge_all(s, now);
	if (verdict == GO_ON) {
		row->tag = tag;
		row->due_ns = now + ADMISSION_NS;
	}
	return verdict;
}

/*
 * Decides about a packet that opens a connection. Returns GO_ON or the verdict
 * that ends it. A global function, for the verifier looks at it once.
 */
__noinline int police_new(const struct qs_tuple *tuple, const struct quic *quic)
{
	struct qs_settings *s;
	__u32 zero = 0;

	s = bpf_map_lookup_elem(&settings, &zero);
	if (!s || !tuple || !quic)
		return QS_VERDICT_drop_internal;
	if (s->flags & (QS_SETTING_DENY | QS_SETTING_ALLOW_ONLY) &&
	    is_denied(s, tuple->source))
		return QS_VERDICT_drop_denied;
	if (!s->source_limit.interval_ns && !s->global_limit.interval_ns)
		return GO_ON;
	return charge_new(s, tuple, quic);
}

/* The packet is not steered by its CID. */
static __always_inline int police(const struct quic *quic,
				  const struct qs_tuple *tuple)
{
	if (quic->short_dcid)
		return QS_VERDICT_drop_short_dcid;
	return quic->opens ? police_new(tuple, quic) : GO_ON;
}

#endif
