/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/early_packet.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

/* Version 1: an Initial with a token of 2 octets and 3 octets of payload, and
 * a 0-RTT packet with 2; connection IDs of 1 and 0 octets. */
#define INITIAL_1 0xc0, 0, 0, 0, 1, 1, 7, 0, 2, 8, 8, 3, 9, 9, 9
#define EARLY_1 0xd0, 0, 0, 0, 1, 1, 7, 0, 0x40, 2, 9, 9
#define HANDSHAKE_1 0xe0, 0, 0, 0, 1, 1, 7, 0, 1, 9
#define INITIAL_2 0xd0, 0x6b, 0x33, 0x43, 0xcf, 1, 7, 0, 0, 3, 9, 9, 9
#define EARLY_2 0xe0, 0x6b, 0x33, 0x43, 0xcf, 1, 7, 0, 2, 9, 9
#define HANDSHAKE_2 0xf0, 0x6b, 0x33, 0x43, 0xcf, 1, 7, 0, 1, 9
#define SHORT 0x40, 7, 1, 2, 3

/* Octets behind the array's end would be found by the address sanitizer. */
static bool is_in(const uint8_t *octets, size_t size)
{
	uint8_t *copy = malloc(size + !size);
	bool result;

	memcpy(copy, octets, size);
	result = early_packet_is_in(copy, size);
	free(copy);
	return result;
}

#define IS_IN(...) \
	is_in((const uint8_t[]){__VA_ARGS__}, sizeof((uint8_t[]){__VA_ARGS__}))

Test(early_packet, version_1)
{
	cr_expect(IS_IN(EARLY_1));
	cr_expect(IS_IN(INITIAL_1, EARLY_1));
	cr_expect(IS_IN(INITIAL_1, HANDSHAKE_1, EARLY_1, SHORT));
	cr_expect_not(IS_IN(INITIAL_1));
	cr_expect_not(IS_IN(INITIAL_1, HANDSHAKE_1, SHORT));
	cr_expect_not(IS_IN(SHORT, EARLY_1));
}

Test(early_packet, version_2)
{
	cr_expect(IS_IN(EARLY_2));
	cr_expect(IS_IN(INITIAL_2, EARLY_2));
	cr_expect(IS_IN(INITIAL_1, EARLY_2));
	cr_expect_not(IS_IN(INITIAL_2));
	cr_expect_not(IS_IN(INITIAL_2, HANDSHAKE_2));
}

Test(early_packet, other_versions)
{
	cr_expect_not(IS_IN(0xd0, 1, 2, 3, 4, 1, 7, 0, 2, 9, 9));
	cr_expect_not(IS_IN(0xd0, 0, 0, 0, 0, 1, 7, 0, 2, 9, 9));
}

Test(early_packet, cut_short)
{
	const uint8_t whole[] = {INITIAL_1, EARLY_1};

	for (size_t size = 0; size < sizeof(whole); size++)
		cr_expect_not(is_in(whole, size), "%zu octets", size);
	cr_expect(is_in(whole, sizeof(whole)));
}
