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
#include "terminator/introduction.h"

struct answer;
struct compression;
struct error_page;
struct error_pages;
struct exchange_handler;
struct exchange_request;
struct routes;
struct files;
struct metrics_page;
struct rules;
struct upstream;

/* What is said to be of a handler is NULL in routes of others. */
struct route {
	const struct exchange_handler *handler;
	struct upstream *upstream;    /* of the handler of pools */
	struct files *files;	      /* of the handler of files */
	struct answer *answer;	      /* of redirects and fixed answers */
	struct metrics_page *metrics; /* of the handler of metrics */
	struct rules *request_rules;  /* NULL: none; so the next two */
	struct rules *response_rules;
	struct error_pages *error_pages; /* the route's own */
	struct compression *compression; /* NULL: none */
};

/* A page of our own, at one path of all hosts. */
struct own_page {
	char *path; /* NULL: there is none */
	struct route route;
};

struct site {
	unsigned references;
	struct introduction introduction;
	struct own_page health; /* both before all routes */
	struct own_page metrics;
	struct routes *match;		 /* to indices of `routes` */
	struct error_pages *error_pages; /* NULL: none */
	size_t count;
	struct route routes[];
};

/* site_new makes the site of a configuration, with one reference. `pools` are
 * those of the configuration, by index; an upstream closes with its last
 * exchange (upstream_retire), so it outlives every use of its route. Returns 0,
 * or -errno with one line in `error`. */
int site_new(const struct qs_config *config, struct upstream *const *pools,
	     struct site **ret_site, char *error, size_t size);

/* site_find gives the page of our own at the request's path, or else the first
 * route that matches, or NULL: see router.h. */
const struct route *site_find(const struct site *site,
			      const struct exchange_request *request);

/* site_error_page gives the page in place of our own text for a status, or
 * NULL; site and route may be NULL. */
const struct error_page *site_error_page(const struct site *site,
					 const struct route *route,
					 unsigned status);

/* site_ref takes one more reference; NULL is allowed, as below. */
struct site *site_ref(struct site *site);

/* site_unref gives one back; the last one frees the site. */
void site_unref(struct site *site);

#endif
