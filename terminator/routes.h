/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of routes: by host and path of a request to its index.
 * Pure.
 */
#ifndef TERMINATOR_ROUTES_H
#define TERMINATOR_ROUTES_H

#include <stddef.h>

#include "loader/lib/config.h"

struct routes;

/* routes_new makes a table of `count` routes (copied). NULL when memory is
 * short. */
struct routes *routes_new(const struct qs_config_route *list, size_t count);

/* routes_find gives the index of the first route that matches, or -1. How host
 * and path are compared: see router.h. */
long routes_find(const struct routes *routes, const char *authority,
		 size_t authority_size, const char *path, size_t path_size);

/* routes_host_size tells how many octets of the authority are the host, without
 * the port and a final dot. */
size_t routes_host_size(const char *authority, size_t size);

/* routes_free frees the table; NULL is allowed. */
void routes_free(struct routes *routes);

#endif
