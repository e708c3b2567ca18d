/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/arguments.h"

#include "loader/lib/log.h"

#include <stddef.h>

int qs_arguments_read(int argc, char **argv, const char *letters,
		      const struct option *options, qs_apply_option *apply,
		      void *user)
{
	int status = -1;

	opterr = 0;
	while (status == -1) {
		int option = getopt_long(argc, argv, letters, options, NULL);

		if (option == -1)
			break;
		if (option == ':' || option == '?') {
			log_error("%s %s; see --help",
				  option == ':' ? "value missing after"
						: "unknown or ambiguous option",
				  argv[optind - 1]);
			return 2;
		}
		status = apply(user, option);
	}
	if (status == -1 && argv[optind]) {
		log_error("unexpected argument '%s'; see --help", argv[optind]);
		return 2;
	}
	return status;
}
