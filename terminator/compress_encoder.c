/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/compress_encoder.h"

#include <assert.h>

static const struct encoder_kind *const kinds[CODING_COUNT] = {
	[CODING_GZIP] = &gzip_encoder,
	[CODING_BR] = &brotli_encoder,
	[CODING_ZSTD] = &zstd_encoder,
};

struct encoder *encoder_new(enum coding coding, enum qs_config_effort effort)
{
	assert(kinds[coding]);
	return kinds[coding]->make(effort);
}

int encoder_run(struct encoder *encoder, const void *data, size_t size,
		enum encoder_step step, encoder_put *put, void *user)
{
	return encoder->kind->run(encoder, data, size, step, put, user);
}

size_t encoder_memory(const struct encoder *encoder)
{
	return encoder->kind->memory(encoder);
}

void encoder_free(struct encoder *encoder)
{
	if (encoder)
		encoder->kind->free(encoder);
}
