/* SPDX-License-Identifier: GPL-2.0-only */
#include "quicsteer/aes.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct vector {
	__u8 key[16], plaintext[16], ciphertext[16];
};

/* FIPS 197, appendix B. */
static const struct vector appendix_b = {
	.key = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6, 0xab, 0xf7,
		0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c},
	.plaintext = {0x32, 0x43, 0xf6, 0xa8, 0x88, 0x5a, 0x30, 0x8d, 0x31,
		      0x31, 0x98, 0xa2, 0xe0, 0x37, 0x07, 0x34},
	.ciphertext = {0x39, 0x25, 0x84, 0x1d, 0x02, 0xdc, 0x09, 0xfb, 0xdc,
		       0x11, 0x85, 0x97, 0x19, 0x6a, 0x0b, 0x32},
};

/* FIPS 197, appendix C.1. */
static const struct vector appendix_c1 = {
	.key = {0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
		0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f},
	.plaintext = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88,
		      0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff},
	.ciphertext = {0x69, 0xc4, 0xe0, 0xd8, 0x6a, 0x7b, 0x04, 0x30, 0xd8,
		       0xcd, 0xb7, 0x80, 0x70, 0xb4, 0xc5, 0x5a},
};

static void load(__u32 block[4], const __u8 octets[16])
{
	for (int i = 0; i < 4; i++)
		block[i] = qs_load_be32(octets + 4 * i);
}

static void store(__u8 octets[16], const __u32 block[4])
{
	for (int i = 0; i < 4; i++)
		qs_store_be32(octets + 4 * i, block[i]);
}

static void check(const struct vector *vector)
{
	__u32 schedule[QS_AES_SCHEDULE_SIZE], block[4];
	__u8 octets[16];

	qs_aes_expand(vector->key, schedule);
	load(block, vector->plaintext);
	qs_aes_encrypt(schedule, block, 4);
	store(octets, block);
	cr_assert_arr_eq(octets, vector->ciphertext, 16);

	qs_aes_expand_decrypt(vector->key, schedule);
	load(block, vector->ciphertext);
	qs_aes_decrypt(schedule, block, 4);
	store(octets, block);
	cr_assert_arr_eq(octets, vector->plaintext, 16);
}

Test(aes, fips_197_appendix_b)
{
	check(&appendix_b);
}

Test(aes, fips_197_appendix_c1)
{
	check(&appendix_c1);
}

/* FIPS 197, appendix A.1: the first and last columns that are computed. */
Test(aes, fips_197_key_expansion)
{
	__u32 schedule[QS_AES_SCHEDULE_SIZE];

	qs_aes_expand(appendix_b.key, schedule);
	cr_assert_eq(schedule[0], 0x2b7e1516);
	cr_assert_eq(schedule[4], 0xa0fafe17);
	cr_assert_eq(schedule[7], 0x2a6c7605);
	cr_assert_eq(schedule[40], 0xd014f9a8);
	cr_assert_eq(schedule[43], 0xb6630ca6);
}

/* Each row of both S-boxes takes part: decryption undoes encryption. */
Test(aes, round_trips)
{
	__u32 encrypt[QS_AES_SCHEDULE_SIZE], decrypt[QS_AES_SCHEDULE_SIZE];
	__u32 block[4], plaintext[4];
	__u8 key[16];

	srandom(1);
	for (int i = 0; i < 2000; i++) {
		for (int j = 0; j < 16; j++)
			key[j] = random();
		for (int j = 0; j < 4; j++)
			plaintext[j] = random() << 1 ^ random();
		memcpy(block, plaintext, sizeof(block));
		qs_aes_expand(key, encrypt);
		qs_aes_expand_decrypt(key, decrypt);
		qs_aes_encrypt(encrypt, block, 4);
		cr_assert_arr_neq(block, plaintext, sizeof(block));
		qs_aes_decrypt(decrypt, block, 4);
		cr_assert_arr_eq(block, plaintext, sizeof(block));
	}
}
