/* SPDX-License-Identifier: GPL-2.0-only */
#include "quicsteer/hash.h"

#include <criterion/criterion.h>
#include <string.h>

/*
 * SipHash-1-3 of the octets 00, 01, 02, ... of each length from 0 to 63, under
 * the key 00 01 ... 0f: the inputs of the reference implementation's vectors,
 * computed by OpenSSL ("openssl mac -macopt c-rounds:1 -macopt d-rounds:3
 * SIPHASH"). Their low 32 bits are Linux's vectors of hsiphash.
 */
static const __u64 vectors[64] = {
	0xabac0158050fc4dc, 0xc9f49bf37d57ca93, 0x82cb9b024dc7d44d,
	0x8bf80ab8e7ddf7fb, 0xcf75576088d38328, 0xdef9d52f49533b67,
	0xc50d2b50c59f22a7, 0xd3927d989bb11140, 0x369095118d299a8e,
	0x25a48eb36c063de4, 0x79de85ee92ff097f, 0x70c118c1f94dc352,
	0x78a384b157b4d9a2, 0x306f760c1229ffa7, 0x605aa111c0f95d34,
	0xd320d86d2a519956, 0xcc4fdd1a7d908b66, 0x9cf2689063dbd80c,
	0x8ffc389cb473e63e, 0xf21f9de58d297d1c, 0xc0dc2f46a6cce040,
	0xb992abfe2b45f844, 0x7ffe7b9ba320872e, 0x525a0e7fdae6c123,
	0xf464aeb267349c8c, 0x45cd5928705b0979, 0x3a3e35e3ca9913a5,
	0xa91dc74e4ade3b35, 0xfb0bed02ef6cd00d, 0x88d93cb44ab1e1f4,
	0x540f11d643c5e663, 0x2370dd1f8c21d1bc, 0x81157b6c16a7b60d,
	0x4d54b9e57a8ff9bf, 0x759f12781f2a753e, 0xcea1a3bebf186b91,
	0x2cf508d3ada26206, 0xb6101c2da3c33057, 0xb3f47496ae3a36a1,
	0x626b57547b108392, 0xc1d2363299e41531, 0x667cc1923f1ad944,
	0x65704ffec8138825, 0x24f280d1c28949a6, 0xc2ca1cedfaf8876b,
	0xc2164bfc9f042196, 0xa16e9c9368b1d623, 0x49fb169c8b5114fd,
	0x9f3143f8df074c46, 0xc6fdaf2412cc86b3, 0x7eaf49d10a52098f,
	0x1cf313559d292f9a, 0xc44a30dda2f41f12, 0x36fae98943a71ed0,
	0x318fb34c73f0bce6, 0xa27abf3670a7e980, 0xb4bcc0db243c6d75,
	0x23f8d852fdb71513, 0x8f035f4da67d8a08, 0xd89cd0e5b7e8f148,
	0xf6f4e6bcf7a644ee, 0xaec59ad80f1837f2, 0xc3b2f6154b6694e0,
	0x9d199062b7bbb3a8,
};

static const __u64 reference_key[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

Test(hash, siphash_reference_vectors)
{
	__u8 input[64];

	for (unsigned int i = 0; i < 64; i++) {
		input[i] = i;
		cr_assert_eq(qs_siphash13(reference_key, input, i), vectors[i],
			     "length %u", i);
	}
}

Test(hash, tuple_is_hashed_as_36_octets)
{
	__u8 octets[QS_TUPLE_SIZE];
	struct qs_tuple tuple;

	for (unsigned int i = 0; i < sizeof(octets); i++)
		octets[i] = i;
	memset(&tuple, 0xee, sizeof(tuple));
	memcpy(tuple.source, octets, 16);
	memcpy(tuple.destination, octets + 16, 16);
	memcpy(tuple.source_port, octets + 32, 2);
	memcpy(tuple.destination_port, octets + 34, 2);
	cr_assert_eq(qs_tuple_hash(reference_key, &tuple), vectors[36]);
}

Test(hash, each_octet_of_the_tuple_counts)
{
	struct qs_tuple tuple = {0};
	__u64 hash = qs_tuple_hash(reference_key, &tuple);
	__u8 *octets = (__u8 *)&tuple;

	for (int i = 0; i < QS_TUPLE_SIZE; i++) {
		octets[i] ^= 1;
		cr_assert_neq(qs_tuple_hash(reference_key, &tuple), hash,
			      "octet %d", i);
		octets[i] ^= 1;
	}
	cr_assert_eq(qs_tuple_hash(reference_key, &tuple), hash);
}

Test(hash, key_counts)
{
	const __u64 other[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0909};
	struct qs_tuple tuple = {0};

	cr_assert_neq(qs_tuple_hash(reference_key, &tuple),
		      qs_tuple_hash(other, &tuple));
}

Test(hash, lookup_index_stays_in_the_table)
{
	cr_assert_eq(qs_lookup_index(0), 0);
	cr_assert_eq(qs_lookup_index(~0ULL), QS_LOOKUP_SIZE - 1);
	cr_assert_eq(qs_lookup_index(1ULL << 63), QS_LOOKUP_SIZE / 2);
}

/* 16 parts of the table of 4096.06 entries each, hit by 65536 tuples: the
 * deviation of one part is about 62. */
Test(hash, lookup_index_is_spread)
{
	struct qs_tuple tuple = {0};
	unsigned int count[16] = {0};

	for (unsigned int port = 0; port < 65536; port++) {
		tuple.source_port[0] = port >> 8;
		tuple.source_port[1] = port;
		count[qs_lookup_index(qs_tuple_hash(reference_key, &tuple)) *
		      16 / QS_LOOKUP_SIZE]++;
	}
	for (int i = 0; i < 16; i++)
		cr_assert(count[i] > 3750 && count[i] < 4450, "part %d: %u", i,
			  count[i]);
}
