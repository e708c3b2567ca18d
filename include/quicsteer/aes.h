/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * AES-128 (FIPS 197) of single blocks, by tables, for BPF and userspace.
 *
 * A block is four columns: 32-bit numbers that hold its octets big endian.
 * Key schedules are made in userspace only; the BPF programs use them.
 *
 * Tables leak the key to co-resident attackers through the cache. The key of
 * a QUIC-LB configuration protects unlinkability, not content, and is rotated.
 */
#ifndef QUICSTEER_AES_H
#define QUICSTEER_AES_H

#include "quicsteer/octets.h"

enum {
	QS_AES_KEY_SIZE = 16,
	QS_AES_BLOCK_SIZE = 16,
	QS_AES_ROUNDS = 10,
	QS_AES_SCHEDULE_SIZE = 44, /* columns: 4 for each round and the first */
};

/* clang-format off */

/* The S-box, FIPS 197 section 5.1.1, and its inverse, section 5.3.2. */
#define QS_AES_SBOX(X) \
	X(0x63) X(0x7c) X(0x77) X(0x7b) X(0xf2) X(0x6b) X(0x6f) X(0xc5) \
	X(0x30) X(0x01) X(0x67) X(0x2b) X(0xfe) X(0xd7) X(0xab) X(0x76) \
	X(0xca) X(0x82) X(0xc9) X(0x7d) X(0xfa) X(0x59) X(0x47) X(0xf0) \
	X(0xad) X(0xd4) X(0xa2) X(0xaf) X(0x9c) X(0xa4) X(0x72) X(0xc0) \
	X(0xb7) X(0xfd) X(0x93) X(0x26) X(0x36) X(0x3f) X(0xf7) X(0xcc) \
	X(0x34) X(0xa5) X(0xe5) X(0xf1) X(0x71) X(0xd8) X(0x31) X(0x15) \
	X(0x04) X(0xc7) X(0x23) X(0xc3) X(0x18) X(0x96) X(0x05) X(0x9a) \
	X(0x07) X(0x12) X(0x80) X(0xe2) X(0xeb) X(0x27) X(0xb2) X(0x75) \
	X(0x09) X(0x83) X(0x2c) X(0x1a) X(0x1b) X(0x6e) X(0x5a) X(0xa0) \
	X(0x52) X(0x3b) X(0xd6) X(0xb3) X(0x29) X(0xe3) X(0x2f) X(0x84) \
	X(0x53) X(0xd1) X(0x00) X(0xed) X(0x20) X(0xfc) X(0xb1) X(0x5b) \
	X(0x6a) X(0xcb) X(0xbe) X(0x39) X(0x4a) X(0x4c) X(0x58) X(0xcf) \
	X(0xd0) X(0xef) X(0xaa) X(0xfb) X(0x43) X(0x4d) X(0x33) X(0x85) \
	X(0x45) X(0xf9) X(0x02) X(0x7f) X(0x50) X(0x3c) X(0x9f) X(0xa8) \
	X(0x51) X(0xa3) X(0x40) X(0x8f) X(0x92) X(0x9d) X(0x38) X(0xf5) \
	X(0xbc) X(0xb6) X(0xda) X(0x21) X(0x10) X(0xff) X(0xf3) X(0xd2) \
	X(0xcd) X(0x0c) X(0x13) X(0xec) X(0x5f) X(0x97) X(0x44) X(0x17) \
	X(0xc4) X(0xa7) X(0x7e) X(0x3d) X(0x64) X(0x5d) X(0x19) X(0x73) \
	X(0x60) X(0x81) X(0x4f) X(0xdc) X(0x22) X(0x2a) X(0x90) X(0x88) \
	X(0x46) X(0xee) X(0xb8) X(0x14) X(0xde) X(0x5e) X(0x0b) X(0xdb) \
	X(0xe0) X(0x32) X(0x3a) X(0x0a) X(0x49) X(0x06) X(0x24) X(0x5c) \
	X(0xc2) X(0xd3) X(0xac) X(0x62) X(0x91) X(0x95) X(0xe4) X(0x79) \
	X(0xe7) X(0xc8) X(0x37) X(0x6d) X(0x8d) X(0xd5) X(0x4e) X(0xa9) \
	X(0x6c) X(0x56) X(0xf4) X(0xea) X(0x65) X(0x7a) X(0xae) X(0x08) \
	X(0xba) X(0x78) X(0x25) X(0x2e) X(0x1c) X(0xa6) X(0xb4) X(0xc6) \
	X(0xe8) X(0xdd) X(0x74) X(0x1f) X(0x4b) X(0xbd) X(0x8b) X(0x8a) \
	X(0x70) X(0x3e) X(0xb5) X(0x66) X(0x48) X(0x03) X(0xf6) X(0x0e) \
	X(0x61) X(0x35) X(0x57) X(0xb9) X(0x86) X(0xc1) X(0x1d) X(0x9e) \
	X(0xe1) X(0xf8) X(0x98) X(0x11) X(0x69) X(0xd9) X(0x8e) X(0x94) \
	X(0x9b) X(0x1e) X(0x87) X(0xe9) X(0xce) X(0x55) X(0x28) X(0xdf) \
	X(0x8c) X(0xa1) X(0x89) X(0x0d) X(0xbf) X(0xe6) X(0x42) X(0x68) \
	X(0x41) X(0x99) X(0x2d) X(0x0f) X(0xb0) X(0x54) X(0xbb) X(0x16)

