/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The routes of a configuration that was applied, with all that they need. A
 * site lives on, after the next one took its place, for as long as there are
 * exchanges that began with it.
 */
#ifndef TERMINATOR_SITE_H
#define TERMINATOR_SITE_H

#include <stddef.h>

#include "loader/lib/config.h"

struct exchange_handler;
struct exchange_request;
struct routes;
struct upstream;

struct route {
	const struct exchange_handler *handler;
	struct upstream *upstream; /* of the handler of pools; else NULL */
};

struct site {
	unsigned references;
	struct routes *match; /* to indices of `routes` */
	size_t count;
	struct route routes[];
};

/* site_new makes the site of a configuration, with one reference. `pools` are
 * those of the configuration, by index; an upstream closes with its last
 * exchange (upstream_retire), so it outlives every use of its route. NULL when
 * memory is short. */
struct site *site_new(const struct qs_config *config,
		      struct upstream *const *pools);

/* site_find gives the first route that matches, or NULL: see router.h. */
const struct route *site_find(const struct site *site,
			      const struct exchange_request *request);

/* site_ref takes one more reference; NULL is allowed, as below. */
struct site *site_ref(struct site *site);

/* site_unref gives one back; the last one frees the site. */
void site_unref(struct site *site);

#endif
