/* SPDX-License-Identifier: GPL-2.0-only */
/* Which responses are compressed, and what becomes of their fields. */
#include "terminator/compress_head.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Fills the view from "name: value\n" lines, which it points into. */
static void read_view(struct field_view *view, const char *lines)
{
	view->count = 0;
	while (*lines) {
		const char *colon = strchr(lines, ':');
		const char *end = strchr(lines, '\n');
		const struct field field = {lines, colon - lines, colon + 2,
					    end - colon - 2};

		field_view_add(view, &field);
		lines = end + 1;
	}
}

static const char *write_view(const struct field_view *view)
{
	static char text[4096];
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < view->count; i++) {
		const struct field *field = &view->fields[i];

		used += snprintf(text + used, sizeof(text) - used,
				 "%.*s: %.*s\n", (int)field->name_size,
				 field->name, (int)field->value_size,
				 field->value);
	}
	return text;
}

static bool suits(const char *type, unsigned status, const char *lines)
{
	char *types[] = {(char *)type};
	const struct compress_choice choice = {types, type ? 1 : 0, 100};
	struct field_view view;

	read_view(&view, lines);
	return compress_suits(&choice, status, &view);
}

Test(compress_head, which)
{
	static const struct {
		const char *type;
		unsigned status;
		const char *lines;
		bool suits;
	} rows[] = {
		{NULL, 200, "content-type: text/html\n", true},
		{NULL, 200, "content-type: Text/HTML; charset=utf-8\n", true},
		{NULL, 200, "content-type: application/json\n", true},
		{NULL, 200, "content-type: application/jsonx\n", false},
		{NULL, 200, "content-type: image/png\n", false},
		{NULL, 200, "content-type: text/event-stream\n", false},
		{"text/event-stream", 200, "content-type: text/event-stream\n",
		 true},
		{"text/*", 200, "content-type: text/x\n", true},
		{"text/*", 200, "content-type: texts/x\n", false},
		{"text/*", 200, "content-type: text/\n", false},
		{"image/x", 200, "content-type: text/html\n", false},
		{NULL, 200, "x: y\n", false},
		{NULL, 200, "content-type: \n", false},
		{NULL, 404, "content-type: text/html\n", true},
		{NULL, 204, "content-type: text/html\n", false},
		{NULL, 205, "content-type: text/html\n", false},
		{NULL, 206, "content-type: text/html\n", false},
		{NULL, 304, "content-type: text/html\n", false},
		{NULL, 200, "content-type: text/html\ncontent-length: 99\n",
		 false},
		{NULL, 200, "content-type: text/html\ncontent-length: 100\n",
		 true},
		{NULL, 200, "content-type: text/html\ncontent-encoding: br\n",
		 false},
		{NULL, 200,
		 "content-type: text/html\ncontent-encoding: Identity\n", true},
		{NULL, 200,
		 "content-type: text/html\ncontent-range: bytes 0-9/10\n",
		 false},
		{NULL, 200,
		 "content-type: text/html\ncache-control: max-age=1,\t"
		 "No-Transform\n",
		 false},
		{NULL, 200,
		 "content-type: text/html\ncache-control: x\n"
		 "cache-control: no-transform\n",
		 false},
		{NULL, 200,
		 "content-type: text/html\ncache-control: no-transformer\n",
		 true},
		{NULL, 200,
		 "content-type: text/html\nrepr-digest: sha-256=:AA==:\n",
		 false},
		{NULL, 200, "content-type: text/html\ncontent-md5: x\n", false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_eq(suits(rows[i].type, rows[i].status, rows[i].lines),
			     rows[i].suits, "row %zu: %s", i, rows[i].lines);
}

static const char *rewrite(const char *lines)
{
	static char etag[COMPRESS_ETAG_MAX];
	static struct field_view view;

	read_view(&view, lines);
	compress_rewrite(&view, CODING_ZSTD, etag);
	return write_view(&view);
}

Test(compress_head, rewrite)
{
	cr_expect_str_eq(
		rewrite("content-length: 5\netag: \"a\"\naccept-ranges: "
			"bytes\nx: y\ncontent-encoding: identity\n"),
		"etag: W/\"a\"\nx: y\nvary: accept-encoding\n"
		"content-encoding: zstd\n");
	cr_expect_str_eq(rewrite("etag: W/\"a\"\nvary: Cookie, "
				 "Accept-Encoding\n"),
			 "etag: W/\"a\"\nvary: Cookie, Accept-Encoding\n"
			 "content-encoding: zstd\n");
	cr_expect_str_eq(rewrite("vary: cookie\n"),
			 "vary: cookie\nvary: accept-encoding\n"
			 "content-encoding: zstd\n");
	cr_expect_str_eq(rewrite("vary: *\n"),
			 "vary: *\ncontent-encoding: zstd\n");
}

Test(compress_head, an_etag_that_is_too_long_goes)
{
	static char lines[COMPRESS_ETAG_MAX + 64];
	int used = sprintf(lines, "etag: \"%0*d\"\n", COMPRESS_ETAG_MAX - 3, 0);

	cr_assert_gt(used, 0);
	cr_expect_str_eq(rewrite(lines),
			 "vary: accept-encoding\ncontent-encoding: zstd\n");
}
