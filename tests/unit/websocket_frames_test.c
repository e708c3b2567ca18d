/* SPDX-License-Identifier: GPL-2.0-only */
/* Where frames end, however the octets come. */
#include "terminator/websocket_frames.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

struct piece {
	const char *head;
	size_t head_size;
	size_t payload;
	bool over;
};

#define HEAD(text) (text), sizeof(text) - 1

static const struct piece pieces[] = {
	{HEAD("\x81\x00"), 0, false},
	{HEAD("\x81\x05"), 5, false},
	{HEAD("\x82\x7d"), 125, false},
	{HEAD("\x82\x7e\x00\x7e"), 126, false},
	{HEAD("\x82\x7e\xff\xff"), 65535, false},
	{HEAD("\x82\x7f\x00\x00\x00\x00\x00\x01\x00\x01"), 65537, false},
	{HEAD("\x01\x03"), 3, false}, /* a fragment, */
	{HEAD("\x89\x02"), 2, false}, /* a ping, */
	{HEAD("\x80\x01"), 1, false}, /* the last fragment */
	{HEAD("\xc1\x04"), 4, false}, /* compressed */
	{HEAD("\x81\x85mask"), 5, false},
	{HEAD("\x82\xfe\x01\x00mask"), 256, false},
	{HEAD("\x82\xff\x00\x00\x00\x00\x00\x00\x00\x09mask"), 9, false},
	{HEAD("\x88\x02"), 2, true},
	{HEAD("\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x01"), 1, true},
};
enum { PIECES = sizeof(pieces) / sizeof(pieces[0]) };

static char *make(const struct piece *piece, size_t *ret_size)
{
	char *octets;

	*ret_size = piece->head_size + piece->payload;
	octets = malloc(*ret_size);
	cr_assert(octets);
	memcpy(octets, piece->head, piece->head_size);
	/* As if each were the header of a long frame. */
	memset(octets + piece->head_size, 0x7f, piece->payload);
	return octets;
}

/* Feeds it in steps of `step` octets; only its end may be a boundary. */
static void feed(struct websocket_frames *frames, const struct piece *piece,
		 size_t step)
{
	size_t size, at = 0;
	char *octets = make(piece, &size);

	cr_assert(websocket_frames_at_boundary(frames));
	while (at < size) {
		size_t n = size - at < step ? size - at : step;

		websocket_frames_feed(frames, octets + at, n);
		at += n;
		cr_assert_eq(websocket_frames_at_boundary(frames),
			     at == size && !piece->over,
			     "frame %td, %zu octets of %zu in steps of %zu",
			     piece - pieces, at, size, step);
	}
	free(octets);
}

Test(websocket_frames, ends_are_seen)
{
	static const size_t steps[] = {1, 2, 3, 7, 1000, 1 << 20};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct websocket_frames frames = {};

		for (size_t j = 0; j < PIECES && !pieces[j].over; j++)
			feed(&frames, &pieces[j], steps[i]);
	}
}

Test(websocket_frames, several_at_once)
{
	struct websocket_frames frames = {};

	websocket_frames_feed(&frames, "\x81\x01x\x89\x00\x82\x02yz", 9);
	cr_expect(websocket_frames_at_boundary(&frames));
	websocket_frames_feed(&frames, "\x81\x01x\x89", 4);
	cr_expect_not(websocket_frames_at_boundary(&frames));
	websocket_frames_feed(&frames, "\x00", 1);
	cr_expect(websocket_frames_at_boundary(&frames));
}

Test(websocket_frames, nothing_follows_some)
{
	for (size_t i = 0; i < PIECES; i++) {
		struct websocket_frames frames = {};

		if (!pieces[i].over)
			continue;
		feed(&frames, &pieces[i], 3);
		websocket_frames_feed(&frames, "\x81\x00", 2);
		cr_expect_not(websocket_frames_at_boundary(&frames), "%zu", i);
	}
}
