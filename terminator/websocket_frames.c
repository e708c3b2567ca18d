/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/websocket_frames.h"

enum {
	OPCODE = 0x0f,
	CLOSE = 8,
	MASKED = 0x80,
	MASK_SIZE = 4,
	LENGTH = 0x7f,
	LENGTH_16 = 126,
	LENGTH_64 = 127,
};

/* Octets of the length behind the first two of the header. */
static size_t extended_size(const struct websocket_frames *frames)
{
	switch (frames->head[1] & LENGTH) {
	case LENGTH_16:
		return 2;
	case LENGTH_64:
		return 8;
	default:
		return 0;
	}
}

static bool head_is_whole(const struct websocket_frames *frames)
{
	size_t size = 2;

	if (frames->head_size < size)
		return false;
	size += extended_size(frames);
	if (frames->head[1] & MASKED)
		size += MASK_SIZE;
	return frames->head_size == size;
}

static void take_head(struct websocket_frames *frames)
{
	size_t size = extended_size(frames);
	uint64_t length = size ? 0 : frames->head[1] & LENGTH;

	for (size_t i = 0; i < size; i++)
		length = length << 8 | frames->head[2 + i];
	frames->over = (frames->head[0] & OPCODE) == CLOSE || length >> 63;
	frames->payload = length;
	frames->head_size = 0;
}

void websocket_frames_feed(struct websocket_frames *frames, const void *data,
			   size_t size)
{
	const uint8_t *at = data, *end = at + size;

	while (at < end && !frames->over) {
		size_t left = (size_t)(end - at);

		if (frames->payload) {
			size_t n =
				frames->payload < left ? frames->payload : left;

			frames->payload -= n;
			at += n;
			continue;
		}
		frames->head[frames->head_size++] = *at++;
		if (head_is_whole(frames))
			take_head(frames);
	}
}

bool websocket_frames_at_boundary(const struct websocket_frames *frames)
{
	return !frames->over && !frames->head_size && !frames->payload;
}
