/* SPDX-License-Identifier: GPL-2.0-only */
/* Content types by the names of files. */
#include "terminator/media_types.h"

#include <criterion/criterion.h>

Test(media_types, table)
{
	static const struct {
		const char *name, *type;
	} rows[] = {
		/* The first and the last of the table, and some between. */
		{"a.7z", "application/x-7z-compressed"},
		{"a.zst", "application/zstd"},
		{"index.html", "text/html; charset=utf-8"},
		{"INDEX.HTML", "text/html; charset=utf-8"},
		{"a.b.css", "text/css; charset=utf-8"},
		{"a.js", "text/javascript; charset=utf-8"},
		{"a.mjs", "text/javascript; charset=utf-8"},
		{"a.json", "application/json"},
		{"a.jsonld", "application/ld+json"},
		{"a.wasm", "application/wasm"},
		{"a.woff", "font/woff"},
		{"a.woff2", "font/woff2"},
		{"a.svg", "image/svg+xml"},
		{"d.html/a.png", "image/png"},
		{"d.html/a", "application/octet-stream"},
		{"a.", "application/octet-stream"},
		{"a", "application/octet-stream"},
		{"", "application/octet-stream"},
		{".html", "text/html; charset=utf-8"},
		{"a.htmlx", "application/octet-stream"},
		{"a.ht", "application/octet-stream"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(media_type_of(rows[i].name), rows[i].type,
				 "%s", rows[i].name);
}
