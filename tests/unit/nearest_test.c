/* SPDX-License-Identifier: GPL-2.0-only */
/* What a mistyped word was probably meant to be. */
#include "loader/lib/nearest.h"

#include <criterion/criterion.h>
#include <stdint.h>

static const char *const names[] = {"web-1", "web-2", NULL,
				    "api-1", "t1",    "consecutive_failures"};
#define NAMES (sizeof(names) / sizeof(*names))

Test(nearest, distance_counts_each_kind_of_mistake)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"drain", "drain", 0},
		{"drain", "drian", 1},
		{"drain", "drin", 1},
		{"drain", "draiin", 1},
		{"drain", "brain", 1},
		{"DRAIN", "drain", 0},
		{"ca", "abc", 3},
		{"kitten", "sitting", 3},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		cr_expect_eq(qs_edit_distance(cases[i].a, cases[i].b),
			     cases[i].distance, "%s, %s", cases[i].a,
			     cases[i].b);
		cr_expect_eq(qs_edit_distance(cases[i].b, cases[i].a),
			     cases[i].distance, "%s, %s", cases[i].b,
			     cases[i].a);
	}
}

Test(nearest, finds_what_was_meant)
{
	cr_expect_str_eq(qs_nearest("wbe-1", names, NAMES), "web-1");
	cr_expect_str_eq(qs_nearest("web2", names, NAMES), "web-2");
	cr_expect_str_eq(qs_nearest("APII-1", names, NAMES), "api-1");
	cr_expect_str_eq(qs_nearest("t2", names, NAMES), "t1");
	cr_expect_str_eq(qs_nearest("consecutive-failure", names, NAMES),
			 "consecutive_failures");
}

Test(nearest, the_first_of_equals)
{
	cr_expect_str_eq(qs_nearest("web-3", names, NAMES), "web-1");
}

Test(nearest, nothing_is_better_than_a_guess)
{
	cr_expect_null(qs_nearest("database", names, NAMES));
	cr_expect_null(qs_nearest("xy", names, NAMES));
	cr_expect_null(qs_nearest("", names, NAMES));
	cr_expect_null(qs_nearest("web-1", names, 0));
}

Test(nearest, a_word_too_long_is_near_to_nothing)
{
	char longest[QS_NEAREST_WORD_MAX + 2];
	const char *candidates[] = {longest};

	for (size_t i = 0; i < QS_NEAREST_WORD_MAX + 1; i++)
		longest[i] = 'a';
	longest[QS_NEAREST_WORD_MAX + 1] = '\0';
	cr_expect_eq(qs_edit_distance(longest, "a"), SIZE_MAX);
	cr_expect_null(qs_nearest(longest, candidates, 1));

	longest[QS_NEAREST_WORD_MAX] = '\0';
	cr_expect_eq(qs_edit_distance(longest, ""), QS_NEAREST_WORD_MAX);
	cr_expect_str_eq(qs_nearest(longest, candidates, 1), longest);
}
