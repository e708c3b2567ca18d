/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/early_packet.h"

#include <ngtcp2/ngtcp2.h>

#include "terminator/packet_reader.h"

enum packet_type {
	PACKET_INITIAL,
	PACKET_EARLY,
	PACKET_HANDSHAKE,
	PACKET_NONE
};

/* A CID behind its length. */
static void skip_cid(struct packet_reader *reader)
{
	packet_reader_skip(reader, packet_reader_octet(reader));
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
static enum packet_type next_packet(struct packet_reader *reader)
{
	const uint8_t *from = reader->at;
	enum packet_type type;

	if (!packet_reader_skip(reader, 5) || !(from[0] & 0x80))
		return PACKET_NONE;
	type = type_of(from[0], (uint32_t)from[1] << 24 |
					(uint32_t)from[2] << 16 |
					(uint32_t)from[3] << 8 | from[4]);
	if (type == PACKET_NONE)
		return PACKET_NONE;
	skip_cid(reader);
	skip_cid(reader);
	if (type == PACKET_INITIAL)
		packet_reader_skip(reader, packet_reader_integer(reader));
	packet_reader_skip(reader, packet_reader_integer(reader));
	return reader->failed ? PACKET_NONE : type;
}

bool early_packet_is_in(const uint8_t *datagram, size_t size)
{
	struct packet_reader reader = {datagram, datagram + size, false};
	enum packet_type type;

	do
		type = next_packet(&reader);
	while (type != PACKET_EARLY && type != PACKET_NONE);
	return type == PACKET_EARLY;
}
