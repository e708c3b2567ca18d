/* SPDX-License-Identifier: GPL-2.0-only */
/* Conditional requests in the order of RFC 9110, 13.2.2. */
#include "terminator/conditions.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define AT "Sun, 06 Nov 1994 08:49:37 GMT"
#define BEFORE "Sun, 06 Nov 1994 08:49:36 GMT"
#define AFTER "Sun, 06 Nov 1994 08:49:38 GMT"

enum { NOW = 1800000000, FIELDS_MAX = 4 };

static const struct validators validators = {"\"tag\"", 784111777};

/* Pairs of names and values up to a NULL. */
static size_t make_fields(struct field *fields, const char *const *pairs)
{
	size_t count = 0;

	for (; pairs[0]; pairs += 2)
		fields[count++] = (struct field){pairs[0], strlen(pairs[0]),
						 pairs[1], strlen(pairs[1])};
	return count;
}

#define SEND CONDITIONS_SEND
#define SAME CONDITIONS_NOT_MODIFIED
#define FAILED CONDITIONS_FAILED

static const struct {
	const char *pairs[FIELDS_MAX * 2 + 1];
	enum conditions_result result;
} rows[] = {
	{{NULL}, SEND},
	{{"if-none-match", "\"tag\""}, SAME},
	{{"if-none-match", "W/\"tag\""}, SAME},
	{{"if-none-match", " \"a\" ,\"tag\" "}, SAME},
	{{"if-none-match", "\"a\",\"b\""}, SEND},
	{{"if-none-match", "*"}, SAME},
	{{"if-none-match", "tag"}, SEND},
	{{"if-none-match", "\"tag"}, SEND},
	{{"if-none-match", "\"a,\"tag\""}, SEND},
	{{"if-none-match", "\"a, \\\",\"tag\""}, SAME},
	{{"if-none-match", "w/\"tag\""}, SEND},
	{{"if-none-match", ""}, SEND},
	{{"if-none-match", "\"a\"", "if-none-match", "\"tag\""}, SAME},
	{{"if-modified-since", AT}, SAME},
	{{"if-modified-since", AFTER}, SAME},
	{{"if-modified-since", BEFORE}, SEND},
	{{"if-modified-since", "x"}, SEND},
	{{"if-modified-since", AT, "if-modified-since", AT}, SEND},
	{{"if-none-match", "\"a\"", "if-modified-since", AT}, SEND},
	{{"if-none-match", "\"tag\"", "if-modified-since", BEFORE}, SAME},
	{{"if-match", "\"tag\""}, SEND},
	{{"if-match", "*"}, SEND},
	{{"if-match", "W/\"tag\""}, FAILED},
	{{"if-match", "\"a\""}, FAILED},
	{{"if-match", ""}, FAILED},
	{{"if-match", "\"a\", W/\"b\", \"tag\""}, SEND},
	{{"if-unmodified-since", AT}, SEND},
	{{"if-unmodified-since", BEFORE}, FAILED},
	{{"if-unmodified-since", "x"}, SEND},
	{{"if-match", "\"tag\"", "if-unmodified-since", BEFORE}, SEND},
	{{"if-match", "\"a\"", "if-none-match", "\"tag\""}, FAILED},
	{{"if-match", "\"tag\"", "if-none-match", "\"tag\""}, SAME},
	{{"if-unmodified-since", AT, "if-modified-since", AT}, SAME},
};

Test(conditions, table)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct field fields[FIELDS_MAX];
		size_t count = make_fields(fields, rows[i].pairs);
		enum conditions_result result =
			conditions_check(fields, count, &validators, NOW);

		cr_expect_eq(result, rows[i].result, "row %zu: %s %s gives %d",
			     i, count ? rows[i].pairs[0] : "",
			     count ? rows[i].pairs[1] : "", result);
	}
}

Test(conditions, if_range)
{
	static const struct {
		const char *value;
		bool allowed;
	} cases[] = {
		{"\"tag\"", true},    {" \"tag\" ", true}, {"\"a\"", false},
		{"W/\"tag\"", false}, {"\"tag", false},	   {AT, true},
		{BEFORE, false},      {AFTER, false},	   {"x", false},
		{"", false},
	};
	struct field field = {"if-range", 8, "", 0};
	struct field twice[2];

	cr_expect(conditions_allow_range(NULL, 0, &validators, NOW));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		field.value = cases[i].value;
		field.value_size = strlen(field.value);
		cr_expect_eq(
			conditions_allow_range(&field, 1, &validators, NOW),
			cases[i].allowed, "%s", cases[i].value);
	}
	field.value = AT;
	field.value_size = strlen(AT);
	cr_expect_not(conditions_allow_range(&field, 1, &validators,
					     validators.modified + 1),
		      "a date of the present second says nothing");
	twice[0] = twice[1] = field;
	cr_expect_not(conditions_allow_range(twice, 2, &validators, NOW));
}
