/* SPDX-License-Identifier: GPL-2.0-only */
/* Conditional requests for a representation that exists (RFC 9110, 13). Pure.
 */
#ifndef TERMINATOR_CONDITIONS_H
#define TERMINATOR_CONDITIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/exchange.h"

/* What is known of the representation that would be sent. */
struct validators {
	const char *etag; /* strong, with its quotes; NUL terminated */
	int64_t modified; /* seconds since 1970 */
};

enum conditions_result {
	CONDITIONS_SEND,
	CONDITIONS_NOT_MODIFIED, /* 304 */
	CONDITIONS_FAILED,	 /* 412 */
};

/* conditions_check evaluates If-Match, If-Unmodified-Since, If-None-Match and
 * If-Modified-Since of a GET or HEAD in the order of RFC 9110, 13.2.2. Dates
 * that are none are ignored. `now` is in seconds since 1970. */
enum conditions_result conditions_check(const struct field *fields,
					size_t count,
					const struct validators *validators,
					int64_t now);

/* conditions_allow_range tells whether a Range field counts: there is no
 * If-Range, or it is true. */
bool conditions_allow_range(const struct field *fields, size_t count,
			    const struct validators *validators, int64_t now);

#endif
