/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compression of responses on their way to the front, for routes that ask for
 * it. The calls about exchanges do nothing for others.
 */
#ifndef TERMINATOR_COMPRESS_H
#define TERMINATOR_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "loader/lib/config.h"
#include "terminator/compress_head.h"

struct compression; /* what a route says */
struct exchange;
struct exchange_request;

/* compression_new copies what a route of the configuration says; NULL if it is
 * not enabled. `streams`: so many responses are compressed at once, at most.
 * Returns 0 or -ENOMEM. */
int compression_new(const struct qs_config_compression *from, uint32_t streams,
		    struct compression **ret_compression);

/* compression_free frees it; NULL is allowed. */
void compression_free(struct compression *compression);

/* compress_begin chooses the coding that the client likes best. */
void compress_begin(struct exchange *exchange,
		    const struct exchange_request *request);

/* compress_head begins to compress, if that is done, and has the section say
 * so; `etag` must live as long as the view. Without memory, or when too many
 * are compressed, the response stays as it is. */
void compress_head(struct exchange *exchange, unsigned status,
		   struct field_view *view, bool end,
		   char etag[COMPRESS_ETAG_MAX]);

/* compress_body takes response octets, of an exchange that has a compressor.
 * Returns 0 or -errno: it cannot go on. */
int compress_body(struct exchange *exchange, const void *data, size_t size);

/* compress_flush has all that came until now be readable. Likewise. */
int compress_flush(struct exchange *exchange);

/* compress_end ends the response's body and frees the compressor. Likewise. */
int compress_end(struct exchange *exchange);

/* compress_free frees the compressor. */
void compress_free(struct exchange *exchange);

#endif
