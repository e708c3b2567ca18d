/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the frames of one direction of a WebSocket begin and end (RFC 6455,
 * 5.2). Looks at lengths only and keeps no payload. Pure.
 */
#ifndef TERMINATOR_WEBSOCKET_FRAMES_H
#define TERMINATOR_WEBSOCKET_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WEBSOCKET_HEAD_SIZE = 14, /* the longest header, with its mask */
};

/* Zeros at the beginning. */
struct websocket_frames {
	uint8_t head[WEBSOCKET_HEAD_SIZE];
	uint8_t head_size; /* octets of the header that are there */
	bool over;	   /* no frame may follow: a close frame, or a length
			      that none may have, has come */
	uint64_t payload;  /* octets that are yet to come */
};

/* websocket_frames_feed follows the next `size` octets. */
void websocket_frames_feed(struct websocket_frames *frames, const void *data,
			   size_t size);

/* websocket_frames_at_boundary tells whether a frame may begin now; also
 * between the fragments of a message one of control may. */
bool websocket_frames_at_boundary(const struct websocket_frames *frames);

#endif
