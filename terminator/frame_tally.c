/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/frame_tally.h"

#include <stdbool.h>

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

struct reader {
	const uint8_t *at;
	size_t left;
	bool failed;
};

static void skip(struct reader *reader, uint64_t size)
{
	if (size > reader->left) {
		reader->failed = true;
		size = reader->left;
	}
	reader->at += size;
	reader->left -= (size_t)size;
}

/* RFC 9000, 16 */
static uint64_t integer(struct reader *reader)
{
	size_t size, i;
	uint64_t value;

	if (!reader->left) {
		reader->failed = true;
		return 0;
	}
	size = (size_t)1 << (*reader->at >> 6);
	if (size > reader->left) {
		reader->failed = true;
		return 0;
	}
	value = *reader->at & 0x3f;
	for (i = 1; i < size; i++)
		value = value << 8 | reader->at[i];
	skip(reader, size);
	return value;
}

static void skip_integers(struct reader *reader, uint64_t count)
{
	while (count-- && !reader->failed)
		integer(reader);
}

static void skip_ack(struct reader *reader, uint64_t type)
{
	uint64_t ranges;

	skip_integers(reader, 2); /* largest, delay */
	ranges = integer(reader);
	skip_integers(reader, 1);
	while (ranges-- && !reader->failed)
		skip_integers(reader, 2);
	if (type == ACK_ECN)
		skip_integers(reader, 3);
}

/* Returns whether it is worth its frame. */
static bool take_stream(struct reader *reader, uint64_t type,
			uint64_t *ret_octets)
{
	uint64_t size;

	skip_integers(reader, type & STREAM_OFFSET ? 2 : 1);
	size = type & STREAM_LENGTH ? integer(reader) : reader->left;
	skip(reader, size);
	*ret_octets += reader->failed ? 0 : size;
	return size >= FRAME_TALLY_TINY || type & STREAM_FIN;
}

static void skip_other(struct reader *reader, uint64_t type)
{
	switch (type) {
	case CRYPTO:
		skip_integers(reader, 1);
		skip(reader, integer(reader));
		break;
	case NEW_TOKEN:
		skip(reader, integer(reader));
		break;
	case NEW_CONNECTION_ID:
		skip_integers(reader, 2);
		skip(reader, (reader->left ? *reader->at : 0) + 1U);
		skip(reader, RESET_TOKEN_SIZE);
		break;
	default:
		skip_integers(reader, forms[type].integers);
		skip(reader, forms[type].octets);
	}
}

void frame_tally_add(struct frame_tally *tally, const uint8_t *payload,
		     size_t size)
{
	struct reader reader = {.at = payload, .left = size};

	while (reader.left && !reader.failed) {
		uint64_t type;

		if (*reader.at == PADDING) {
			skip(&reader, 1);
			continue;
		}
		type = integer(&reader);
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
