/* SPDX-License-Identifier: GPL-2.0-only */
/* Cookies in requests and responses (RFC 6265, 4). Pure. */
#ifndef TERMINATOR_COOKIE_H
#define TERMINATOR_COOKIE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/exchange.h"

enum {
	COOKIE_NAME_SIZE = 64,	/* with its final NUL */
	COOKIE_PATH_SIZE = 128, /* likewise */
	COOKIE_SET_SIZE = 512,	/* of what cookie_write writes */
};

/* Where a search stands; all zeros: at the beginning. */
struct cookie_search {
	size_t field;
	size_t position; /* in its value */
};

/* cookie_find gives the next cookie of this name among the fields: its value,
 * without quotes, in *ret_value. Returns false if there is none left. */
bool cookie_find(struct cookie_search *search, const struct field *fields,
		 size_t count, const char *name, const char **ret_value,
		 size_t *ret_size);

enum cookie_same_site {
	COOKIE_SAME_SITE_LAX,
	COOKIE_SAME_SITE_STRICT,
	COOKIE_SAME_SITE_NONE,
};

/* What a browser is told of a cookie beside its value. */
struct cookie_attributes {
	char name[COOKIE_NAME_SIZE];
	char path[COOKIE_PATH_SIZE];
	uint32_t max_age_s; /* 0: until the browser is closed */
	enum cookie_same_site same_site;
	bool secure;
};

/* cookie_write writes the value of a Set-Cookie field, HttpOnly always among
 * its attributes. `value` has at most 64 characters. Returns the length. */
size_t cookie_write(char text[COOKIE_SET_SIZE],
		    const struct cookie_attributes *attributes,
		    const char *value);

#endif
