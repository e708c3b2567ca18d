/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/routes.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct match {
	char *host; /* NULL: any; "*.example.com": any name below it */
	size_t host_size;
	char *path;
	size_t path_size;
};

struct routes {
	size_t count;
	struct match list[];
};

struct routes *routes_new(const struct qs_config_route *list, size_t count)
{
	struct routes *routes =
		calloc(1, sizeof(*routes) + count * sizeof(*routes->list));

	if (!routes)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		struct match *route = &routes->list[routes->count++];

		route->path = strdup(list[i].path);
		route->host = list[i].host ? strdup(list[i].host) : NULL;
		if (!route->path || (list[i].host && !route->host)) {
			routes_free(routes);
			return NULL;
		}
		route->path_size = strlen(route->path);
		route->host_size = route->host ? strlen(route->host) : 0;
	}
	return routes;
}

size_t routes_host_size(const char *authority, size_t size)
{
	const char *bracket = NULL, *colon;

	if (size && authority[0] == '[')
		bracket = memchr(authority, ']', size);
	if (bracket)
		return bracket - authority + 1;
	colon = memchr(authority, ':', size);
	if (colon)
		size = colon - authority;
	return size && authority[size - 1] == '.' ? size - 1 : size;
}

static bool host_matches(const struct match *route, const char *host,
			 size_t size)
{
	size_t suffix_size;

	if (!route->host)
		return true;
	if (route->host[0] != '*')
		return size == route->host_size &&
		       !strncasecmp(host, route->host, size);
	suffix_size = route->host_size - 1;
	return size > suffix_size && !strncasecmp(host + size - suffix_size,
						  route->host + 1, suffix_size);
}

static bool path_matches(const struct match *route, const char *path,
			 size_t size)
{
	size_t prefix = route->path_size;

	if (size >= prefix)
		return !memcmp(path, route->path, prefix);
	/* "/api/" stands for "/api", too. */
	return route->path[prefix - 1] == '/' && size == prefix - 1 &&
	       !memcmp(path, route->path, size);
}

/* Without the query; "*", of OPTIONS, is of the server as a whole. */
static size_t path_length(const char **path, size_t size)
{
	const char *query = memchr(*path, '?', size);

	if (size == 1 && **path == '*')
		*path = "/";
	return query ? (size_t)(query - *path) : size;
}

long routes_find(const struct routes *routes, const char *authority,
		 size_t authority_size, const char *path, size_t path_size)
{
	size_t host_size = routes_host_size(authority, authority_size);

	path_size = path_length(&path, path_size);
	for (size_t i = 0; i < routes->count; i++) {
		const struct match *route = &routes->list[i];

		if (host_matches(route, authority, host_size) &&
		    path_matches(route, path, path_size))
			return (long)i;
	}
	return -1;
}

void routes_free(struct routes *routes)
{
	if (!routes)
		return;
	for (size_t i = 0; i < routes->count; i++) {
		free(routes->list[i].host);
		free(routes->list[i].path);
	}
	free(routes);
}
