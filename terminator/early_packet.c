/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/early_packet.h"

#include <ngtcp2/ngtcp2.h>

struct reader {
	const uint8_t *at, *end;
};

enum packet_type {
	PACKET_INITIAL,
	PACKET_EARLY,
	PACKET_HANDSHAKE,
	PACKET_NONE
};

static bool skip(struct reader *reader, uint64_t size)
{
	if ((uint64_t)(reader->end - reader->at) < size)
		return false;
	reader->at += size;
	return true;
}

static bool read_varint(struct reader *reader, uint64_t *number)
{
	const uint8_t *from = reader->at;
	size_t size;

	if (from == reader->end)
		return false;
	size = (size_t)1 << (*from >> 6);
	if (!skip(reader, size))
		return false;
	*number = *from & 0x3f;
	for (size_t i = 1; i < size; i++)
		*number = *number << 8 | from[i];
	return true;
}

/* A CID behind its length. */
static bool skip_cid(struct reader *reader)
{
	uint8_t size;

	if (reader->at == reader->end)
		return false;
	size = *reader->at++;
	return skip(reader, size);
}

/* Version 2 counts its types from another one (RFC 9369, 3.2). */
static enum packet_type type_of(uint8_t first, uint32_t version)
{
	static const enum packet_type types[] = {PACKET_INITIAL, PACKET_EARLY,
						 PACKET_HANDSHAKE, PACKET_NONE};

	if (version == NGTCP2_PROTO_VER_V1)
		return types[first >> 4 & 3];
	if (version == NGTCP2_PROTO_VER_V2)
		return types[((first >> 4 & 3) + 3) % 4];
	return PACKET_NONE;
}

/* The next packet, which the reader then is behind. */
static enum packet_type next_packet(struct reader *reader)
{
	const uint8_t *from = reader->at;
	enum packet_type type;
	uint64_t size;

	if (!skip(reader, 5) || !(from[0] & 0x80))
		return PACKET_NONE;
	type = type_of(from[0], (uint32_t)from[1] << 24 |
					(uint32_t)from[2] << 16 |
					(uint32_t)from[3] << 8 | from[4]);
	if (type == PACKET_NONE || !skip_cid(reader) || !skip_cid(reader))
		return PACKET_NONE;
	if (type == PACKET_INITIAL &&
	    (!read_varint(reader, &size) || !skip(reader, size)))
		return PACKET_NONE;
	if (!read_varint(reader, &size) || !skip(reader, size))
		return PACKET_NONE;
	return type;
}

bool early_packet_is_in(const uint8_t *datagram, size_t size)
{
	struct reader reader = {datagram, datagram + size};
	enum packet_type type;

	do
		type = next_packet(&reader);
	while (type != PACKET_EARLY && type != PACKET_NONE);
	return type == PACKET_EARLY;
}
