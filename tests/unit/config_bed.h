/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tests of good configurations share. */
#ifndef TESTS_UNIT_CONFIG_BED_H
#define TESTS_UNIT_CONFIG_BED_H

#include "loader/lib/config.h"
#include "loader/lib/parse.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static inline struct qs_config *load(const char *path)
{
	struct qs_config_error error;
	struct qs_config *config = qs_config_load(path, &error);
	char text[700];

	if (!config)
		cr_assert_fail("%s", qs_config_format_error(text, sizeof(text),
							    path, &error));
	return config;
}

static inline struct qs_config *parse(const char *text)
{
	struct qs_config_error error;
	struct qs_config *config = qs_config_parse(text, strlen(text), &error);

	cr_assert(config, "%s: %s", error.path, error.text);
	return config;
}

#define assert_number(actual, expected)                                      \
	cr_assert_eq((long)(actual), (long)(expected), "%s is %ld", #actual, \
		     (long)(actual))

#define assert_text(actual, expected) \
	cr_assert_str_eq(actual, expected, "%s is %s", #actual, actual)

static inline void assert_endpoint(const struct qs_vip_key *endpoint,
				   const char *expected)
{
	char text[QS_ENDPOINT_TEXT];

	cr_assert_str_eq(qs_format_endpoint(text, endpoint), expected, "%s",
			 text);
}

#endif
