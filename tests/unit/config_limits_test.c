/* SPDX-License-Identifier: GPL-2.0-only */
/* The numbers of terminator.limits: what a file says, and what holds without
 * one. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "loader/lib/config.h"
#include "terminator/limits.h"

static struct qs_config_limits parse(const char *limits_text)
{
	static const char rest[] = "pools: [{name: web, backends: [{url: "
				   "\"http://127.0.0.1\"}]}]\n"
				   "terminator:\n"
				   "  certificate: /dev/null\n"
				   "  private_key: /dev/null\n";
	struct qs_config_error error;
	char text[1024];
	struct qs_config_limits limits;
	struct qs_config *config;

	snprintf(text, sizeof(text), "%s%s", rest, limits_text);
	config = qs_config_parse(text, strlen(text), &error);

	cr_assert(config, "%s: %s", error.path, error.text);
	limits = config->terminator.limits;
	qs_config_free(config);
	return limits;
}

Test(config_limits, defaults_are_the_same_without_a_file)
{
	struct qs_config_limits file = parse(""), own;

	memset(&own, 0, sizeof(own));
	limits_defaults(&own);
	cr_expect_arr_eq(&file, &own, sizeof(own));
}

Test(config_limits, all_keys)
{
	struct qs_config_limits file =
		parse("  limits: {header_fields: 16, header_size: 1025,\n"
		      "    uri_length: 64, body_mib: 1, streams: 2,\n"
		      "    connection_requests: 3, client_connections: 4,\n"
		      "    client_requests: 5, client_burst: 6,\n"
		      "    header_timeout: 700ms, body_timeout: 8s,\n"
		      "    body_minimum_rate: 9}\n");
	struct qs_config_limits wanted = {
		.header_fields = 16,
		.header_size = 1025,
		.uri_length = 64,
		.body_mib = 1,
		.streams = 2,
		.connection_requests = 3,
		.client_connections = 4,
		.client_requests = 5,
		.client_burst = 6,
		.header_timeout_ms = 700,
		.body_timeout_ms = 8000,
		.body_minimum_rate = 9,
	};

	cr_expect_arr_eq(&file, &wanted, sizeof(wanted));
}
