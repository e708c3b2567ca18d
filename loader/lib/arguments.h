/* SPDX-License-Identifier: GPL-2.0-only */
/* The command line of a daemon, as getopt_long(3) reads it. */
#ifndef QS_LOADER_LIB_ARGUMENTS_H
#define QS_LOADER_LIB_ARGUMENTS_H

#include <getopt.h>

/* One option, whose value is `optarg`. Returns -1 to go on, or the exit status
 * to end with, after saying why. */
typedef int qs_apply_option(void *user, int option);

/*
 * qs_arguments_read: has `apply` take each option; `letters` begins with a
 * colon. What is unknown, lacks its value or is no option is told of in the
 * log. Returns -1, or the exit status to end with.
 */
int qs_arguments_read(int argc, char **argv, const char *letters,
		      const struct option *options, qs_apply_option *apply,
		      void *user);

#endif
