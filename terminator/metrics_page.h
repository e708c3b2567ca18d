/* SPDX-License-Identifier: GPL-2.0-only */
/* The page that relays the loader's metrics to clients that may see them. */
#ifndef TERMINATOR_METRICS_PAGE_H
#define TERMINATOR_METRICS_PAGE_H

#include <stdbool.h>

#include "loader/lib/config.h"

struct exchange_handler;
struct metrics_page;

/* Of routes whose `metrics` is set. 403 for clients that are not on the list;
 * 502 if the loader serves no metrics or cannot be reached, 504 if it does not
 * answer in time. */
extern const struct exchange_handler metrics_handler;

/* metrics_page_new copies what the configuration says. NULL when memory is
 * short. */
struct metrics_page *metrics_page_new(const struct qs_config *config);

/* metrics_page_allows tells whether the client of this address, as text, may
 * see it. */
bool metrics_page_allows(const struct metrics_page *page, const char *address);

/* metrics_page_free frees it; NULL is allowed. */
void metrics_page_free(struct metrics_page *page);

#endif
