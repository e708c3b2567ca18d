/* SPDX-License-Identifier: GPL-2.0-only */
/* RFC 1952, by zlib. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "terminator/compress_encoder.h"

enum {
	WINDOW_BITS = 15,
	GZIP = 16, /* zlib: added to the bits, asks for gzip's frame */
	MEMORY_LEVEL = 8,
	PIECE = 16 * 1024,
};

struct gzip {
	struct encoder encoder;
	z_stream stream;
	size_t memory;
};

static const int levels[] = {
	[QS_EFFORT_LOW] = 1, [QS_EFFORT_MEDIUM] = 5, [QS_EFFORT_HIGH] = 8};

static void *allocate(void *user, unsigned count, unsigned size)
{
	struct gzip *gzip = user;

	gzip->memory += (size_t)count * size;
	return calloc(count, size);
}

static void release(void *user, void *memory)
{
	(void)user;
	free(memory);
}

static struct encoder *make(enum qs_config_effort effort)
{
	struct gzip *gzip = calloc(1, sizeof(*gzip));

	if (!gzip)
		return NULL;
	gzip->encoder.kind = &gzip_encoder;
	gzip->memory = sizeof(*gzip);
	gzip->stream.zalloc = allocate;
	gzip->stream.zfree = release;
	gzip->stream.opaque = gzip;
	if (deflateInit2(&gzip->stream, levels[effort], Z_DEFLATED,
			 WINDOW_BITS + GZIP, MEMORY_LEVEL,
			 Z_DEFAULT_STRATEGY) == Z_OK)
		return &gzip->encoder;
	free(gzip);
	return NULL;
}

static int run(struct encoder *encoder, const void *data, size_t size,
	       enum encoder_step step, encoder_put *put, void *user)
{
	static const int modes[] = {[ENCODER_FEED] = Z_NO_FLUSH,
				    [ENCODER_FLUSH] = Z_SYNC_FLUSH,
				    [ENCODER_FINISH] = Z_FINISH};
	struct gzip *gzip = (struct gzip *)encoder;
	z_stream *stream = &gzip->stream;
	uint8_t piece[PIECE];
	int result;

	stream->next_in = (Bytef *)data;
	stream->avail_in = size;
	do {
		stream->next_out = piece;
		stream->avail_out = sizeof(piece);
		result = deflate(stream, modes[step]);
		if (result == Z_STREAM_ERROR)
			return -EINVAL;
		if (stream->avail_out < sizeof(piece)) {
			int error = put(user, piece,
					sizeof(piece) - stream->avail_out);

			if (error)
				return error;
		}
	} while (!stream->avail_out);
	return 0;
}

static size_t memory(const struct encoder *encoder)
{
	return ((const struct gzip *)encoder)->memory;
}

static void end(struct encoder *encoder)
{
	struct gzip *gzip = (struct gzip *)encoder;

	deflateEnd(&gzip->stream);
	free(gzip);
}

const struct encoder_kind gzip_encoder = {make, run, end, memory};
