/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes more than one key of routes to tell. */
#include "loader/lib/config_internal.h"

#include <stdio.h>
#include <string.h>

typedef char path_text[QS_CONFIG_PATH_SIZE];

#define fail(document, path, ...)                                           \
	qs_document_error(document, qs_document_find(document, path), path, \
			  __VA_ARGS__)

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static int check_twice(struct qs_document *document,
		       const struct qs_config_route *routes, size_t index)
{
	path_text path;

	snprintf(path, sizeof(path), "routes[%zu]", index);
	for (size_t i = 0; i < index; i++) {
		if (same_text(routes[index].host, routes[i].host) &&
		    same_text(routes[index].path, routes[i].path))
			return fail(document, path,
				    "routes[%zu] has the same host and path, "
				    "so that this one would never be used",
				    i);
	}
	return 0;
}

static int check_redirect(struct qs_document *document,
			  const struct qs_config_redirect *redirect,
			  size_t index)
{
	path_text path;

	snprintf(path, sizeof(path), "routes[%zu].redirect.status", index);
	switch (redirect->status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		break;
	default:
		return fail(document, path,
			    "\"%u\": a redirect is 301, 302, 303, 307 or 308",
			    redirect->status);
	}
	snprintf(path, sizeof(path), "routes[%zu].redirect.to", index);
	if (strchr(redirect->to, ' ') || strchr(redirect->to, '\t'))
		return fail(document, path, "\"%.60s\": a URL has no blanks",
			    redirect->to);
	return 0;
}

static int check_respond(struct qs_document *document,
			 const struct qs_config_respond *respond, size_t index)
{
	bool bodyless = respond->status == 204 || respond->status == 205 ||
			respond->status == 304;
	path_text path;

	if (!bodyless || !respond->body)
		return 0;
	snprintf(path, sizeof(path), "routes[%zu].respond.body", index);
	return fail(document, path, "an answer with status %u has no body",
		    respond->status);
}

static int check_action(struct qs_document *document,
			struct qs_config_route *route, size_t index)
{
	if (route->files.root) {
		route->action = QS_ACTION_FILES;
		return 0;
	}
	if (route->redirect.to) {
		route->action = QS_ACTION_REDIRECT;
		return check_redirect(document, &route->redirect, index);
	}
	if (route->respond.status) {
		route->action = QS_ACTION_RESPOND;
		return check_respond(document, &route->respond, index);
	}
	route->action = QS_ACTION_POOL;
	return 0;
}

static int check_pages(struct qs_document *document,
		       const struct qs_config_terminator *terminator)
{
	if (!terminator->health.enabled || !terminator->metrics.enabled ||
	    !same_text(terminator->health.path, terminator->metrics.path) ||
	    !terminator->health.path)
		return 0;
	return fail(document, "terminator.metrics.path",
		    "\"%s\": terminator.health has the same path",
		    terminator->metrics.path);
}

int qs_config_complete_routes(struct qs_document *document,
			      struct qs_config *config)
{
	int result = check_pages(document, &config->terminator);

	for (size_t i = 0; !result && i < config->route_count; i++) {
		result = check_twice(document, config->routes, i);
		if (!result)
			result = check_action(document, &config->routes[i], i);
	}
	return result;
}

static int check_error_pages(struct qs_document *document,
			     const struct qs_config_error_page *pages,
			     size_t count, const char *list)
{
	for (size_t i = 0; i < count; i++) {
		path_text path;
		int result;

		snprintf(path, sizeof(path), "%.64s[%zu].file", list, i);
		result = qs_config_check_file(document, pages[i].file, path,
					      false);
		if (result)
			return result;
	}
	return 0;
}

int qs_config_check_route_files(struct qs_document *document,
				const struct qs_config *config)
{
	int result = check_error_pages(document, config->error_pages,
				       config->error_page_count, "error_pages");

	for (size_t i = 0; !result && i < config->route_count; i++) {
		const struct qs_config_route *route = &config->routes[i];
		path_text path;

		snprintf(path, sizeof(path), "routes[%zu].files.root", i);
		result = qs_config_check_file(document, route->files.root, path,
					      true);
		if (result)
			break;
		snprintf(path, sizeof(path), "routes[%zu].error_pages", i);
		result = check_error_pages(document, route->error_pages,
					   route->error_page_count, path);
	}
	return result;
}
