/* SPDX-License-Identifier: GPL-2.0-only */
/* Header rules: what they take out, set and add, and with which values. */
#include "terminator/rules.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#define FIELD(name, value)                                       \
	{                                                        \
		name, sizeof(name) - 1, value, sizeof(value) - 1 \
	}
#define VALUE(value)                            \
	{                                       \
		"", 0, value, sizeof(value) - 1 \
	}

static const struct exchange_request request = {
	.method = VALUE("GET"),
	.scheme = VALUE("https"),
	.authority = VALUE("[2001:db8::1]:8443"),
	.path = VALUE("/a/b?c=d?e"),
	.peer_address = "192.0.2.1",
	.protocol = QS_PROTOCOL_h3,
};

static struct field_view view;
static char seen[1024];

/* "name: value|name: value" */
static const char *describe(void)
{
	size_t used = 0;

	*seen = '\0';
	for (size_t i = 0; i < view.count; i++)
		used += snprintf(
			seen + used, sizeof(seen) - used, "%s%.*s: %.*s",
			i ? "|" : "", (int)view.fields[i].name_size,
			view.fields[i].name, (int)view.fields[i].value_size,
			view.fields[i].value);
	return seen;
}

static void apply(const struct qs_config_rules *from,
		  const struct exchange_request *of)
{
	struct variables variables;
	struct field_list values = {0};
	struct rules *rules;

	cr_assert_eq(rules_new(from, &rules), 0);
	variables_of(&variables, of, "id-1");
	cr_assert_eq(rules_render(rules, &variables, &values), 0);
	rules_apply(rules, &values, &view);
	describe();
	field_list_free(&values);
	rules_free(rules);
}

Test(rules, variables)
{
	static const struct {
		const char *template, *expected;
	} rows[] = {
		{"{host}", "[2001:db8::1]"},
		{"{authority}", "[2001:db8::1]:8443"},
		{"{uri}", "/a/b?c=d?e"},
		{"{path}", "/a/b"},
		{"{query}", "c=d?e"},
		{"{method} {scheme} {protocol}", "GET https HTTP/3"},
		{"{client_ip},{request_id}", "192.0.2.1,id-1"},
		{"{{{path}}}", "{/a/b}"},
		{"", ""},
	};
	struct variables variables;

	variables_of(&variables, &request, "id-1");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct text text = {0};

		variables_render(&text, rows[i].template, &variables);
		cr_expect(!text.failed &&
				  text.size == strlen(rows[i].expected) &&
				  (!text.size ||
				   !memcmp(text.data, rows[i].expected,
					   text.size)),
			  "%s gives %.*s", rows[i].template, (int)text.size,
			  text.data ? text.data : "");
		text_free(&text);
	}
}

Test(rules, remove_set_add)
{
	static const struct field fields[] = {
		FIELD("a", "1"), FIELD("b", "2"), FIELD("a", "3"),
		FIELD("c", "4"), FIELD("d", "5"),
	};
	char *removed[] = {(char *)"a", (char *)"absent"};
	struct qs_config_field set[] = {{(char *)"c", (char *)"{path}"},
					{(char *)"new", (char *)"6"}};
	struct qs_config_field added[] = {{(char *)"d", (char *)"7"},
					  {(char *)"a", (char *)"8"},
					  {(char *)"e", (char *)""}};
	const struct qs_config_rules from = {.remove = removed,
					     .remove_count = 2,
					     .set = set,
					     .set_count = 2,
					     .add = added,
					     .add_count = 3};

	view.count = 5;
	memcpy(view.fields, fields, sizeof(fields));
	apply(&from, &request);
	cr_expect_str_eq(seen, "b: 2|d: 5|c: /a/b|new: 6|d: 7|a: 8|e: ");
}

Test(rules, empty_variable_leaves_no_blank)
{
	static const struct exchange_request bare = {
		.method = VALUE("GET"),
		.scheme = VALUE("https"),
		.authority = VALUE("h"),
		.path = VALUE("/"),
		.peer_address = "192.0.2.1",
	};
	struct qs_config_field set = {(char *)"a", (char *)"{query} x {query}"};
	const struct qs_config_rules from = {.set = &set, .set_count = 1};

	view.count = 0;
	apply(&from, &bare);
	cr_expect_str_eq(seen, "a: x");
}

Test(rules, none)
{
	static const struct qs_config_rules from;
	struct rules *rules = (struct rules *)&from;

	cr_expect_eq(rules_new(&from, &rules), 0);
	cr_expect_null(rules);
	rules_free(rules);
}
