/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/frame_tally.h"

#include "terminator/packet_reader.h"

enum {
	PADDING = 0x00,
	ACK = 0x02,
	ACK_ECN = 0x03,
	CRYPTO = 0x06,
	NEW_TOKEN = 0x07,
	STREAM = 0x08,
	STREAM_LAST = 0x0f,
	NEW_CONNECTION_ID = 0x18,
	KNOWN = 0x1c, /* CONNECTION_CLOSE: nothing behind it matters */
	STREAM_FIN = 1,
	STREAM_LENGTH = 2,
	STREAM_OFFSET = 4,
	RESET_TOKEN_SIZE = 16,
	PATH_DATA_SIZE = 8,
};

/* How many integers, and then octets, frames of a fixed form have. */
static const struct {
	uint8_t integers, octets;
} forms[KNOWN] = {
	[0x04] = {3, 0},	      /* RESET_STREAM */
	[0x05] = {2, 0},	      /* STOP_SENDING */
	[0x10] = {1, 0},	      /* MAX_DATA */
	[0x11] = {2, 0},	      /* MAX_STREAM_DATA */
	[0x12] = {1, 0},	      /* MAX_STREAMS */
	[0x13] = {1, 0},	      /* likewise */
	[0x14] = {1, 0},	      /* DATA_BLOCKED */
	[0x15] = {2, 0},	      /* STREAM_DATA_BLOCKED */
	[0x16] = {1, 0},	      /* STREAMS_BLOCKED */
	[0x17] = {1, 0},	      /* likewise */
	[0x19] = {1, 0},	      /* RETIRE_CONNECTION_ID */
	[0x1a] = {0, PATH_DATA_SIZE}, /* PATH_CHALLENGE */
	[0x1b] = {0, PATH_DATA_SIZE}, /* PATH_RESPONSE */
};

static void skip_integers(struct packet_reader *reader, uint64_t count)
{
	while (count-- && !reader->failed)
		packet_reader_integer(reader);
}

static void skip_ack(struct packet_reader *reader, uint64_t type)
{
	uint64_t ranges;

	skip_integers(reader, 2); /* largest, delay */
	ranges = packet_reader_integer(reader);
	skip_integers(reader, 1);
	while (ranges-- && !reader->failed)
		skip_integers(reader, 2);
	if (type == ACK_ECN)
		skip_integers(reader, 3);
}

/* Returns whether it is worth its frame. */
static bool take_stream(struct packet_reader *reader, uint64_t type,
			uint64_t *ret_octets)
{
	uint64_t size;

	skip_integers(reader, type & STREAM_OFFSET ? 2 : 1);
	size = type & STREAM_LENGTH ? packet_reader_integer(reader)
				    : packet_reader_left(reader);
	packet_reader_skip(reader, size);
	*ret_octets += reader->failed ? 0 : size;
	return size >= FRAME_TALLY_TINY || type & STREAM_FIN;
}

static void skip_other(struct packet_reader *reader, uint64_t type)
{
	switch (type) {
	case CRYPTO:
		skip_integers(reader, 1);
		packet_reader_skip(reader, packet_reader_integer(reader));
		break;
	case NEW_TOKEN:
		packet_reader_skip(reader, packet_reader_integer(reader));
		break;
	case NEW_CONNECTION_ID:
		skip_integers(reader, 2);
		packet_reader_skip(reader, packet_reader_octet(reader));
		packet_reader_skip(reader, RESET_TOKEN_SIZE);
		break;
	default:
		skip_integers(reader, forms[type].integers);
		packet_reader_skip(reader, forms[type].octets);
	}
}

void frame_tally_add(struct frame_tally *tally, const uint8_t *payload,
		     size_t size)
{
	struct packet_reader reader = {payload, payload + size, false};

	while (packet_reader_left(&reader) && !reader.failed) {
		uint64_t type;

		if (*reader.at == PADDING) {
			packet_reader_skip(&reader, 1);
			continue;
		}
		type = packet_reader_integer(&reader);
		if (type >= KNOWN || reader.failed)
			return;
		if (type == ACK || type == ACK_ECN) {
			skip_ack(&reader, type);
		} else if (type >= STREAM && type <= STREAM_LAST) {
			if (!take_stream(&reader, type, &tally->stream_octets))
				tally->costly++;
		} else {
			skip_other(&reader, type);
			tally->costly++;
		}
	}
}
