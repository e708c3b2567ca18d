/* SPDX-License-Identifier: GPL-2.0-only */
/* What lbctl's commands share. Each command is one file. */
#ifndef QS_LBCTL_H
#define QS_LBCTL_H

#include "loader/lib/maps.h"

#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* Exit statuses of all commands. */
enum {
	EXIT_GOOD = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_LEFT = 3,	    /* the deadline passed with work left */
	EXIT_NO_DAEMON = 4, /* one that must be up is not */
};

struct common {
	const char *command; /* "status", "cid decode" */
	const char *help;    /* the whole text of --help */
	const char *pin_dir;
	bool json;
};

/* The options that every command has; a command's own begin at 256. */
#define COMMON_OPTIONS                             \
	{"pin-dir", required_argument, NULL, 'p'}, \
		{"json", no_argument, NULL, 'j'},  \
		{"help", no_argument, NULL, 'h'},  \
	{                                          \
	}

#define COMMON_HELP                                                           \
	"      --pin-dir DIR  where the maps are (default: " QS_PIN_DIR ")\n" \
	"      --json         machine-readable output\n"                      \
	"      --help\n"

/*
 * common_next: the next option of the command's own, -1 at the end of the
 * options. Common options are dealt with here; after --help (EXIT_GOOD) or a
 * wrong option (EXIT_USAGE, after one message) it does not return.
 */
int common_next(struct common *common, int argc, char **argv,
		const struct option *options);

/* usage: prints "lbctl COMMAND: MESSAGE; see ... --help". Returns EXIT_USAGE.
 */
__attribute__((format(printf, 2, 3))) int usage(const struct common *common,
						const char *format, ...);

/* failed: prints "lbctl COMMAND: MESSAGE". Returns EXIT_FAILED. */
__attribute__((format(printf, 2, 3))) int failed(const struct common *common,
						 const char *format, ...);

/* no_daemon: as failed(), for want of a daemon. Returns EXIT_NO_DAEMON. */
__attribute__((format(printf, 2, 3))) int no_daemon(const struct common *common,
						    const char *format, ...);

/*
 * common_open: opens the pinned maps for reading. Returns 0, or -1 after one
 * message; the command then exits with EXIT_FAILED.
 */
int common_open(const struct common *common, struct qs_maps *maps);

/* common_open_writable: the same for reading and writing. */
int common_open_writable(const struct common *common, struct qs_maps *maps);

/* common_print_line: prints `value` in one line and frees it. */
void common_print_line(json_t *value);

/*
 * common_print: prints `value`, frees it, and returns EXIT_GOOD; of NULL
 * EXIT_FAILED after one message.
 */
int common_print(json_t *value);

/* common_text: the string at `key` of an object that lbctl has made. */
const char *common_text(const json_t *object, const char *key);

/* common_number: the integer at `key` of an object that lbctl has made. */
json_int_t common_number(const json_t *object, const char *key);

/*
 * main_list_commands: the first words of all commands, or the second words of
 * those that begin with `group`, one a line.
 */
void main_list_commands(FILE *stream, const char *group);

int command_status(int argc, char **argv);
int command_terminators(int argc, char **argv);
int command_cid_decode(int argc, char **argv);
int command_cid_encode(int argc, char **argv);
int command_cid_rotate(int argc, char **argv);
int command_cid_configs(int argc, char **argv);
int command_config_check(int argc, char **argv);
int command_config_schema(int argc, char **argv);
int command_version(int argc, char **argv);
int command_backends(int argc, char **argv);
int command_top(int argc, char **argv);
int command_reload(int argc, char **argv);
int command_events(int argc, char **argv);
int command_connections(int argc, char **argv);
int command_completion_names(int argc, char **argv);
int command_weight_set(int argc, char **argv);
int command_drain(int argc, char **argv);
int command_undrain(int argc, char **argv);
int command_breaker(int argc, char **argv); /* argv[0]: open, close, auto */

#endif
