/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A client may not reset a stream that only the server sends on: RFC 9000, 19.4
 * wants STREAM_STATE_ERROR, ngtcp2 answers PROTOCOL_VIOLATION. The linker puts
 * this in the place of ngtcp2's reader of frames (--wrap, see rules.mk), which
 * is internal to ngtcp2 1.11.0; tests/e2e/h3_misbehaviour.py fails if it is not
 * in force.
 */
#include "terminator/reset_frames.h"

enum {
	RESET_STREAM = 4,
	SERVER_UNIDIRECTIONAL = 3, /* the last bits of its stream IDs */
};

/* The last octet of a varint has them. The frame is a whole one. */
static int resets_our_stream(const uint8_t *data)
{
	size_t last = ((size_t)1 << (data[1] >> 6)) - 1;

	return (data[1 + last] & 3) == SERVER_UNIDIRECTIONAL;
}

ngtcp2_ssize __wrap_ngtcp2_pkt_decode_frame(void *frame, const uint8_t *data,
					    size_t size)
{
	ngtcp2_ssize read = __real_ngtcp2_pkt_decode_frame(frame, data, size);

	if (read > 0 && data[0] == RESET_STREAM && resets_our_stream(data))
		return NGTCP2_ERR_STREAM_STATE;
	return read;
}
