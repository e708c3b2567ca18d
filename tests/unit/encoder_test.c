/* SPDX-License-Identifier: GPL-2.0-only */
/* What each encoder writes, the library's own decoder reads: whole, in pieces
 * with flushes between, and bounded in memory. */
#include "terminator/compress_encoder.h"

#include <brotli/decode.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { SIZE = 3 * 1024 * 1024, CODINGS = 3, EFFORTS = 3 };

static const enum coding codings[CODINGS] = {CODING_GZIP, CODING_BR,
					     CODING_ZSTD};
static const char *const names[CODINGS] = {"gzip", "br", "zstd"};

struct octets {
	uint8_t *data;
	size_t size;
};

static int append(void *user, const void *data, size_t size)
{
	struct octets *octets = user;

	octets->data = realloc(octets->data, octets->size + size + 1);
	memcpy(octets->data + octets->size, data, size);
	octets->size += size;
	return 0;
}

static int refuse(void *user, const void *data, size_t size)
{
	(void)user;
	(void)data;
	(void)size;
	return -ENOSPC;
}

/* Text of words, now and then octets that cannot be compressed. */
static uint8_t *make_text(unsigned seed)
{
	static const char *const words[] = {"steer ", "quic ", "packet ",
					    "<div>", "</div>\n"};
	uint8_t *text = malloc(SIZE + 16);
	size_t used = 0;

	while (used < SIZE) {
		unsigned number = rand_r(&seed) >> 4;

		if (number % 13)
			used += sprintf((char *)text + used, "%s",
					words[number % 5]);
		else
			text[used++] = (uint8_t)(number >> 8);
	}
	return text;
}

static size_t gunzip(const struct octets *in, uint8_t *to, size_t size)
{
	z_stream stream = {.next_in = in->data,
			   .avail_in = in->size,
			   .next_out = to,
			   .avail_out = size};

	inflateInit2(&stream, 15 + 16);
	inflate(&stream, Z_SYNC_FLUSH);
	inflateEnd(&stream);
	return stream.total_out;
}

static size_t unbrotli(const struct octets *in, uint8_t *to, size_t size)
{
	BrotliDecoderState *state =
		BrotliDecoderCreateInstance(NULL, NULL, NULL);
	const uint8_t *next = in->data;
	size_t left = in->size, total = 0;

	BrotliDecoderDecompressStream(state, &left, &next, &size, &to, &total);
	BrotliDecoderDestroyInstance(state);
	return total;
}

static size_t unzstd(const struct octets *in, uint8_t *to, size_t size)
{
	ZSTD_DStream *stream = ZSTD_createDStream();
	ZSTD_inBuffer from = {in->data, in->size, 0};
	ZSTD_outBuffer out = {to, size, 0};

	while (from.pos < from.size &&
	       !ZSTD_isError(ZSTD_decompressStream(stream, &out, &from)))
		;
	ZSTD_freeDStream(stream);
	return out.pos;
}

/* Decodes as much as can be; the stream may not be at its end. */
static size_t decode(enum coding coding, const struct octets *in, uint8_t *to,
		     size_t size)
{
	switch (coding) {
	case CODING_GZIP:
		return gunzip(in, to, size);
	case CODING_BR:
		return unbrotli(in, to, size);
	default:
		return unzstd(in, to, size);
	}
}

/* In pieces of random sizes. Returns the most memory that it had. */
static size_t encode(struct encoder *encoder, const uint8_t *text, size_t size,
		     struct octets *out)
{
	unsigned seed = 7;
	size_t most = 0;

	while (size) {
		size_t piece = 1 + rand_r(&seed) % 70000;

		if (piece > size)
			piece = size;
		cr_assert_eq(encoder_run(encoder, text, piece, ENCODER_FEED,
					 append, out),
			     0);
		if (encoder_memory(encoder) > most)
			most = encoder_memory(encoder);
		text += piece;
		size -= piece;
	}
	cr_assert_eq(encoder_run(encoder, NULL, 0, ENCODER_FINISH, append, out),
		     0);
	return most;
}

static void round_trip(size_t i, enum qs_config_effort effort,
		       const uint8_t *text, uint8_t *back)
{
	struct encoder *encoder = encoder_new(codings[i], effort);
	struct octets out = {};
	size_t memory;

	cr_assert(encoder);
	memory = encode(encoder, text, SIZE, &out);
	encoder_free(encoder);
	printf("# %s, effort %d: %zu KiB of memory, %.1f%% of the size\n",
	       names[i], effort, memory / 1024, 100.0 * out.size / SIZE);
	cr_expect_eq(decode(codings[i], &out, back, SIZE), SIZE);
	cr_expect_eq(memcmp(text, back, SIZE), 0, "%s %d", names[i], effort);
	cr_expect_lt(out.size, SIZE / 2, "%s %d", names[i], effort);
	cr_expect_leq(memory, 2 * 1024 * 1024, "%s %d", names[i], effort);
	free(out.data);
}

Test(encoder, round_trips_within_bounds)
{
	uint8_t *text = make_text(1), *back = malloc(SIZE);

	for (size_t i = 0; i < CODINGS; i++)
		for (int effort = 0; effort < EFFORTS; effort++)
			round_trip(i, effort, text, back);
	free(text);
	free(back);
}

Test(encoder, flush_shows_all_that_came)
{
	uint8_t *text = make_text(2), *back = malloc(SIZE);

	for (size_t i = 0; i < CODINGS; i++) {
		struct encoder *encoder =
			encoder_new(codings[i], QS_EFFORT_MEDIUM);
		struct octets out = {};
		size_t fed = 0;

		for (size_t piece = 1; fed + piece < SIZE; piece *= 3) {
			encoder_run(encoder, text + fed, piece, ENCODER_FEED,
				    append, &out);
			fed += piece;
			encoder_run(encoder, NULL, 0, ENCODER_FLUSH, append,
				    &out);
			cr_assert_eq(decode(codings[i], &out, back, SIZE), fed,
				     "%s, %zu", names[i], fed);
			cr_assert_eq(memcmp(text, back, fed), 0);
		}
		encoder_free(encoder);
		free(out.data);
	}
	free(text);
	free(back);
}

Test(encoder, empty_stream)
{
	for (size_t i = 0; i < CODINGS; i++) {
		struct encoder *encoder =
			encoder_new(codings[i], QS_EFFORT_LOW);
		struct octets out = {};
		uint8_t back;

		cr_expect_eq(encoder_run(encoder, NULL, 0, ENCODER_FINISH,
					 append, &out),
			     0);
		cr_expect_gt(out.size, 0, "%s", names[i]);
		cr_expect_eq(decode(codings[i], &out, &back, 1), 0);
		encoder_free(encoder);
		free(out.data);
	}
}

Test(encoder, tells_that_output_was_refused)
{
	for (size_t i = 0; i < CODINGS; i++) {
		struct encoder *encoder =
			encoder_new(codings[i], QS_EFFORT_LOW);

		cr_expect_eq(encoder_run(encoder, "x", 1, ENCODER_FLUSH, refuse,
					 NULL),
			     -ENOSPC, "%s", names[i]);
		encoder_free(encoder);
	}
	encoder_free(NULL);
}
