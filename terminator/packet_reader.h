/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads octets of QUIC from front to back. Pure. */
#ifndef TERMINATOR_PACKET_READER_H
#define TERMINATOR_PACKET_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct packet_reader {
	const uint8_t *at, *end;
	bool failed; /* there was less than was asked for; nothing is left */
};

static inline size_t packet_reader_left(const struct packet_reader *reader)
{
	return (size_t)(reader->end - reader->at);
}

/* packet_reader_skip leaves out `size` octets. Returns false, and fails the
 * reader, when there are less. */
static inline bool packet_reader_skip(struct packet_reader *reader,
				      uint64_t size)
{
	if (size > packet_reader_left(reader)) {
		reader->failed = true;
		reader->at = reader->end;
		return false;
	}
	reader->at += size;
	return true;
}

/* packet_reader_octet reads an octet; 0 when there is none. */
static inline uint8_t packet_reader_octet(struct packet_reader *reader)
{
	const uint8_t *from = reader->at;

	return packet_reader_skip(reader, 1) ? *from : 0;
}

/* packet_reader_integer reads an integer of variable length (RFC 9000, 16); 0
 * when it is cut off. */
static inline uint64_t packet_reader_integer(struct packet_reader *reader)
{
	const uint8_t *from = reader->at;
	size_t size =
		packet_reader_left(reader) ? (size_t)1 << (*from >> 6) : 1;
	uint64_t value;

	if (!packet_reader_skip(reader, size))
		return 0;
	value = *from & 0x3f;
	for (size_t i = 1; i < size; i++)
		value = value << 8 | from[i];
	return value;
}

#endif
