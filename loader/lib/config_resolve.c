/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes name pools; the programs want the pool's index. */
#include "loader/lib/config_internal.h"
#include "loader/lib/nearest.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The index of the pool that a route names. */
static int resolve(struct qs_document *document, int pools, int node,
		   const char *path)
{
	const char *name = qs_document_text(document, node), *nearest;
	size_t count = qs_document_count(document, pools);
	const char *names[QS_MAX_POOLS];
	char text[96];

	for (size_t i = 0; i < count; i++) {
		int pool = qs_document_entry(document, pools, i);

		names[i] = qs_document_text(
			document, qs_document_get(document, pool, "name"));
		if (!strcmp(names[i], name)) {
			snprintf(text, sizeof(text), "%zu", i);
			return qs_document_set(document, node, text);
		}
	}
	nearest = qs_nearest(name, names, count);
	snprintf(text, sizeof(text),
		 nearest ? "; did you mean \"%s\"?" : "; the first is \"%s\"",
		 nearest ? nearest : *names);
	return qs_document_error(document, node, path,
				 "\"%.60s\": no pool of this name%s", name,
				 text);
}

/* One route of defaults that leads to the first pool. */
static int add_route(struct qs_document *document)
{
	int routes = qs_document_put(document, 1, "routes", ""), route;

	if (routes < 0 ||
	    qs_document_make(document, routes, YAML_SEQUENCE_NODE))
		return -ENOMEM;
	route = qs_document_append(document, routes, "");
	if (route < 0 || qs_document_make(document, route, YAML_MAPPING_NODE) ||
	    qs_document_put(document, route, "path", "/") < 0 ||
	    qs_document_put(document, route, "pool", "0") < 0)
		return -ENOMEM;
	return 0;
}

/* A route that something else answers. */
static int put_no_pool(struct qs_document *document, int route)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", QS_CONFIG_NO_POOL);
	return qs_document_put(document, route, "pool", text) < 0 ? -ENOMEM : 0;
}

int qs_config_resolve(struct qs_document *document)
{
	int routes = qs_document_get(document, 1, "routes");
	int pools = qs_document_get(document, 1, "pools");
	size_t count = qs_document_count(document, routes);

	if (!routes)
		return add_route(document);
	for (size_t i = 0; i < count; i++) {
		int route = qs_document_entry(document, routes, i);
		int pool = qs_document_get(document, route, "pool");
		char path[QS_CONFIG_PATH_SIZE];

		snprintf(path, sizeof(path), "routes[%zu].pool", i);
		if (pool ? resolve(document, pools, pool, path)
			 : put_no_pool(document, route))
			return -EINVAL;
	}
	return 0;
}
