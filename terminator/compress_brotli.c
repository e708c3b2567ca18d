/* SPDX-License-Identifier: GPL-2.0-only */
/* RFC 7932, by libbrotlienc. */
#include <brotli/encode.h>
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "terminator/compress_encoder.h"

/* More would take more memory than it saves octets of pages. */
enum { WINDOW_BITS = 16 };

struct brotli {
	struct encoder encoder;
	BrotliEncoderState *state;
	size_t memory;
};

static const uint32_t qualities[] = {
	[QS_EFFORT_LOW] = 2, [QS_EFFORT_MEDIUM] = 4, [QS_EFFORT_HIGH] = 6};

static void *allocate(void *user, size_t size)
{
	struct brotli *brotli = user;
	void *memory = malloc(size);

	if (memory)
		brotli->memory += malloc_usable_size(memory);
	return memory;
}

static void release(void *user, void *memory)
{
	struct brotli *brotli = user;

	if (memory)
		brotli->memory -= malloc_usable_size(memory);
	free(memory);
}

static void end(struct encoder *encoder)
{
	struct brotli *brotli = (struct brotli *)encoder;

	if (brotli->state)
		BrotliEncoderDestroyInstance(brotli->state);
	free(brotli);
}

static struct encoder *make(enum qs_config_effort effort)
{
	struct brotli *brotli = calloc(1, sizeof(*brotli));

	if (!brotli)
		return NULL;
	brotli->encoder.kind = &brotli_encoder;
	brotli->memory = sizeof(*brotli);
	brotli->state = BrotliEncoderCreateInstance(allocate, release, brotli);
	if (brotli->state &&
	    BrotliEncoderSetParameter(brotli->state, BROTLI_PARAM_QUALITY,
				      qualities[effort]) &&
	    BrotliEncoderSetParameter(brotli->state, BROTLI_PARAM_LGWIN,
				      WINDOW_BITS))
		return &brotli->encoder;
	end(&brotli->encoder);
	return NULL;
}

static int put_output(BrotliEncoderState *state, encoder_put *put, void *user)
{
	while (BrotliEncoderHasMoreOutput(state)) {
		size_t size = 0;
		const uint8_t *data = BrotliEncoderTakeOutput(state, &size);
		int error = put(user, data, size);

		if (error)
			return error;
	}
	return 0;
}

static int run(struct encoder *encoder, const void *data, size_t size,
	       enum encoder_step step, encoder_put *put, void *user)
{
	static const BrotliEncoderOperation operations[] = {
		[ENCODER_FEED] = BROTLI_OPERATION_PROCESS,
		[ENCODER_FLUSH] = BROTLI_OPERATION_FLUSH,
		[ENCODER_FINISH] = BROTLI_OPERATION_FINISH,
	};
	BrotliEncoderState *state = ((struct brotli *)encoder)->state;
	const uint8_t *next = data;
	size_t none = 0;
	int error;

	do {
		if (!BrotliEncoderCompressStream(state, operations[step], &size,
						 &next, &none, NULL, NULL))
			return -ENOMEM;
		error = put_output(state, put, user);
		if (error)
			return error;
	} while (size);
	return 0;
}

static size_t memory(const struct encoder *encoder)
{
	return ((const struct brotli *)encoder)->memory;
}

const struct encoder_kind brotli_encoder = {make, run, end, memory};
