/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages to stderr, one line each: UTC time, level, text; or a JSON object of
 * time, level, program, name (of the terminator), pid and message. A daemon's
 * main and command functions log; libraries return codes.
 */
#ifndef QS_LOADER_LIB_LOG_H
#define QS_LOADER_LIB_LOG_H

enum qs_log_level {
	QS_LOG_ERROR = 0,
	QS_LOG_WARN = 1,
	QS_LOG_INFO = 2, /* the level at start */
	QS_LOG_DEBUG = 3,
};

enum qs_log_format { QS_LOG_TEXT, /* at start */ QS_LOG_JSON };

/* qs_log_set_level: messages above `level` are left out from now on. */
void qs_log_set_level(enum qs_log_level level);

/*
 * qs_log_level_parse: reads "error", "warn", "info" or "debug" into *ret_level.
 * Returns 0, or -EINVAL and leaves *ret_level alone.
 */
int qs_log_level_parse(const char *text, enum qs_log_level *ret_level);

/* qs_log_set_format: messages have this form from now on. */
void qs_log_set_format(enum qs_log_format format);

/* qs_log_format_parse: the same as qs_log_level_parse of "text" and "json". */
int qs_log_format_parse(const char *text, enum qs_log_format *ret_format);

/* qs_log_set_name: what tells this process from others of its program. */
void qs_log_set_name(const char *name);

/* qs_log_enabled: whether a message of `level` would be written. */
int qs_log_enabled(enum qs_log_level level);

/*
 * qs_log: writes one line in a single write. Control characters in the text
 * become spaces, or escapes in JSON; what is over 1000 octets is cut. errno is
 * kept. Safe to call from several threads.
 */
__attribute__((format(printf, 2, 3))) void qs_log(enum qs_log_level level,
						  const char *format, ...);

#define log_error(...) qs_log(QS_LOG_ERROR, __VA_ARGS__)
#define log_warn(...) qs_log(QS_LOG_WARN, __VA_ARGS__)
#define log_info(...) qs_log(QS_LOG_INFO, __VA_ARGS__)
#define log_debug(...) qs_log(QS_LOG_DEBUG, __VA_ARGS__)

#endif
