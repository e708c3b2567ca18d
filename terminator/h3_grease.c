/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h3_grease.h"

#include <string.h>

#include "terminator/random.h"

enum {
	HEAD = 3, /* the stream's type, the frame's type and its length */
	CONTROL_STREAM = 0,
	SETTINGS = 4,
	ONE_OCTET = 0x40, /* a varint below that is one (RFC 9000, 16) */
	FOUR_OCTETS = 0x80,
};

/* A stream of type 0x1f * N + 0x21 with a word that nobody reads. */
static const uint8_t stream[] = {0x80, 0x02, 0x34, 0x6d, 'g',
				 'r',  'e',  'a',  's',	 'e'};

size_t h3_grease_settings(uint8_t to[H3_GREASE_BEGIN], const uint8_t *from,
			  size_t size, uint32_t random)
{
	uint32_t number = 0x1fU * (random & 0xffff) + 0x21;
	uint8_t *more;
	size_t whole;

	if (size < HEAD || from[0] != CONTROL_STREAM || from[1] != SETTINGS ||
	    from[2] + H3_GREASE_ADDED >= ONE_OCTET)
		return 0;
	whole = HEAD + (size_t)from[2];
	if (size < whole || whole + H3_GREASE_ADDED > H3_GREASE_BEGIN)
		return 0;
	memcpy(to, from, whole);
	to[2] += H3_GREASE_ADDED;
	more = to + whole;
	more[0] = (uint8_t)(FOUR_OCTETS | number >> 24);
	more[1] = (uint8_t)(number >> 16);
	more[2] = (uint8_t)(number >> 8);
	more[3] = (uint8_t)number;
	more[4] = (uint8_t)(random >> 16) % ONE_OCTET;
	return whole + H3_GREASE_ADDED;
}

void h3_grease_open(struct h3_grease *grease, ngtcp2_conn *conn,
		    int64_t control)
{
	grease->control = control;
	if (!ngtcp2_conn_get_streams_uni_left(conn) ||
	    ngtcp2_conn_open_uni_stream(conn, &grease->stream, NULL))
		grease->stream = -1;
}

/* Makes the begin of the control stream of nghttp3's. */
static void make_begin(struct h3_grease *grease, const nghttp3_vec *vectors,
		       size_t count)
{
	uint8_t from[H3_GREASE_BEGIN];
	size_t size = 0;
	uint32_t random;

	for (size_t i = 0; i < count && size < sizeof(from); i++) {
		size_t piece = vectors[i].len;

		if (piece > sizeof(from) - size)
			piece = sizeof(from) - size;
		memcpy(from + size, vectors[i].base, piece);
		size += piece;
	}
	random_bytes(&random, sizeof(random));
	grease->size =
		(uint8_t)h3_grease_settings(grease->begin, from, size, random);
	if (grease->size)
		grease->replaced = (uint8_t)(grease->size - H3_GREASE_ADDED);
	else
		grease->control = -1; /* as nghttp3 wants it */
}

nghttp3_ssize h3_grease_data(struct h3_grease *grease, int64_t *stream_id,
			     int *fin, nghttp3_vec *vectors,
			     nghttp3_ssize count)
{
	if (count > 0 && *stream_id == grease->control && !grease->size)
		make_begin(grease, vectors, (size_t)count);
	if (count > 0 && *stream_id == grease->control &&
	    grease->sent < grease->size) {
		vectors[0] =
			(nghttp3_vec){grease->begin + grease->sent,
				      (size_t)(grease->size - grease->sent)};
		return 1;
	}
	if (count || *stream_id >= 0 || grease->stream < 0)
		return count;
	*stream_id = grease->stream;
	*fin = 1;
	vectors[0] = (nghttp3_vec){(uint8_t *)stream, sizeof(stream)};
	return 1;
}

bool h3_grease_take(struct h3_grease *grease, int64_t stream_id)
{
	if (grease->stream < 0 || grease->stream != stream_id)
		return false;
	grease->stream = -1;
	return true;
}

/* Notes that `size` octets more of the stream are through. `done` of the begin
 * were before. Returns how many of nghttp3's are. */
static uint64_t count(const struct h3_grease *grease, uint8_t *done,
		      int64_t stream_id, uint64_t size)
{
	uint8_t left = grease->size - *done;

	if (stream_id != grease->control || !left)
		return size;
	if (size < left) {
		*done += (uint8_t)size;
		return 0;
	}
	*done = grease->size;
	return size - left + grease->replaced;
}

size_t h3_grease_sent(struct h3_grease *grease, int64_t stream_id, size_t size)
{
	return count(grease, &grease->sent, stream_id, size);
}

uint64_t h3_grease_acked(struct h3_grease *grease, int64_t stream_id,
			 uint64_t size)
{
	return count(grease, &grease->acked, stream_id, size);
}
