/* SPDX-License-Identifier: GPL-2.0-only */
/* Which codings of a response a client takes (RFC 9110, 12.5.3). Pure. */
#ifndef TERMINATOR_ACCEPT_ENCODING_H
#define TERMINATOR_ACCEPT_ENCODING_H

#include <stddef.h>

#include "terminator/exchange.h"

/* In no order of preference. */
enum coding { CODING_IDENTITY, CODING_GZIP, CODING_BR, CODING_ZSTD };
enum { CODING_COUNT = CODING_ZSTD + 1 };

/* How much a client likes each coding, in thousandths; 0: not acceptable. */
struct accept_encoding {
	unsigned weights[CODING_COUNT];
};

/* coding_name gives the name of a coding as in Content-Encoding. */
const char *coding_name(enum coding coding);

/* accept_encoding_read reads all Accept-Encoding fields of a request. Without
 * one only identity is taken, for nobody is surprised by it. Members that are
 * not valid are ignored. x-gzip is gzip. */
void accept_encoding_read(struct accept_encoding *accept,
			  const struct field *fields, size_t count);

/* accept_encoding_choose gives the one of `offered` that the client likes best;
 * of those that it likes alike, the first. Identity counts as offered last.
 * Also identity if nothing is acceptable: RFC 9110 allows to disregard the
 * field then. */
enum coding accept_encoding_choose(const struct accept_encoding *accept,
				   const enum coding *offered, size_t count);

#endif