#define QS_AES_INVERSE_SBOX(X) \
	X(0x52) X(0x09) X(0x6a) X(0xd5) X(0x30) X(0x36) X(0xa5) X(0x38) \
	X(0xbf) X(0x40) X(0xa3) X(0x9e) X(0x81) X(0xf3) X(0xd7) X(0xfb) \
	X(0x7c) X(0xe3) X(0x39) X(0x82) X(0x9b) X(0x2f) X(0xff) X(0x87) \
	X(0x34) X(0x8e) X(0x43) X(0x44) X(0xc4) X(0xde) X(0xe9) X(0xcb) \
	X(0x54) X(0x7b) X(0x94) X(0x32) X(0xa6) X(0xc2) X(0x23) X(0x3d) \
	X(0xee) X(0x4c) X(0x95) X(0x0b) X(0x42) X(0xfa) X(0xc3) X(0x4e) \
	X(0x08) X(0x2e) X(0xa1) X(0x66) X(0x28) X(0xd9) X(0x24) X(0xb2) \
	X(0x76) X(0x5b) X(0xa2) X(0x49) X(0x6d) X(0x8b) X(0xd1) X(0x25) \
	X(0x72) X(0xf8) X(0xf6) X(0x64) X(0x86) X(0x68) X(0x98) X(0x16) \
	X(0xd4) X(0xa4) X(0x5c) X(0xcc) X(0x5d) X(0x65) X(0xb6) X(0x92) \
	X(0x6c) X(0x70) X(0x48) X(0x50) X(0xfd) X(0xed) X(0xb9) X(0xda) \
	X(0x5e) X(0x15) X(0x46) X(0x57) X(0xa7) X(0x8d) X(0x9d) X(0x84) \
	X(0x90) X(0xd8) X(0xab) X(0x00) X(0x8c) X(0xbc) X(0xd3) X(0x0a) \
	X(0xf7) X(0xe4) X(0x58) X(0x05) X(0xb8) X(0xb3) X(0x45) X(0x06) \
	X(0xd0) X(0x2c) X(0x1e) X(0x8f) X(0xca) X(0x3f) X(0x0f) X(0x02) \
	X(0xc1) X(0xaf) X(0xbd) X(0x03) X(0x01) X(0x13) X(0x8a) X(0x6b) \
	X(0x3a) X(0x91) X(0x11) X(0x41) X(0x4f) X(0x67) X(0xdc) X(0xea) \
	X(0x97) X(0xf2) X(0xcf) X(0xce) X(0xf0) X(0xb4) X(0xe6) X(0x73) \
	X(0x96) X(0xac) X(0x74) X(0x22) X(0xe7) X(0xad) X(0x35) X(0x85) \
	X(0xe2) X(0xf9) X(0x37) X(0xe8) X(0x1c) X(0x75) X(0xdf) X(0x6e) \
	X(0x47) X(0xf1) X(0x1a) X(0x71) X(0x1d) X(0x29) X(0xc5) X(0x89) \
	X(0x6f) X(0xb7) X(0x62) X(0x0e) X(0xaa) X(0x18) X(0xbe) X(0x1b) \
	X(0xfc) X(0x56) X(0x3e) X(0x4b) X(0xc6) X(0xd2) X(0x79) X(0x20) \
	X(0x9a) X(0xdb) X(0xc0) X(0xfe) X(0x78) X(0xcd) X(0x5a) X(0xf4) \
	X(0x1f) X(0xdd) X(0xa8) X(0x33) X(0x88) X(0x07) X(0xc7) X(0x31) \
	X(0xb1) X(0x12) X(0x10) X(0x59) X(0x27) X(0x80) X(0xec) X(0x5f) \
	X(0x60) X(0x51) X(0x7f) X(0xa9) X(0x19) X(0xb5) X(0x4a) X(0x0d) \
	X(0x2d) X(0xe5) X(0x7a) X(0x9f) X(0x93) X(0xc9) X(0x9c) X(0xef) \
	X(0xa0) X(0xe0) X(0x3b) X(0x4d) X(0xae) X(0x2a) X(0xf5) X(0xb0) \
	X(0xc8) X(0xeb) X(0xbb) X(0x3c) X(0x83) X(0x53) X(0x99) X(0x61) \
	X(0x17) X(0x2b) X(0x04) X(0x7e) X(0xba) X(0x77) X(0xd6) X(0x26) \
	X(0xe1) X(0x69) X(0x14) X(0x63) X(0x55) X(0x21) X(0x0c) X(0x7d)

