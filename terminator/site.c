/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/site.h"

#include <stdlib.h>

#include "terminator/exchange.h"
#include "terminator/pool.h"
#include "terminator/routes.h"

static void make_route(struct route *route, const struct qs_config_route *from,
		       struct upstream *const *pools)
{
	route->handler = &pool_handler;
	route->upstream = pools[from->pool];
}

struct site *site_new(const struct qs_config *config,
		      struct upstream *const *pools)
{
	size_t count = config->route_count;
	struct site *site =
		calloc(1, sizeof(*site) + count * sizeof(*site->routes));

	if (!site)
		return NULL;
	site->references = 1;
	site->count = count;
	site->match = routes_new(config->routes, count);
	if (!site->match) {
		free(site);
		return NULL;
	}
	for (size_t i = 0; i < count; i++)
		make_route(&site->routes[i], &config->routes[i], pools);
	return site;
}

const struct route *site_find(const struct site *site,
			      const struct exchange_request *request)
{
	long i = routes_find(site->match, request->authority.value,
			     request->authority.value_size, request->path.value,
			     request->path.value_size);

	return i < 0 ? NULL : &site->routes[i];
}

struct site *site_ref(struct site *site)
{
	if (site)
		site->references++;
	return site;
}

void site_unref(struct site *site)
{
	if (!site || --site->references)
		return;
	routes_free(site->match);
	free(site);
}
