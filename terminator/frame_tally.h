/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the frames of a QUIC packet cost us (RFC 9000, 21.9): those that bring
 * no request on by themselves are counted. Pure.
 */
#ifndef TERMINATOR_FRAME_TALLY_H
#define TERMINATOR_FRAME_TALLY_H

#include <stddef.h>
#include <stdint.h>

enum {
	/* A STREAM frame with less, and without FIN, is worth no frame. */
	FRAME_TALLY_TINY = 8,
};

/* All zeros: of no packet. */
struct frame_tally {
	/* All but PADDING, ACK, CONNECTION_CLOSE, and STREAM that is not
	 * tiny. */
	uint32_t costly;
	uint64_t stream_octets; /* of STREAM frames */
};

/* frame_tally_add adds the frames of a packet's payload, which is decrypted.
 * It ends with the first frame that is malformed or unknown: ngtcp2 closes the
 * connection for that. */
void frame_tally_add(struct frame_tally *tally, const uint8_t *payload,
		     size_t size);

#endif