/* clang-format on */

/* Products in GF(2^8), FIPS 197 section 4.2. */
#define QS_AES_X2(a) ((((a) << 1) ^ (((a) >> 7) * 0x11b)) & 0xff)
#define QS_AES_X4(a) QS_AES_X2(QS_AES_X2(a))
#define QS_AES_X8(a) QS_AES_X2(QS_AES_X4(a))
#define QS_AES_X3(a) (QS_AES_X2(a) ^ (a))
#define QS_AES_X9(a) (QS_AES_X8(a) ^ (a))
#define QS_AES_XB(a) (QS_AES_X8(a) ^ QS_AES_X2(a) ^ (a))
#define QS_AES_XD(a) (QS_AES_X8(a) ^ QS_AES_X4(a) ^ (a))
#define QS_AES_XE(a) (QS_AES_X8(a) ^ QS_AES_X4(a) ^ QS_AES_X2(a))

#define QS_AES_COLUMN(a, b, c, d) \
	((__u32)(a) << 24 | (__u32)(b) << 16 | (__u32)(c) << 8 | (__u32)(d)),

/* (Inv)SubBytes and (Inv)MixColumns of the octet in each row of a column. */
#define QS_AES_E0(s) QS_AES_COLUMN(QS_AES_X2(s), s, s, QS_AES_X3(s))
#define QS_AES_E1(s) QS_AES_COLUMN(QS_AES_X3(s), QS_AES_X2(s), s, s)
#define QS_AES_E2(s) QS_AES_COLUMN(s, QS_AES_X3(s), QS_AES_X2(s), s)
#define QS_AES_E3(s) QS_AES_COLUMN(s, s, QS_AES_X3(s), QS_AES_X2(s))
#define QS_AES_D0(s) \
	QS_AES_COLUMN(QS_AES_XE(s), QS_AES_X9(s), QS_AES_XD(s), QS_AES_XB(s))
#define QS_AES_D1(s) \
	QS_AES_COLUMN(QS_AES_XB(s), QS_AES_XE(s), QS_AES_X9(s), QS_AES_XD(s))
#define QS_AES_D2(s) \
	QS_AES_COLUMN(QS_AES_XD(s), QS_AES_XB(s), QS_AES_XE(s), QS_AES_X9(s))
#define QS_AES_D3(s) \
	QS_AES_COLUMN(QS_AES_X9(s), QS_AES_XD(s), QS_AES_XB(s), QS_AES_XE(s))
