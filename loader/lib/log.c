/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/log.h"
#include "loader/lib/json_text.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
	TEXT_MAX = 1000,
	NAME_MAX_SIZE = 32,
	LINE_MAX_SIZE = TEXT_MAX * QS_JSON_OCTET_MAX + 256,
};

static const char *const level_names[] = {
	[QS_LOG_ERROR] = "error",
	[QS_LOG_WARN] = "warn",
	[QS_LOG_INFO] = "info",
	[QS_LOG_DEBUG] = "debug",
};

static enum qs_log_level current_level = QS_LOG_INFO;
static enum qs_log_format current_format = QS_LOG_TEXT;
static char own_name[NAME_MAX_SIZE];

void qs_log_set_level(enum qs_log_level level)
{
	current_level = level;
}

void qs_log_set_format(enum qs_log_format format)
{
	current_format = format;
}

void qs_log_set_name(const char *name)
{
	snprintf(own_name, sizeof(own_name), "%s", name);
}

int qs_log_format_parse(const char *text, enum qs_log_format *ret_format)
{
	if (!strcmp(text, "text"))
		*ret_format = QS_LOG_TEXT;
	else if (!strcmp(text, "json"))
		*ret_format = QS_LOG_JSON;
	else
		return -EINVAL;
	return 0;
}

int qs_log_level_parse(const char *text, enum qs_log_level *ret_level)
{
	for (int i = QS_LOG_ERROR; i <= QS_LOG_DEBUG; i++) {
		if (!strcmp(text, level_names[i])) {
			*ret_level = i;
			return 0;
		}
	}
	return -EINVAL;
}

int qs_log_enabled(enum qs_log_level level)
{
	return level <= current_level;
}

static void write_time(char text[static 32])
{
	struct timespec now;
	struct tm utc;
	size_t length;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	length = strftime(text, 24, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(text + length, 32 - length, ".%03ldZ", now.tv_nsec / 1000000);
}

static size_t write_text(char *line, size_t size, const char *time,
			 enum qs_log_level level, const char *text)
{
	size_t start =
		snprintf(line, size, "%s %-5s ", time, level_names[level]);
	size_t length =
		start + snprintf(line + start, size - start, "%s\n", text);

	for (size_t i = start; i < length - 1; i++) {
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	}
	return length;
}

static size_t add_member(char *line, size_t size, const char *name,
			 const char *text)
{
	size_t length = snprintf(line, size, ",\"%s\":\"", name);

	length += qs_json_text(line + length, size - length - 2, text,
			       strlen(text));
	line[length++] = '"';
	return length;
}

static size_t write_json(char *line, size_t size, const char *time,
			 enum qs_log_level level, const char *text)
{
	size_t length =
		snprintf(line, size, "{\"time\":\"%s\",\"level\":\"%s\"", time,
			 level_names[level]);

	length += add_member(line + length, 96, "program",
			     program_invocation_short_name);
	if (*own_name)
		length += add_member(line + length, 96, "name", own_name);
	length +=
		snprintf(line + length, size - length, ",\"pid\":%d", getpid());
	length += add_member(line + length, size - length - 2, "message", text);
	line[length++] = '}';
	line[length++] = '\n';
	return length;
}

void qs_log(enum qs_log_level level, const char *format, ...)
{
	int saved_errno = errno;
	char time[32], text[TEXT_MAX + 1], line[LINE_MAX_SIZE];
	size_t length;
	ssize_t written;
	va_list arguments;

	if (!qs_log_enabled(level))
		return;
	write_time(time);
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	length = current_format == QS_LOG_JSON
			 ? write_json(line, sizeof(line), time, level, text)
			 : write_text(line, sizeof(line), time, level, text);
	written = write(STDERR_FILENO, line, length);
	(void)written; /* there is nowhere else to say that stderr is gone */
	errno = saved_errno;
}
