/* SPDX-License-Identifier: GPL-2.0-only */
/* What is counted of one backend. For the upstream's own files. */
#ifndef TERMINATOR_BACKEND_STATS_H
#define TERMINATOR_BACKEND_STATS_H

#include <stdint.h>

#include "terminator/backends.h"

/* backend_stats_begin clears the row of statistics for a new backend; rows of
 * our own get an ID that no row of healthd's has. */
void backend_stats_begin(struct backend *backend);

/* backend_stats_part has a backend whose row is given up count for itself. */
void backend_stats_part(struct backend *backend);

/* backend_stats_head counts a final response header, which came `us`
 * microseconds after the request was sent; 0: before all of it was sent. */
void backend_stats_head(struct backend *backend, unsigned status, uint64_t us);

/* backend_stats_connect_error counts a connection that failed with -errno,
 * unless for a shortage of our own. */
void backend_stats_connect_error(struct backend *backend, int error);

#endif