#define QS_AES_OCTET(s) s,

/* What one direction needs: the rounds by row, and the last round's S-box. */
struct qs_aes_tables {
	__u32 row[4][256];
	__u8 sbox[256];
};

static const struct qs_aes_tables qs_aes_encrypt_tables = {
	.row = {{QS_AES_SBOX(QS_AES_E0)},
		{QS_AES_SBOX(QS_AES_E1)},
		{QS_AES_SBOX(QS_AES_E2)},
		{QS_AES_SBOX(QS_AES_E3)}},
	.sbox = {QS_AES_SBOX(QS_AES_OCTET)},
};

static const struct qs_aes_tables qs_aes_decrypt_tables = {
	.row = {{QS_AES_INVERSE_SBOX(QS_AES_D0)},
		{QS_AES_INVERSE_SBOX(QS_AES_D1)},
		{QS_AES_INVERSE_SBOX(QS_AES_D2)},
		{QS_AES_INVERSE_SBOX(QS_AES_D3)}},
	.sbox = {QS_AES_INVERSE_SBOX(QS_AES_OCTET)},
};

/*
 * The entry of a row's table for the octet of x that is `shift` bits up. In BPF
 * the row becomes part of the load's instruction, as it is added last, and so
 * all tables need one register.
 */
QS_INLINE __u32 qs_aes_entry(const struct qs_aes_tables *tables, int row,
			     __u32 x, int shift)
{
	__u32 offset = (shift ? x >> (shift - 2) : x << 2) & 0x3fc;

	tables = (const struct qs_aes_tables *)((const __u8 *)tables + offset);
	QS_OPAQUE(tables);
	return tables->row[row][0];
}

/* One column of a round from the columns that ShiftRows takes its rows of. */
QS_INLINE __u32 qs_aes_round(const struct qs_aes_tables *tables, __u32 key,
			     __u32 row0, __u32 row1, __u32 row2, __u32 row3)
{
	__u32 column = key ^ qs_aes_entry(tables, 0, row0, 24);

	/* One after the other: together they do not fit BPF's registers. */
	column ^= qs_aes_entry(tables, 1, row1, 16);
	column ^= qs_aes_entry(tables, 2, row2, 8);
	column ^= qs_aes_entry(tables, 3, row3, 0);
	QS_OPAQUE(column);
	return column;
}

/* The same for the last round, which has no MixColumns. */
QS_INLINE __u32 qs_aes_last_round(const struct qs_aes_tables *tables, __u32 key,
				  __u32 row0, __u32 row1, __u32 row2,
				  __u32 row3)
{
	return key ^ ((__u32)tables->sbox[row0 >> 24] << 24 |
		      (__u32)tables->sbox[row1 >> 16 & 0xff] << 16 |
		      (__u32)tables->sbox[row2 >> 8 & 0xff] << 8 |
		      (__u32)tables->sbox[row3 & 0xff]);
}

/*
 * Encrypts one block in place with the schedule of qs_aes_expand(), but only
 * the first `columns` (2 to 4) of it: what is in the others is undefined.
 */
QS_INLINE void qs_aes_encrypt(const __u32 *schedule, __u32 block[4],
			      unsigned int columns)
{
	const struct qs_aes_tables *tables = &qs_aes_encrypt_tables;
	__u32 a = block[0] ^ schedule[0], b = block[1] ^ schedule[1];
	__u32 c = block[2] ^ schedule[2], d = block[3] ^ schedule[3];
	__u32 s, t, u, v;
	int round;

	QS_OPAQUE(tables);
	QS_UNROLL
	for (round = 1; round < QS_AES_ROUNDS; round++) {
		const __u32 *key = schedule + 4 * round;

		s = qs_aes_round(tables, key[0], a, b, c, d);
		t = qs_aes_round(tables, key[1], b, c, d, a);
		u = qs_aes_round(tables, key[2], c, d, a, b);
		v = qs_aes_round(tables, key[3], d, a, b, c);
		a = s, b = t, c = u, d = v;
	}
	block[0] = qs_aes_last_round(tables, schedule[40], a, b, c, d);
	block[1] = qs_aes_last_round(tables, schedule[41], b, c, d, a);
	if (columns > 2)
		block[2] = qs_aes_last_round(tables, schedule[42], c, d, a, b);
	if (columns > 3)
		block[3] = qs_aes_last_round(tables, schedule[43], d, a, b, c);
}

