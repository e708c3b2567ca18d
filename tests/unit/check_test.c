/* SPDX-License-Identifier: GPL-2.0-only */
/* Results of active checks, and what an HTTP check expects. */
#include "healthd/check.h"
#include "healthd/expect.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct qs_config_check usual = {
	.interval_ms = 2000,
	.interval_down_ms = 500,
	.rise = 2,
	.fall = 3,
	.jitter = 100,
};

/* '+' and '-' are results; what the health is after each. */
static const struct {
	const char *results, *healths;
} stories[] = {
	{"+", "u"},	    {"-", "d"},		  {"+--", "uuu"},
	{"+---", "uuud"},   {"+--+--", "uuuuuu"}, {"+--+---", "uuuuuud"},
	{"-+", "dd"},	    {"-++", "ddu"},	  {"-+-+", "dddd"},
	{"-+-++", "ddddu"}, {"-++---", "dduuud"},
};

Test(check, rises_and_falls)
{
	for (size_t i = 0; i < sizeof(stories) / sizeof(*stories); i++) {
		struct check check = {0};

		for (size_t j = 0; stories[i].results[j]; j++) {
			enum qs_backend_health before = check.health;
			bool changed = check_result(
				&check, &usual, stories[i].results[j] == '+');

			cr_expect_eq(check.health,
				     stories[i].healths[j] == 'u'
					     ? QS_HEALTH_UP
					     : QS_HEALTH_DOWN,
				     "%s: result %zu", stories[i].results, j);
			cr_expect_eq(changed, check.health != before);
		}
	}
}

Test(check, pauses_within_the_jitter)
{
	struct check check = {.health = QS_HEALTH_UP};
	uint32_t least = UINT32_MAX, most = 0;

	for (int i = 0; i < 10000; i++) {
		uint32_t ms = check_pause_ms(&check, &usual, random());

		least = ms < least ? ms : least;
		most = ms > most ? ms : most;
	}
	cr_assert(least >= 1800 && least < 1820, "%u", least);
	cr_assert(most <= 2200 && most > 2180, "%u", most);
	check.health = QS_HEALTH_DOWN;
	cr_assert_leq(check_pause_ms(&check, &usual, 4000000000), 550);
	cr_assert_eq(spread_ms(0, 1000, 7), 1, "a pause of nothing spins");
	cr_assert_eq(spread_ms(1234, 0, 7), 1234);
}

Test(expect, statuses)
{
	const struct qs_config_check config = {
		.statuses = {{200, 204}, {301, 301}, {404, 404}},
		.status_count = 3,
	};
	static const struct {
		unsigned int status;
		bool expected;
	} cases[] = {{199, false}, {200, true},	  {204, true}, {205, false},
		     {301, true},  {302, false},  {404, true}, {500, false},
		     {0, false},   {65535, false}};
	char text[32], cut[10];

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		cr_expect_eq(expect_status(&config, cases[i].status),
			     cases[i].expected, "%u", cases[i].status);
	cr_assert_str_eq(expect_format(text, sizeof(text), &config),
			 "200-204,301,404");
	cr_assert_str_eq(expect_format(cut, sizeof(cut), &config), "200-204,3");
}

/* Bodies by their pieces, separated by '|'. */
static const struct {
	const char *wanted, *pieces;
	int result;
} bodies[] = {
	{"ok", "ok", 1},
	{"ok", "all is ok.", 1},
	{"ok", "o|k", 1},
	{"ok", "o k", 0},
	{"ok", "OK", 0},
	{"ok", "o|o|k", 1},
	{"healthy", "h|e|a|l|t|h|y", 1},
	{"aab", "a|a|a|b", 1},
	{"ok", "", 0},
	{"", "x", 1},
};

static int feed_pieces(struct expect_body *body, const char *pieces)
{
	int result = 0;

	while (!result && *pieces) {
		size_t size = strcspn(pieces, "|");

		result = expect_body_feed(body, pieces, size);
		pieces += size + (pieces[size] == '|');
	}
	return result;
}

Test(expect, text_in_pieces_of_a_body)
{
	for (size_t i = 0; i < sizeof(bodies) / sizeof(*bodies); i++) {
		struct expect_body body = {0};
		int result;

		expect_body_begin(&body, bodies[i].wanted);
		result = feed_pieces(&body, bodies[i].pieces);
		cr_expect_eq(result, bodies[i].result, "%s in %s: %d",
			     bodies[i].wanted, bodies[i].pieces, result);
		expect_body_free(&body);
	}
}

/* The text ends `end` octets into the body. */
static int result_at(size_t end)
{
	static char data[EXPECT_BODY_MAX + 100];
	struct expect_body body = {0};
	int result = 0;

	memset(data, '.', sizeof(data));
	memcpy(data + end - 6, "needle", 6);
	expect_body_begin(&body, "needle");
	for (size_t at = 0; at < sizeof(data) && !result; at += 1000) {
		size_t left = sizeof(data) - at;

		result = expect_body_feed(&body, data + at,
					  left < 1000 ? left : 1000);
	}
	expect_body_free(&body);
	return result;
}

Test(expect, text_in_the_first_64_kib_only)
{
	cr_assert_eq(result_at(6), 1);
	cr_assert_eq(result_at(1003), 1);
	cr_assert_eq(result_at(EXPECT_BODY_MAX), 1);
	cr_assert_eq(result_at(EXPECT_BODY_MAX + 1), -ENOENT);
	cr_assert_eq(result_at(EXPECT_BODY_MAX + 50), -ENOENT);
}
