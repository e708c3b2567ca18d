/* SPDX-License-Identifier: GPL-2.0-only */
/* From paths of requests to names of files. */
#include "terminator/files_path.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static struct files_path path;

static bool hidden;

static int read_path(const char *rest, size_t size)
{
	/* No terminating NUL helps it. */
	char *copy = malloc(size ? size : 1);
	int result;

	memcpy(copy, rest, size);
	result = files_path_read(&path, copy, size, false, hidden);
	free(copy);
	return result;
}

Test(files_path, table)
{
	static const struct {
		const char *rest;
		int result;
		const char *name;
		bool is_directory;
	} rows[] = {
		{"", 0, ".", true},
		{"a", 0, "a", false},
		{"a/", 0, "a", true},
		{"a/b.txt", 0, "a/b.txt", false},
		{"a/b/", 0, "a/b", true},
		{"a.b..c", 0, "a.b..c", false},
		{"%61%2D", 0, "a-", false},
		{"%2541", 0, "%41", false},
		{"a+b%20c", 0, "a+b c", false},
		{"%c3%BC", 0, "\xc3\xbc", false},
		{"a%5cb", 0, "a\\b", false},
		{"..", -ENOENT, NULL, false},
		{"a/..", -ENOENT, NULL, false},
		{"a/../b", -ENOENT, NULL, false},
		{".", -ENOENT, NULL, false},
		{"./a", -ENOENT, NULL, false},
		{"a/.", -ENOENT, NULL, false},
		{".a", -ENOENT, NULL, false},
		{"a/.b/c", -ENOENT, NULL, false},
		{"%2e%2E", -ENOENT, NULL, false},
		{"%2ea", -ENOENT, NULL, false},
		{"a%2fb", -ENOENT, NULL, false},
		{"..%2Fa", -ENOENT, NULL, false},
		{"/", -ENOENT, NULL, false},
		{"a//b", -ENOENT, NULL, false},
		{"a//", -ENOENT, NULL, false},
		{"a%", -EINVAL, NULL, false},
		{"a%4", -EINVAL, NULL, false},
		{"%4g", -EINVAL, NULL, false},
		{"%+1", -EINVAL, NULL, false},
		{"%00", -EINVAL, NULL, false},
		{"a%00.txt", -EINVAL, NULL, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int result = read_path(rows[i].rest, strlen(rows[i].rest));

		cr_expect_eq(result, rows[i].result, "\"%s\" gives %d",
			     rows[i].rest, result);
		if (result || rows[i].result)
			continue;
		cr_expect_str_eq(path.name, rows[i].name, "\"%s\" gives %s",
				 rows[i].rest, path.name);
		cr_expect_eq(path.is_directory, rows[i].is_directory, "\"%s\"",
			     rows[i].rest);
	}
	cr_expect_eq(read_path("a\0b", 3), -EINVAL);
	cr_expect_eq(read_path(".well-known/a", 13), 0);
	cr_expect_eq(read_path(".well-known2", 12), -ENOENT);
	hidden = true;
	cr_expect_eq(read_path(".a/..b/...", 10), 0);
	cr_expect_eq(read_path("a/..", 4), -ENOENT);
	cr_expect_eq(read_path("%2e%2e/a", 8), -ENOENT);
	cr_expect_eq(read_path("./a", 3), -ENOENT);
	hidden = false;
	cr_expect_eq(files_path_read(&path, "", 0, true, false), 0);
	cr_expect_not(path.is_directory);
	cr_expect_str_eq(path.name, ".");
}

Test(files_path, length)
{
	static char rest[FILES_PATH_SIZE * 3 + 1];

	for (size_t size = FILES_PATH_SIZE - 4; size < FILES_PATH_SIZE + 4;
	     size++) {
		memset(rest, 'x', size);
		cr_expect_eq(read_path(rest, size),
			     size < FILES_PATH_SIZE - 1 ? 0 : -ENAMETOOLONG,
			     "%zu", size);
		for (size_t i = 1; i < size; i += 2)
			rest[i] = '/';
		if (read_path(rest, size) == 0)
			cr_expect_lt(strlen(path.name), FILES_PATH_SIZE);
	}
}
