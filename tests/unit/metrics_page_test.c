/* SPDX-License-Identifier: GPL-2.0-only */
/* Who may see the metrics. */
#include "terminator/metrics_page.h"

#include "loader/lib/parse.h"

#include <criterion/criterion.h>

Test(metrics_page, by_default_this_machine)
{
	static const struct qs_config config;
	struct metrics_page *page = metrics_page_new(&config);

	cr_assert(page);
	cr_expect(metrics_page_allows(page, "127.0.0.1"));
	cr_expect(metrics_page_allows(page, "127.255.1.2"));
	cr_expect(metrics_page_allows(page, "::1"));
	cr_expect_not(metrics_page_allows(page, "128.0.0.1"));
	cr_expect_not(metrics_page_allows(page, "::2"));
	cr_expect_not(metrics_page_allows(page, "10.0.0.1"));
	cr_expect_not(metrics_page_allows(page, ""));
	cr_expect_not(metrics_page_allows(page, "localhost"));
	metrics_page_free(page);
}

Test(metrics_page, by_prefix)
{
	struct qs_prefix_key allow[4];
	struct qs_config config = {
		.terminator.metrics = {.allow = allow, .allow_count = 4}};
	struct metrics_page *page;

	qs_parse_prefix("192.0.2.128/25", &allow[0]);
	qs_parse_prefix("198.51.100.7", &allow[1]);
	qs_parse_prefix("2001:db8::/33", &allow[2]);
	qs_parse_prefix("203.0.113.0/31", &allow[3]);
	page = metrics_page_new(&config);
	cr_assert(page);
	cr_expect(metrics_page_allows(page, "192.0.2.128"));
	cr_expect(metrics_page_allows(page, "192.0.2.255"));
	cr_expect_not(metrics_page_allows(page, "192.0.2.127"));
	cr_expect(metrics_page_allows(page, "198.51.100.7"));
	cr_expect_not(metrics_page_allows(page, "198.51.100.6"));
	cr_expect(metrics_page_allows(page, "2001:db8:7fff::1"));
	cr_expect_not(metrics_page_allows(page, "2001:db8:8000::1"));
	cr_expect(metrics_page_allows(page, "203.0.113.1"));
	cr_expect_not(metrics_page_allows(page, "203.0.113.2"));
	cr_expect_not(metrics_page_allows(page, "127.0.0.1"));
	metrics_page_free(page);
}
