/* SPDX-License-Identifier: GPL-2.0-only */
/* Which responses are compressed, and what their header section says then
 * (RFC 9110, 8.4 and 12.5.5). Pure. */
#ifndef TERMINATOR_COMPRESS_HEAD_H
#define TERMINATOR_COMPRESS_HEAD_H

#include <stdbool.h>

#include "loader/lib/config.h"
#include "terminator/accept_encoding.h"
#include "terminator/field_view.h"

enum { COMPRESS_ETAG_MAX = 1024 };

/* What of the configuration says which ones. */
struct compress_choice {
	char *const *types; /* lower case; "text/..." with * for all */
	size_t type_count;  /* 0: the default ones */
	uint32_t minimum_size;
};

/* compress_suits tells whether the response may be compressed, whether the
 * client takes it or not: by status, type, size and what the fields forbid. */
bool compress_suits(const struct compress_choice *choice, unsigned status,
		    const struct field_view *view);

/* compress_vary has the section say that it depends on Accept-Encoding. */
void compress_vary(struct field_view *view);

/* compress_weaken makes a strong ETag weak, in `etag`, which must live as long
 * as the view: what is sent is not the same octets as what was tagged. */
void compress_weaken(struct field_view *view, char etag[COMPRESS_ETAG_MAX]);

/* compress_rewrite does both, and has the section tell of the coding. */
void compress_rewrite(struct field_view *view, enum coding coding,
		      char etag[COMPRESS_ETAG_MAX]);

#endif
