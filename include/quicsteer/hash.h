/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The keyed hash of a 4-tuple that places new connections: SipHash-1-3
 * (Aumasson and Bernstein, 2012; one compression and three final rounds).
 * The key keeps clients from choosing their terminator (RFC 9000, 21.13).
 */
#ifndef QUICSTEER_HASH_H
#define QUICSTEER_HASH_H

#include "quicsteer/abi.h"
#include "quicsteer/octets.h"

/* Addresses and ports of a packet, as the hash takes them. */
struct qs_tuple {
	__u8 source[16];      /* network order; IPv4 as ::ffff:a.b.c.d */
	__u8 destination[16]; /* likewise */
	__u8 source_port[2];  /* network order */
	__u8 destination_port[2];
} __attribute__((aligned(8)));

enum { QS_TUPLE_SIZE = 36 }; /* octets of it that are hashed */

/* The four words of SipHash's state. */
struct qs_siphash {
	__u64 v0, v1, v2, v3;
};

QS_INLINE __u64 qs_rotate_left(__u64 x, int bits)
{
	return x << bits | x >> (64 - bits);
}

QS_INLINE void qs_siphash_round(struct qs_siphash *s)
{
	s->v0 += s->v1;
	s->v1 = qs_rotate_left(s->v1, 13) ^ s->v0;
	s->v0 = qs_rotate_left(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = qs_rotate_left(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = qs_rotate_left(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = qs_rotate_left(s->v1, 17) ^ s->v2;
	s->v2 = qs_rotate_left(s->v2, 32);
}

QS_INLINE void qs_siphash_word(struct qs_siphash *s, __u64 word)
{
	s->v3 ^= word;
	qs_siphash_round(s);
	s->v0 ^= word;
}

/* SipHash-1-3 of `length` octets under the key (k0, k1). */
QS_INLINE __u64 qs_siphash13(const __u64 key[2], const void *data,
			     unsigned int length)
{
	const __u8 *octets = (const __u8 *)data;
	struct qs_siphash s = {
		.v0 = key[0] ^ 0x736f6d6570736575ULL,
		.v1 = key[1] ^ 0x646f72616e646f6dULL,
		.v2 = key[0] ^ 0x6c7967656e657261ULL,
		.v3 = key[1] ^ 0x7465646279746573ULL,
	};
	__u64 last = (__u64)length << 56;
	unsigned int i;

	for (i = 0; i + 8 <= length; i += 8)
		qs_siphash_word(&s, qs_load_le64(octets + i));
	for (; i < length; i++)
		last |= (__u64)octets[i] << 8 * (i % 8);
	qs_siphash_word(&s, last);

	s.v2 ^= 0xff;
	qs_siphash_round(&s);
	qs_siphash_round(&s);
	qs_siphash_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

/* The hash of a 4-tuple under qs_settings.hash_key. */
QS_INLINE __u64 qs_tuple_hash(const __u64 key[2], const struct qs_tuple *tuple)
{
	return qs_siphash13(key, tuple, QS_TUPLE_SIZE);
}

/* The hash of its source address alone. */
QS_INLINE __u64 qs_client_hash(const __u64 key[2], const struct qs_tuple *tuple)
{
	return qs_siphash13(key, tuple->source, sizeof(tuple->source));
}

/* The entry of a Maglev table that a hash falls on: 0 to QS_LOOKUP_SIZE - 1. */
QS_INLINE __u32 qs_lookup_index(__u64 hash)
{
	return (hash >> 32) * QS_LOOKUP_SIZE >> 32;
}

#endif