/*
 * Decrypts one block in place with the schedule of qs_aes_expand_decrypt():
 * the equivalent inverse cipher, FIPS 197 section 5.3.5. Only the first
 * `columns` (1 to 4) of it come out: what is in the others is undefined.
 */
QS_INLINE void qs_aes_decrypt(const __u32 *schedule, __u32 block[4],
			      unsigned int columns)
{
	const struct qs_aes_tables *tables = &qs_aes_decrypt_tables;
	__u32 a = block[0] ^ schedule[0], b = block[1] ^ schedule[1];
	__u32 c = block[2] ^ schedule[2], d = block[3] ^ schedule[3];
	__u32 s, t, u, v;
	int round;

	QS_OPAQUE(tables);
	QS_UNROLL
	for (round = 1; round < QS_AES_ROUNDS; round++) {
		const __u32 *key = schedule + 4 * round;

		s = qs_aes_round(tables, key[0], a, d, c, b);
		t = qs_aes_round(tables, key[1], b, a, d, c);
		u = qs_aes_round(tables, key[2], c, b, a, d);
		v = qs_aes_round(tables, key[3], d, c, b, a);
		a = s, b = t, c = u, d = v;
	}
	block[0] = qs_aes_last_round(tables, schedule[40], a, d, c, b);
	if (columns == 1)
		return;
	block[1] = qs_aes_last_round(tables, schedule[41], b, a, d, c);
	block[2] = qs_aes_last_round(tables, schedule[42], c, b, a, d);
	block[3] = qs_aes_last_round(tables, schedule[43], d, c, b, a);
}

#ifndef __bpf__

/* Makes the encryption schedule of a key (FIPS 197, section 5.2). */
QS_INLINE void qs_aes_expand(const __u8 key[QS_AES_KEY_SIZE],
			     __u32 schedule[QS_AES_SCHEDULE_SIZE])
{
	const struct qs_aes_tables *tables = &qs_aes_encrypt_tables;
	__u8 constant = 1;
	__u32 last;
	int i;

	for (i = 0; i < 4; i++)
		schedule[i] = qs_load_be32(key + 4 * i);
	for (; i < QS_AES_SCHEDULE_SIZE; i++) {
		last = schedule[i - 1];
		if (i % 4 == 0) {
			last = last << 8 | last >> 24;
			last = qs_aes_last_round(tables, (__u32)constant << 24,
						 last, last, last, last);
			constant = QS_AES_X2(constant);
		}
		schedule[i] = schedule[i - 4] ^ last;
	}
}

/* Makes the decryption schedule of a key (FIPS 197, section 5.3.5). */
QS_INLINE void qs_aes_expand_decrypt(const __u8 key[QS_AES_KEY_SIZE],
				     __u32 schedule[QS_AES_SCHEDULE_SIZE])
{
	const __u8 *sbox = qs_aes_encrypt_tables.sbox;
	const struct qs_aes_tables *inverse = &qs_aes_decrypt_tables;
	__u32 forward[QS_AES_SCHEDULE_SIZE];
	__u32 x;
	int i;

	qs_aes_expand(key, forward);
	for (i = 0; i < QS_AES_SCHEDULE_SIZE; i++) {
		x = forward[4 * (QS_AES_ROUNDS - i / 4) + i % 4];
		/* The tables undo the S-box too, so it is put in front. */
		if (i >= 4 && i < 4 * QS_AES_ROUNDS)
			x = inverse->row[0][sbox[x >> 24]] ^
			    inverse->row[1][sbox[x >> 16 & 0xff]] ^
			    inverse->row[2][sbox[x >> 8 & 0xff]] ^
			    inverse->row[3][sbox[x & 0xff]];
		schedule[i] = x;
	}
}

#endif
#endif
