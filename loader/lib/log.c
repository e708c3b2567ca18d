/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char *const level_names[] = {
	[QS_LOG_ERROR] = "error",
	[QS_LOG_WARN] = "warn",
	[QS_LOG_INFO] = "info",
	[QS_LOG_DEBUG] = "debug",
};

static enum qs_log_level current_level = QS_LOG_INFO;

void qs_log_set_level(enum qs_log_level level)
{
	current_level = level;
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

static size_t write_prefix(char *line, size_t size, enum qs_log_level level)
{
	struct timespec now;
	struct tm utc;
	char seconds[32];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &utc);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &utc);
	return snprintf(line, size, "%s.%03ldZ %-5s ", seconds,
			now.tv_nsec / 1000000, level_names[level]);
}

void qs_log(enum qs_log_level level, const char *format, ...)
{
	int saved_errno = errno;
	char line[1100];
	size_t start, length;
	ssize_t written;
	va_list arguments;

	if (!qs_log_enabled(level))
		return;
	start = write_prefix(line, sizeof(line), level);
	va_start(arguments, format);
	vsnprintf(line + start, sizeof(line) - start - 1, format, arguments);
	va_end(arguments);
	length = strlen(line);
	for (size_t i = start; i < length; i++) {
		if ((unsigned char)line[i] < ' ')
			line[i] = ' ';
	}
	line[length] = '\n';
	written = write(STDERR_FILENO, line, length + 1);
	(void)written; /* there is nowhere else to say that stderr is gone */
	errno = saved_errno;
}
