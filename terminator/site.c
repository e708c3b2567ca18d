/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/site.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/answer.h"
#include "terminator/compress.h"
#include "terminator/error_pages.h"
#include "terminator/exchange.h"
#include "terminator/files.h"
#include "terminator/health.h"
#include "terminator/metrics_page.h"
#include "terminator/pool.h"
#include "terminator/routes.h"
#include "terminator/rules.h"

static int make_action(struct route *route, const struct qs_config_route *from,
		       struct upstream *const *pools)
{
	switch (from->action) {
	case QS_ACTION_POOL:
		route->handler = &pool_handler;
		route->upstream = pools[from->pool];
		return 0;
	case QS_ACTION_FILES:
		route->handler = &files_handler;
		route->files = files_new(&from->files, from->path);
		return route->files ? 0 : -ENOMEM;
	case QS_ACTION_REDIRECT:
		route->handler = &redirect_handler;
		route->answer = answer_new_redirect(&from->redirect);
		return route->answer ? 0 : -ENOMEM;
	case QS_ACTION_RESPOND:
		route->handler = &respond_handler;
		route->answer = answer_new_respond(&from->respond);
		return route->answer ? 0 : -ENOMEM;
	}
	return -EINVAL;
}

static int make_route(struct route *route, const struct qs_config_route *from,
		      struct upstream *const *pools, char *error, size_t size)
{
	int result = make_action(route, from, pools);

	if (!result)
		result = rules_new(&from->request_headers,
				   &route->request_rules);
	if (!result)
		result = rules_new(&from->response_headers,
				   &route->response_rules);
	return result ? result
		      : error_pages_load(from->error_pages,
					 from->error_page_count,
					 &route->error_pages, error, size);
}

static int make_pages(struct site *site, const struct qs_config *config)
{
	const struct qs_config_terminator *from = &config->terminator;

	if (from->health.enabled) {
		site->health.route.handler = &health_handler;
		site->health.path = strdup(from->health.path);
		if (!site->health.path)
			return -ENOMEM;
	}
	if (from->metrics.enabled) {
		site->metrics.route.handler = &metrics_handler;
		site->metrics.route.metrics = metrics_page_new(config);
		site->metrics.path = strdup(from->metrics.path);
		if (!site->metrics.route.metrics || !site->metrics.path)
			return -ENOMEM;
	}
	return 0;
}

static int fill(struct site *site, const struct qs_config *config,
		struct upstream *const *pools, char *error, size_t size)
{
	int result;

	site->match = routes_new(config->routes, site->count);
	if (!site->match || make_pages(site, config) ||
	    introduction_init(&site->introduction, &config->terminator))
		return -ENOMEM;
	result = error_pages_load(config->error_pages, config->error_page_count,
				  &site->error_pages, error, size);
	for (size_t i = 0; !result && i < site->count; i++) {
		result = make_route(&site->routes[i], &config->routes[i], pools,
				    error, size);
		if (!result)
			result = compression_new(
				&config->routes[i].compression,
				config->terminator.compression_streams,
				&site->routes[i].compression);
	}
	return result;
}

int site_new(const struct qs_config *config, struct upstream *const *pools,
	     struct site **ret_site, char *error, size_t size)
{
	size_t count = config->route_count;
	struct site *site =
		calloc(1, sizeof(*site) + count * sizeof(*site->routes));
	int result;

	snprintf(error, size, "out of memory");
	if (!site)
		return -ENOMEM;
	site->references = 1;
	site->count = count;
	result = fill(site, config, pools, error, size);
	if (result)
		site_unref(site);
	else
		*ret_site = site;
	return result;
}

const struct error_page *site_error_page(const struct site *site,
					 const struct route *route,
					 unsigned status)
{
	const struct error_page *page = NULL;

	if (route)
		page = error_pages_find(route->error_pages, status);
	if (!page && site)
		page = error_pages_find(site->error_pages, status);
	return page;
}

static void free_route(struct route *route)
{
	metrics_page_free(route->metrics);
	files_unref(route->files);
	answer_free(route->answer);
	rules_free(route->request_rules);
	rules_free(route->response_rules);
	error_pages_free(route->error_pages);
	compression_free(route->compression);
}

static bool is_at(const struct own_page *page, const struct field *path)
{
	size_t size = page->path ? strlen(page->path) : 0;

	return size && path->value_size >= size &&
	       !memcmp(path->value, page->path, size) &&
	       (path->value_size == size || path->value[size] == '?');
}

const struct route *site_find(const struct site *site,
			      const struct exchange_request *request)
{
	long i;

	if (is_at(&site->health, &request->path))
		return &site->health.route;
	if (is_at(&site->metrics, &request->path))
		return &site->metrics.route;
	i = routes_find(site->match, request->authority.value,
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
	for (size_t i = 0; i < site->count; i++)
		free_route(&site->routes[i]);
	free_route(&site->health.route);
	free_route(&site->metrics.route);
	free(site->health.path);
	free(site->metrics.path);
	error_pages_free(site->error_pages);
	routes_free(site->match);
	introduction_free(&site->introduction);
	free(site);
}
