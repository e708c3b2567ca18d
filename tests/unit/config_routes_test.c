/* SPDX-License-Identifier: GPL-2.0-only */
/* What routes, and the pages of our own, become of a good configuration. */
#include "tests/unit/config_bed.h"

static void check_pages(const struct qs_config_terminator *terminator)
{
	const struct qs_config_metrics_page *metrics = &terminator->metrics;
	char text[QS_PREFIX_TEXT];

	assert_number(terminator->health.enabled, false);
	assert_text(terminator->health.path, "/up");
	assert_number(metrics->enabled, false);
	assert_text(metrics->path, "/numbers");
	assert_number(metrics->allow_count, 2);
	assert_text(qs_format_prefix(text, &metrics->allow[0]), "192.0.2.0/24");
	assert_text(qs_format_prefix(text, &metrics->allow[1]),
		    "2001:db8::/32");
}

static void check_rules(const struct qs_config_route *route)
{
	const struct qs_config_rules *request = &route->request_headers;
	const struct qs_config_rules *response = &route->response_headers;

	assert_number(request->remove_count, 2);
	assert_text(request->remove[0], "x-secret");
	assert_text(request->remove[1], "cookie2");
	assert_number(request->set_count, 1);
	assert_text(request->set[0].name, "x-client");
	assert_text(request->set[0].value, "{client_ip}");
	assert_number(request->add_count, 2);
	assert_text(request->add[0].value, "a {request_id} {{b}}");
	assert_text(request->add[1].name, "x-empty");
	assert_text(request->add[1].value, "");
	assert_number(response->remove_count, 1);
	assert_text(response->remove[0], "server");
	assert_number(response->set_count, 1);
	assert_text(response->set[0].name, "strict-transport-security");
	assert_number(response->add_count, 0);
	assert_number(route->error_page_count, 1);
	assert_text(route->error_pages[0].file, "/dev/null");
	assert_number(route->error_pages[0].statuses[0].first, 502);
	assert_number(route->error_pages[0].statuses[0].last, 504);
}

static void check_access_log(const struct qs_config_terminator *terminator)
{
	const struct qs_config_access_log *log = &terminator->access_log;

	assert_number(log->format, QS_ACCESS_COMBINED);
	assert_text(log->file, "/var/log/a b.log");
	assert_number(log->sample, 125);
	assert_number(terminator->compression_streams, 7);
}

static void check_compression(const struct qs_config_route *routes)
{
	const struct qs_config_compression *compression =
		&routes[8].compression;

	assert_number(routes[7].compression.enabled, false);
	assert_number(routes[7].compression.encoding_count, 0);
	assert_number(compression->enabled, true);
	assert_number(compression->encoding_count, 2);
	assert_number(compression->encodings[0], QS_CODING_GZIP);
	assert_number(compression->encodings[1], QS_CODING_BR);
	assert_number(compression->type_count, 2);
	assert_text(compression->types[0], "text/html");
	assert_text(compression->types[1], "text/*");
	assert_number(compression->minimum_size, 0);
	assert_number(compression->effort, QS_EFFORT_HIGH);
}

static void check_actions(const struct qs_config_route *routes)
{
	assert_number(routes[3].action, QS_ACTION_POOL);
	assert_number(routes[4].action, QS_ACTION_FILES);
	assert_number(routes[4].pool, QS_CONFIG_NO_POOL);
	assert_text(routes[4].files.root, "/tmp");
	assert_text(routes[4].files.index, "start.htm");
	assert_number(routes[4].files.precompressed, true);
	assert_number(routes[4].files.hidden, true);
	assert_text(routes[4].files.cache_control, "public, max-age=60");
	assert_number(routes[5].action, QS_ACTION_REDIRECT);
	assert_text(routes[5].redirect.to, "https://{host}{uri}");
	assert_number(routes[5].redirect.status, 301);
	assert_number(routes[6].redirect.status, 308);
	assert_number(routes[7].action, QS_ACTION_RESPOND);
	assert_number(routes[7].respond.status, 418);
	assert_text(routes[7].respond.body, "{ \"short\": true }\n");
	assert_text(routes[7].respond.content_type, "application/json");
}

static void assert_full_routes(const struct qs_config *config)
{
	assert_number(config->route_count, 9);
	assert_text(config->routes[0].host, "www.example.com");
	assert_text(config->routes[0].path, "/api/");
	assert_number(config->routes[0].pool, 1);
	assert_text(config->routes[1].host, "*.example.com");
	assert_text(config->routes[1].path, "/");
	assert_number(config->routes[1].pool, 0);
	assert_text(config->routes[2].host, "[2001:db8::1]");
	cr_assert_null(config->routes[3].host);
	assert_number(config->routes[3].pool, 1);
	check_rules(&config->routes[1]);
	check_actions(config->routes);
	check_compression(config->routes);
	assert_number(config->error_page_count, 1);
	assert_number(config->error_pages[0].status_count, 2);
}

Test(config_routes, every_key_reaches_its_member)
{
	struct qs_config *config = load("tests/config/good/full.yaml");

	check_pages(&config->terminator);
	check_access_log(&config->terminator);
	assert_full_routes(config);
	qs_config_free(config);
}

/* What is not given stays away. */
Test(config_routes, only_what_is_given)
{
	struct qs_config *config =
		parse("pools: [{name: a, backends: [{url: http://a}]}]\n"
		      "routes: [{respond: {status: 200}}]\n");
	const struct qs_config_route *route = &config->routes[0];

	assert_number(route->action, QS_ACTION_RESPOND);
	assert_number(route->pool, QS_CONFIG_NO_POOL);
	cr_expect_null(route->files.root);
	cr_expect_null(route->files.index);
	cr_expect_null(route->redirect.to);
	cr_expect_null(route->respond.body);
	assert_number(route->request_headers.set_count, 0);
	qs_config_free(config);
}
