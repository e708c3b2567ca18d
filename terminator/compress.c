/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/compress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/compress_encoder.h"
#include "terminator/exchange_private.h"
#include "terminator/upstream.h"

struct compression {
	enum coding codings[CODING_COUNT]; /* the best first */
	size_t coding_count;
	char **types;
	struct compress_choice choice;
	enum qs_config_effort effort;
	uint32_t streams;
};

struct compressor {
	struct encoder *encoder;
	bool pending; /* octets came since it was flushed */
};

static enum coding coding_of(enum qs_config_coding coding)
{
	switch (coding) {
	case QS_CODING_BR:
		return CODING_BR;
	case QS_CODING_ZSTD:
		return CODING_ZSTD;
	case QS_CODING_GZIP:
		break;
	}
	return CODING_GZIP;
}

static void take_codings(struct compression *compression,
			 const struct qs_config_compression *from)
{
	static const enum qs_config_coding all[] = {
		QS_CODING_BR, QS_CODING_ZSTD, QS_CODING_GZIP};
	const enum qs_config_coding *list = from->encodings;
	size_t count = from->encoding_count;

	if (!count) {
		list = all;
		count = sizeof(all) / sizeof(*all);
	}
	for (size_t i = 0; i < count && i < CODING_COUNT; i++)
		compression->codings[compression->coding_count++] =
			coding_of(list[i]);
}

static int take_types(struct compression *compression,
		      const struct qs_config_compression *from)
{
	struct compress_choice *choice = &compression->choice;

	compression->types = calloc(from->type_count + 1, sizeof(char *));
	if (!compression->types)
		return -ENOMEM;
	for (size_t i = 0; i < from->type_count; i++) {
		compression->types[i] = strdup(from->types[i]);
		if (!compression->types[i])
			return -ENOMEM;
		choice->type_count++;
	}
	choice->types = compression->types;
	return 0;
}

int compression_new(const struct qs_config_compression *from, uint32_t streams,
		    struct compression **ret_compression)
{
	struct compression *compression;

	*ret_compression = NULL;
	if (!from->enabled)
		return 0;
	compression = calloc(1, sizeof(*compression));
	if (!compression)
		return -ENOMEM;
	take_codings(compression, from);
	compression->choice.minimum_size = from->minimum_size;
	compression->effort = from->effort;
	compression->streams = streams;
	if (take_types(compression, from)) {
		compression_free(compression);
		return -ENOMEM;
	}
	*ret_compression = compression;
	return 0;
}

void compression_free(struct compression *compression)
{
	if (!compression)
		return;
	for (size_t i = 0; i < compression->choice.type_count; i++)
		free(compression->types[i]);
	free(compression->types);
	free(compression);
}

static const struct compression *compression_of(const struct exchange *exchange)
{
	return exchange->route ? exchange->route->compression : NULL;
}

void compress_begin(struct exchange *exchange,
		    const struct exchange_request *request)
{
	const struct compression *compression = compression_of(exchange);
	struct accept_encoding accept;

	if (!compression || exchange->message.connect)
		return;
	accept_encoding_read(&accept, request->fields, request->field_count);
	exchange->coding = accept_encoding_choose(&accept, compression->codings,
						  compression->coding_count);
}

/* Returns NULL when memory is short. */
static struct compressor *make_compressor(const struct exchange *exchange)
{
	struct compressor *compressor = calloc(1, sizeof(*compressor));

	if (!compressor)
		return NULL;
	compressor->encoder =
		encoder_new(exchange->coding, compression_of(exchange)->effort);
	if (compressor->encoder)
		return compressor;
	free(compressor);
	return NULL;
}

/* Whether the body that follows, if one does, will be compressed. */
static bool begin_body(struct exchange *exchange)
{
	struct upstream_shared *shared = exchange->shared;

	if (exchange->message.head)
		return true;
	if (shared->compressors < compression_of(exchange)->streams)
		exchange->compressor = make_compressor(exchange);
	if (!exchange->compressor) {
		shared->stats->counters.compressions_refused++;
		return false;
	}
	shared->compressors++;
	shared->stats->counters.compressions++;
	return true;
}

void compress_head(struct exchange *exchange, unsigned status,
		   struct field_view *view, bool end,
		   char etag[COMPRESS_ETAG_MAX])
{
	const struct compression *compression = compression_of(exchange);

	if (!compression || exchange->message.connect)
		return;
	/* The client may have what is not modified in compressed form. */
	if (status == 304 && exchange->coding != CODING_IDENTITY) {
		compress_weaken(view, etag);
		compress_vary(view);
		return;
	}
	if ((end && !exchange->message.head) ||
	    !compress_suits(&compression->choice, status, view))
		return;
	if (exchange->coding != CODING_IDENTITY && begin_body(exchange))
		compress_rewrite(view, exchange->coding, etag);
	else
		compress_vary(view);
}

static int put(void *user, const void *data, size_t size)
{
	struct exchange *exchange = user;

	exchange->shared->stats->counters.compressed_bytes_out += size;
	return body_append(&exchange->response_body, data, size);
}

int compress_body(struct exchange *exchange, const void *data, size_t size)
{
	exchange->compressor->pending = true;
	exchange->shared->stats->counters.compressed_bytes_in += size;
	return encoder_run(exchange->compressor->encoder, data, size,
			   ENCODER_FEED, put, exchange);
}

int compress_flush(struct exchange *exchange)
{
	struct compressor *compressor = exchange->compressor;

	if (!compressor || !compressor->pending)
		return 0;
	compressor->pending = false;
	return encoder_run(compressor->encoder, NULL, 0, ENCODER_FLUSH, put,
			   exchange);
}

int compress_end(struct exchange *exchange)
{
	int result;

	if (!exchange->compressor)
		return 0;
	result = encoder_run(exchange->compressor->encoder, NULL, 0,
			     ENCODER_FINISH, put, exchange);
	compress_free(exchange);
	return result;
}

void compress_free(struct exchange *exchange)
{
	if (!exchange->compressor)
		return;
	encoder_free(exchange->compressor->encoder);
	free(exchange->compressor);
	exchange->compressor = NULL;
	exchange->shared->compressors--;
}
