/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams of octets that come out smaller, in each of the content codings. The
 * memory of a stream is bounded, whatever its length: see the table in
 * encoder_test.c.
 */
#ifndef TERMINATOR_COMPRESS_ENCODER_H
#define TERMINATOR_COMPRESS_ENCODER_H

#include <stddef.h>

#include "loader/lib/config.h"
#include "terminator/accept_encoding.h"

enum encoder_step {
	ENCODER_FEED,	/* output comes when there is enough of it */
	ENCODER_FLUSH,	/* all that came until now can be decoded */
	ENCODER_FINISH, /* the stream ends; only encoder_free may follow */
};

/* Takes output. Returns 0, or -errno, which encoder_run then returns. */
typedef int encoder_put(void *user, const void *data, size_t size);

struct encoder;

struct encoder_kind {
	struct encoder *(*make)(enum qs_config_effort effort);
	int (*run)(struct encoder *encoder, const void *data, size_t size,
		   enum encoder_step step, encoder_put *put, void *user);
	void (*free)(struct encoder *encoder);
	/* How much memory it has now. */
	size_t (*memory)(const struct encoder *encoder);
};

/* What all kinds begin with. */
struct encoder {
	const struct encoder_kind *kind;
};

extern const struct encoder_kind gzip_encoder;
extern const struct encoder_kind brotli_encoder;
extern const struct encoder_kind zstd_encoder;

/* encoder_new makes one of a coding other than identity. Returns NULL when
 * memory is short. */
struct encoder *encoder_new(enum coding coding, enum qs_config_effort effort);

/* encoder_run takes `size` octets more, which may be 0, and does the step.
 * Returns 0 or -errno; then the stream is of no use any more. */
int encoder_run(struct encoder *encoder, const void *data, size_t size,
		enum encoder_step step, encoder_put *put, void *user);

/* encoder_memory tells how many octets the encoder occupies. */
size_t encoder_memory(const struct encoder *encoder);

/* encoder_free frees it; NULL is allowed. */
void encoder_free(struct encoder *encoder);

#endif
