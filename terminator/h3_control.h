/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a client may say on its control stream, where nghttp3 looks away: frames
 * of one number that hold more or less, and pushes, of which there are none
 * (RFC 9114, 7.2.3, 7.2.6 and 7.2.7). Pure.
 */
#ifndef TERMINATOR_H3_CONTROL_H
#define TERMINATOR_H3_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero is the start of a stream, before its type. */
struct h3_control {
	int part;	   /* of the frame that is being read */
	uint64_t type;	   /* of that frame */
	uint64_t left;	   /* octets of that frame */
	uint64_t number;   /* that is being read */
	unsigned int more; /* octets of that number */
	bool within;	   /* that number */
	bool settled;	   /* SETTINGS came first */
	bool foreign;	   /* they did not: nghttp3 has an error for that */
	uint64_t max_push_id;
};

/* h3_control_read takes the next octets of the stream. Returns 0 or the error
 * of nghttp3 that the connection is to end with. */
int h3_control_read(struct h3_control *control, const uint8_t *data,
		    size_t size);

#endif
