/* SPDX-License-Identifier: GPL-2.0-only */
/* Error pages: which one a status gets, and what cannot be one. */
#include "terminator/error_pages.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char directory[] = "/tmp/error_pages_test.XXXXXX";
static char files[3][64];

static void write_file(char *path, const char *name, size_t size)
{
	FILE *file;

	snprintf(path, sizeof(files[0]), "%s/%s", directory, name);
	file = fopen(path, "w");
	cr_assert(file);
	for (size_t i = 0; i < size; i++)
		fputc(name[0], file);
	fclose(file);
}

static void set_up(void)
{
	cr_assert(mkdtemp(directory));
	write_file(files[0], "a.html", 10);
	write_file(files[1], "b.json", ERROR_PAGE_MAX);
	write_file(files[2], "large", ERROR_PAGE_MAX + 1);
}

static void tear_down(void)
{
	for (size_t i = 0; i < 3; i++)
		unlink(files[i]);
	rmdir(directory);
}

TestSuite(error_pages, .init = set_up, .fini = tear_down);

Test(error_pages, find)
{
	const struct qs_config_error_page list[] = {
		{{{404, 404}, {500, 502}}, 2, files[0]},
		{{{400, 599}}, 1, files[1]},
	};
	static const struct {
		unsigned status;
		char letter; /* 0: no page */
	} rows[] = {{404, 'a'}, {403, 'b'}, {500, 'a'}, {501, 'a'}, {502, 'a'},
		    {503, 'b'}, {599, 'b'}, {399, 0},	{600, 0}};
	struct error_pages *pages;
	char error[128];

	cr_assert_eq(error_pages_load(list, 2, &pages, error, sizeof(error)), 0,
		     "%s", error);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct error_page *page =
			error_pages_find(pages, rows[i].status);

		cr_expect_eq(page ? page->body[0] : 0, rows[i].letter, "%u",
			     rows[i].status);
	}
	cr_expect_eq(error_pages_find(pages, 404)->size, 10);
	cr_expect_str_eq(error_pages_find(pages, 404)->type,
			 "text/html; charset=utf-8");
	cr_expect_str_eq(error_pages_find(pages, 503)->type,
			 "application/json");
	error_pages_free(pages);
	cr_expect_null(error_pages_find(NULL, 404));
}

Test(error_pages, bad_files)
{
	struct qs_config_error_page list[] = {
		{{{400, 599}}, 1, files[0]},
		{{{400, 599}}, 1, files[2]},
	};
	struct error_pages *pages;
	char error[128];

	cr_expect_eq(error_pages_load(list, 2, &pages, error, sizeof(error)),
		     -EFBIG);
	cr_expect(strstr(error, "large: an error page has at most 64 KiB"),
		  "%s", error);
	list[1].file = (char *)"/nonexistent/page";
	cr_expect_eq(error_pages_load(list, 2, &pages, error, sizeof(error)),
		     -ENOENT);
	cr_expect(strstr(error, "/nonexistent/page: No such file"), "%s",
		  error);
	list[1].file = directory;
	cr_expect_eq(error_pages_load(list, 2, &pages, error, sizeof(error)),
		     -EISDIR);
	cr_expect_eq(error_pages_load(list, 0, &pages, error, sizeof(error)),
		     0);
	cr_expect_null(pages);
}
