/* SPDX-License-Identifier: GPL-2.0-only */
/* Both forms of a message, as they come out of stderr. */
#include "loader/lib/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>
#include <unistd.h>

static int from_stderr;

static void redirect(void)
{
	int ends[2];

	cr_assert_eq(pipe(ends), 0);
	cr_assert_geq(dup2(ends[1], STDERR_FILENO), 0);
	close(ends[1]);
	from_stderr = ends[0];
}

static const char *read_lines(void)
{
	static char lines[8192];
	ssize_t size = read(from_stderr, lines, sizeof(lines) - 1);

	cr_assert_gt(size, 0);
	lines[size] = '\0';
	return lines;
}

static const char *text_of(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "(none)";
}

TestSuite(log, .init = redirect);

Test(log, text)
{
	const char *line;

	log_warn("a \"%s\"\nb\x01", "c");
	line = read_lines();
	cr_expect_eq(line[10], 'T');
	cr_expect_str_eq(line + 23, "Z warn  a \"c\" b \n");
}

Test(log, json)
{
	json_t *object;
	const char *line;

	program_invocation_short_name = (char *)"prog";
	qs_log_set_format(QS_LOG_JSON);
	log_error("a \"%s\"\nb\x01\xff", "c");
	line = read_lines();
	cr_assert_eq(strchr(line, '\n'), line + strlen(line) - 1);
	object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	cr_assert(object, "%s", line);
	cr_expect_str_eq(text_of(object, "level"), "error");
	cr_expect_str_eq(text_of(object, "message"), "a \"c\"\nb\x01\xc3\xbf");
	cr_expect_str_eq(text_of(object, "program"), "prog");
	cr_expect_str_eq(text_of(object, "name"), "(none)");
	cr_expect_eq(json_integer_value(json_object_get(object, "pid")),
		     getpid());
	cr_expect_eq(strlen(text_of(object, "time")), 24);
	json_decref(object);
}

Test(log, json_of_a_long_message_with_a_name)
{
	char message[1500];
	json_t *object;

	memset(message, 1, sizeof(message) - 1);
	message[sizeof(message) - 1] = '\0';
	qs_log_set_format(QS_LOG_JSON);
	qs_log_set_name("t\"1");
	log_info("%s", message);
	object = json_loads(read_lines(), 0, NULL);
	cr_assert(object);
	cr_expect_eq(strlen(text_of(object, "message")), 1000);
	cr_expect_str_eq(text_of(object, "name"), "t\"1");
	json_decref(object);
}

Test(log, form_and_level_change_while_it_runs)
{
	enum qs_log_format format = QS_LOG_JSON;
	const char *lines;

	cr_expect_eq(qs_log_format_parse("jsonl", &format), -22);
	cr_expect_eq(qs_log_format_parse("text", &format), 0);
	cr_expect_eq(format, QS_LOG_TEXT);
	qs_log_set_format(QS_LOG_JSON);
	log_info("one");
	qs_log_set_format(QS_LOG_TEXT);
	qs_log_set_level(QS_LOG_ERROR);
	log_info("none");
	log_error("two");
	lines = read_lines();
	cr_expect_eq(lines[0], '{');
	cr_expect_null(strstr(lines, "none"));
	cr_expect(strstr(lines, "error two\n"));
}
