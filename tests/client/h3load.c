/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "tests/client/load.h"

int main(int argc, char **argv)
{
	struct load_options options;
	struct load load;
	int error;

	options_parse(&options, argc, argv);
	wolfSSL_Init();
	error = load_run(&load, &options);
	if (error < 0) {
		fprintf(stderr, "h3load: cannot begin: %s%s\n",
			strerror(-error),
			options.ca_file ? " (is --ca a readable PEM file?)"
					: "");
		return 2;
	}
	report_summary(&load);
	load_end(&load);
	return load.totals.ok == load.totals.begun && load.totals.begun > 0 ? 0
									    : 1;
}
