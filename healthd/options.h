/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HEALTHD_OPTIONS_H
#define HEALTHD_OPTIONS_H

#include <stdbool.h>

struct options {
	const char *config;
	const char *pin_dir; /* NULL: as the configuration says */
	bool log_level_set;  /* the configuration's does not hold */
	bool log_format_set; /* likewise */
};

/*
 * options_parse: fills `options` from the command line and sets level and
 * format of the log. Returns -1 to go on, or the exit status: 0 after --help or
 * --version, 2 after one message about what is wrong.
 */
int options_parse(int argc, char **argv, struct options *options);

#endif
