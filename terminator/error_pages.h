/* SPDX-License-Identifier: GPL-2.0-only */
/* Pages in place of the texts of our own failures. They are small and held in
 * memory. */
#ifndef TERMINATOR_ERROR_PAGES_H
#define TERMINATOR_ERROR_PAGES_H

#include <stddef.h>

#include "loader/lib/config.h"

enum { ERROR_PAGE_MAX = 64 * 1024 };

struct error_page {
	const char *type; /* Content-Type */
	char *body;
	size_t size;
};

struct error_pages;

/* error_pages_load reads the files of a list. Returns 0 with the pages, or with
 * NULL if the list is empty, or -errno with one line in `error`. */
int error_pages_load(const struct qs_config_error_page *list, size_t count,
		     struct error_pages **ret_pages, char *error, size_t size);

/* error_pages_check tells whether all files of the configuration can be read:
 * 0, or -errno with one line in `error`. */
int error_pages_check(const struct qs_config *config, char *error, size_t size);

/* error_pages_find gives the first page for the status, or NULL; `pages` may be
 * NULL. */
const struct error_page *error_pages_find(const struct error_pages *pages,
					  unsigned status);

/* error_pages_free frees them; NULL is allowed. */
void error_pages_free(struct error_pages *pages);

#endif
