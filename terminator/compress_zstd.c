/* SPDX-License-Identifier: GPL-2.0-only */
/* RFC 8878, by libzstd. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <zstd.h>

#include "terminator/compress_encoder.h"

enum {
	WINDOW_BITS = 16, /* RFC 9659 allows 23 */
	PIECE = 16 * 1024,
};

struct zstd {
	struct encoder encoder;
	ZSTD_CCtx *context;
};

static const int levels[] = {
	[QS_EFFORT_LOW] = 1, [QS_EFFORT_MEDIUM] = 3, [QS_EFFORT_HIGH] = 6};

static void end(struct encoder *encoder)
{
	struct zstd *zstd = (struct zstd *)encoder;

	ZSTD_freeCCtx(zstd->context);
	free(zstd);
}

static bool set(struct zstd *zstd, ZSTD_cParameter parameter, int value)
{
	return !ZSTD_isError(
		ZSTD_CCtx_setParameter(zstd->context, parameter, value));
}

static struct encoder *make(enum qs_config_effort effort)
{
	struct zstd *zstd = calloc(1, sizeof(*zstd));

	if (!zstd)
		return NULL;
	zstd->encoder.kind = &zstd_encoder;
	zstd->context = ZSTD_createCCtx();
	/* Tables no larger than the window has use for. */
	if (zstd->context &&
	    set(zstd, ZSTD_c_compressionLevel, levels[effort]) &&
	    set(zstd, ZSTD_c_windowLog, WINDOW_BITS) &&
	    set(zstd, ZSTD_c_hashLog, WINDOW_BITS - 2) &&
	    set(zstd, ZSTD_c_chainLog, WINDOW_BITS - 2))
		return &zstd->encoder;
	end(&zstd->encoder);
	return NULL;
}

static int run(struct encoder *encoder, const void *data, size_t size,
	       enum encoder_step step, encoder_put *put, void *user)
{
	static const ZSTD_EndDirective directives[] = {
		[ENCODER_FEED] = ZSTD_e_continue,
		[ENCODER_FLUSH] = ZSTD_e_flush,
		[ENCODER_FINISH] = ZSTD_e_end,
	};
	ZSTD_CCtx *context = ((struct zstd *)encoder)->context;
	ZSTD_inBuffer in = {data, size, 0};
	uint8_t piece[PIECE];
	size_t left;

	do {
		ZSTD_outBuffer out = {piece, sizeof(piece), 0};
		int error;

		left = ZSTD_compressStream2(context, &out, &in,
					    directives[step]);
		if (ZSTD_isError(left))
			return -ENOMEM;
		error = out.pos ? put(user, piece, out.pos) : 0;
		if (error)
			return error;
	} while (step == ENCODER_FEED ? in.pos < in.size : left != 0);
	return 0;
}

static size_t memory(const struct encoder *encoder)
{
	const struct zstd *zstd = (const struct zstd *)encoder;

	return sizeof(*zstd) + ZSTD_sizeof_CCtx(zstd->context);
}

const struct encoder_kind zstd_encoder = {make, run, end, memory};
