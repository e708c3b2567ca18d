/* SPDX-License-Identifier: GPL-2.0-only */
/* Templates: what is text, what a variable, and what is wrong. */
#include "loader/lib/template.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* "text|3:host|text" */
static void describe(char *out, size_t size, const char *template)
{
	struct qs_template_piece piece;
	int result;

	*out = '\0';
	while ((result = qs_template_next(&template, &piece)) > 0) {
		size_t used = strlen(out);

		snprintf(out + used, size - used, "%s%s%.*s", used ? "|" : "",
			 piece.variable < 0 ? "" : "$", (int)piece.size,
			 piece.text);
	}
	if (result < 0)
		snprintf(out, size, "wrong");
}

Test(template, pieces)
{
	static const struct {
		const char *template, *expected;
	} rows[] = {
		{"", ""},
		{"plain", "plain"},
		{"{host}", "$host"},
		{"https://{host}{uri}", "https://|$host|$uri"},
		{"a{{b}}c", "a|{|b|}|c"},
		{"{{{path}}}", "{|$path|}"},
		{"{client_ip} x", "$client_ip| x"},
		{"{", "wrong"},
		{"}", "wrong"},
		{"a}b", "wrong"},
		{"{}", "wrong"},
		{"{host", "wrong"},
		{"{ho{st}", "wrong"},
		{"{Host}", "wrong"},
		{"{ host}", "wrong"},
		{"{hostname}", "wrong"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[128], problem[256] = "";
		bool is_wrong = !strcmp(rows[i].expected, "wrong");

		describe(text, sizeof(text), rows[i].template);
		cr_expect_str_eq(text, rows[i].expected, "\"%s\" gives \"%s\"",
				 rows[i].template, text);
		cr_expect_eq(qs_template_check(rows[i].template, problem,
					       sizeof(problem)),
			     is_wrong ? -EINVAL : 0, "\"%s\"",
			     rows[i].template);
		cr_expect_eq(*problem != '\0', is_wrong, "\"%s\"",
			     rows[i].template);
	}
}
