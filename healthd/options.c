/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/options.h"
#include "loader/lib/arguments.h"
#include "loader/lib/log.h"
#include "loader/lib/version.h"
#include "quicsteer/abi.h"

#include <stdio.h>

static const char help[] =
	"Usage: quicsteer-healthd [OPTION]...\n"
	"\n"
	"Watches backends and terminators, and writes what it sees into the "
	"maps\n"
	"that a loader has pinned: which backends there are, their health, "
	"breakers\n"
	"and weights. Waits for a loader where there is none. What is there "
	"goes on\n"
	"when it ends; the next one takes it up.\n"
	"SIGHUP reads the configuration again; so does lbctl reload.\n"
	"\n"
	"  -c, --config FILE      (default: " QS_CONFIG_FILE ")\n"
	"      --pin-dir DIR      (default: pin_dir of the configuration)\n"
	"      --log-level LEVEL  error, warn, info or debug (default: "
	"log_level\n"
	"                         of the configuration)\n"
	"      --log-format FORM  text, or json: an object a line (default:\n"
	"                         log_format of the configuration)\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"Exit status: 0 good, 1 it could not be done, 2 wrong usage.\n";

enum { OPTION_PIN_DIR = 256, OPTION_LOG_LEVEL, OPTION_LOG_FORMAT };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"pin-dir", required_argument, NULL, OPTION_PIN_DIR},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"log-format", required_argument, NULL, OPTION_LOG_FORMAT},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{},
};

static int set_log_level(struct options *options, const char *text)
{
	enum qs_log_level level;

	if (qs_log_level_parse(text, &level)) {
		log_error("--log-level %s: not error, warn, info or debug",
			  text);
		return 2;
	}
	qs_log_set_level(level);
	options->log_level_set = true;
	return -1;
}

static int set_log_format(struct options *options, const char *text)
{
	enum qs_log_format format;

	if (qs_log_format_parse(text, &format)) {
		log_error("--log-format %s: not text or json", text);
		return 2;
	}
	qs_log_set_format(format);
	options->log_format_set = true;
	return -1;
}

static int apply_option(void *user, int option)
{
	struct options *options = user;

	switch (option) {
	case 'c':
		options->config = optarg;
		return -1;
	case OPTION_PIN_DIR:
		options->pin_dir = optarg;
		return -1;
	case OPTION_LOG_LEVEL:
		return set_log_level(options, optarg);
	case OPTION_LOG_FORMAT:
		return set_log_format(options, optarg);
	case 'h':
		fputs(help, stdout);
		return 0;
	case 'V':
		printf("quicsteer-healthd %s (ABI %d)\n", QS_VERSION,
		       QS_ABI_VERSION);
		return 0;
	}
	return 2;
}

int options_parse(int argc, char **argv, struct options *options)
{
	*options = (struct options){.config = QS_CONFIG_FILE};
	return qs_arguments_read(argc, argv, ":c:hV", long_options,
				 apply_option, options);
}
