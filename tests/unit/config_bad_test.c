/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Each file of tests/config/bad with the message that it must get: its first
 * line, "# expect: LINE:COLUMN: ...", or, where no such line can stand in it,
 * the file of the same name with ".expect" behind.
 */
#include "loader/lib/config.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIXTURES_LEAST = 100, FIXTURES_MOST = 256 };

struct fixture {
	char file[128];
};

ParameterizedTestParameters(config_bad, message)
{
	static struct fixture fixtures[FIXTURES_MOST];
	size_t count = 0;
	glob_t found = {};

	if (glob("tests/config/bad/*.yaml", 0, NULL, &found))
		return cr_make_param_array(struct fixture, fixtures, 0);
	for (; count < found.gl_pathc && count < FIXTURES_MOST; count++)
		snprintf(fixtures[count].file, sizeof(fixtures[count].file),
			 "%s", found.gl_pathv[count]);
	globfree(&found);
	return cr_make_param_array(struct fixture, fixtures, count);
}

/* Reads the expected message of `file`. */
static void read_expected(const char *file, char *text, size_t size)
{
	static const char mark[] = "# expect: ";
	char name[160];
	FILE *in;

	snprintf(name, sizeof(name), "%s.expect", file);
	in = fopen(name, "r");
	if (!in)
		in = fopen(file, "r");
	cr_assert(in && fgets(text, size, in), "%s: no expected message", file);
	fclose(in);
	text[strcspn(text, "\n")] = '\0';
	if (!strncmp(text, mark, strlen(mark)))
		memmove(text, text + strlen(mark),
			strlen(text + strlen(mark)) + 1);
}

ParameterizedTest(struct fixture *fixture, config_bad, message)
{
	char expected[800], text[800];
	struct qs_config_error error;
	struct qs_config *config;

	setenv("QS_TEST_SET", "verbose", 1);
	setenv("QS_TEST_NOT_UTF8",
	       "a\xff"
	       "b",
	       1);
	unsetenv("QS_TEST_UNSET");
	read_expected(fixture->file, expected, sizeof(expected));
	config = qs_config_load(fixture->file, &error);
	cr_assert_null(config, "%s: accepted", fixture->file);
	qs_config_format_error(text, sizeof(text), fixture->file, &error);
	/* The file's name and a colon stand before the position. */
	cr_assert_str_eq(text + strlen(fixture->file) + 1, expected,
			 "%s:\n  said   %s\n  wanted %s", fixture->file,
			 text + strlen(fixture->file) + 1, expected);
}

Test(config_bad, there_are_fixtures)
{
	glob_t found = {};

	cr_assert_eq(glob("tests/config/bad/*.yaml", 0, NULL, &found), 0);
	cr_assert(found.gl_pathc >= FIXTURES_LEAST &&
			  found.gl_pathc <= FIXTURES_MOST,
		  "%zu fixtures", found.gl_pathc);
	globfree(&found);
}
