/* SPDX-License-Identifier: GPL-2.0-only */
/* What the frames of a packet count as. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/frame_tally.h"

/* clang-format off */
#define TALLY(...) \
	tally((const uint8_t[]){__VA_ARGS__}, \
	      sizeof((const uint8_t[]){__VA_ARGS__}))
/* clang-format on */

static struct frame_tally tally(const uint8_t *payload, size_t size)
{
	struct frame_tally result = {0};
	/* So that a sanitizer sees what is read behind it. */
	uint8_t *copy = malloc(size);

	memcpy(copy, payload, size);
	frame_tally_add(&result, copy, size);
	free(copy);
	return result;
}

static void expect(struct frame_tally seen, uint32_t costly, uint64_t octets)
{
	cr_expect_eq(seen.costly, costly, "costly: %u", seen.costly);
	cr_expect_eq(seen.stream_octets, octets, "octets: %lu",
		     (unsigned long)seen.stream_octets);
}

Test(frame_tally, padding_and_acks_cost_nothing)
{
	expect(TALLY(0), 0, 0);
	expect(TALLY(0, 0, 0, 1, 0), 1, 0);
	/* largest 0x4005, delay 3, two more ranges; and with ECN */
	expect(TALLY(2, 0x40, 5, 3, 2, 0, 1, 1, 1, 1, 1), 1, 0);
	expect(TALLY(3, 0x40, 5, 3, 0, 0, 1, 2, 3, 1), 1, 0);
}

Test(frame_tally, frames_of_a_fixed_form)
{
	expect(TALLY(4, 0, 0x41, 0x0c, 0, 5, 0, 0x41, 0x0c), 2, 0);
	expect(TALLY(0x10, 1, 0x11, 1, 1, 0x12, 1, 0x13, 1), 4, 0);
	expect(TALLY(0x14, 1, 0x15, 1, 1, 0x16, 1, 0x17, 1, 0x19, 1), 5, 0);
	expect(TALLY(0x1a, 1, 1, 1, 1, 1, 1, 1, 1, 0x1b, 1, 1, 1, 1, 1, 1, 1, 1,
		     1),
	       3, 0);
}

Test(frame_tally, frames_with_a_length)
{
	expect(TALLY(6, 0, 3, 1, 1, 1, 7, 2, 1, 1, 1), 3, 0);
	expect(TALLY(0x18, 2, 0, 4, 1, 2, 3, 4, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
		     10, 11, 12, 13, 14, 15, 1),
	       2, 0);
}

Test(frame_tally, streams)
{
	/* to the packet's end; tiny; tiny with FIN; with offset and length */
	expect(TALLY(8, 4, 1, 2, 3, 4, 5, 6, 7, 8), 0, 8);
	expect(TALLY(8, 4, 1, 2, 3, 4, 5, 6, 7), 1, 7);
	expect(TALLY(9, 4), 0, 0);
	expect(TALLY(10, 4, 0, 10, 4, 0, 10, 4, 1, 1), 3, 1);
	expect(TALLY(14, 4, 0x40, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 1), 1, 9);
}

Test(frame_tally, ends_at_what_is_no_frame)
{
	expect(TALLY(1, 0x1c, 1, 1, 1), 1, 0); /* CONNECTION_CLOSE */
	expect(TALLY(1, 0x30, 1, 1, 1), 1, 0); /* a DATAGRAM */
	expect(TALLY(1, 0x80), 1, 0);
	expect(TALLY(14, 4, 0, 9, 1), 0, 0);
}

Test(frame_tally, cut_frames_are_not_read_beyond)
{
	static const uint8_t frames[] = {
		2,  0x40, 5,  3,  2,  0,  1, 1, 1, 1, 4, 0, 1, 0,  6, 0,
		3,  1,	  1,  1,  7,  2,  1, 1, 9, 4, 1, 2, 3, 24, 2, 0,
		4,  1,	  2,  3,  4,  0,  1, 2, 3, 4, 5, 6, 7, 8,  9, 10,
		11, 12,	  13, 14, 15, 26, 1, 2, 3, 4, 5, 6, 7, 8,
	};
	size_t from, size;

	for (from = 0; from < sizeof(frames); from++)
		for (size = 1; size <= sizeof(frames) - from; size++)
			cr_assert_leq(tally(frames + from, size).costly, size);
}
