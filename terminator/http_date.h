/* SPDX-License-Identifier: GPL-2.0-only */
/* Dates in header fields (RFC 9110, 5.6.7). Pure. */
#ifndef TERMINATOR_HTTP_DATE_H
#define TERMINATOR_HTTP_DATE_H

#include <stddef.h>
#include <stdint.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" and NUL */
enum { HTTP_DATE_SIZE = 30 };

/* http_date_write writes seconds since 1970, of the years 1 to 9999. Returns
 * `text`. */
char *http_date_write(char text[static HTTP_DATE_SIZE], int64_t seconds);

/* http_date_parse reads any of the three forms. `now` (seconds since 1970)
 * tells the century of the one with two digits. Returns 0, or -EINVAL. */
int http_date_parse(const char *text, size_t size, int64_t now,
		    int64_t *ret_seconds);

#endif
