/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/lbctl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void complain(const struct common *common, const char *format,
		     va_list arguments)
{
	fprintf(stderr, "lbctl %s: ", common->command);
	vfprintf(stderr, format, arguments);
}

int usage(const struct common *common, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(common, format, arguments);
	va_end(arguments);
	fprintf(stderr, "; see lbctl %s --help\n", common->command);
	return EXIT_USAGE;
}

int failed(const struct common *common, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(common, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_FAILED;
}

int no_daemon(const struct common *common, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	complain(common, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return EXIT_NO_DAEMON;
}

int common_next(struct common *common, int argc, char **argv,
		const struct option *options)
{
	int option;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (option) {
		case 'p':
			common->pin_dir = optarg;
			break;
		case 'j':
			common->json = true;
			break;
		case 'h':
			fputs(common->help, stdout);
			exit(EXIT_GOOD);
		case ':':
			exit(usage(common, "value missing after %s",
				   argv[optind - 1]));
		case '?':
			exit(usage(common, "unknown option %s",
				   argv[optind - 1]));
		default:
			return option;
		}
	}
	return -1;
}

static void report_version(const struct common *common)
{
	__u32 version;

	if (qs_maps_version(common->pin_dir, &version) ||
	    version == QS_ABI_VERSION)
		failed(common, "the maps under %s are not of this version",
		       common->pin_dir);
	else
		failed(common,
		       "the maps under %s are of ABI version %u and this lbctl "
		       "is of %d: use the one that came with the loader",
		       common->pin_dir, version, QS_ABI_VERSION);
}

static int open_maps(const struct common *common, struct qs_maps *maps,
		     bool writable)
{
	int error = qs_maps_open(maps, common->pin_dir, writable);

	switch (error) {
	case 0:
		return 0;
	case -ENOENT:
		failed(common, "no loader has pinned maps under %s",
		       common->pin_dir);
		break;
	case -EPROTO:
		report_version(common);
		break;
	case -EPERM:
	case -EACCES:
		failed(common,
		       "no permission to %s the maps under %s: run as root",
		       writable ? "change" : "read", common->pin_dir);
		break;
	default:
		failed(common, "cannot open the maps under %s: %s",
		       common->pin_dir, strerror(-error));
	}
	return -1;
}

int common_open(const struct common *common, struct qs_maps *maps)
{
	return open_maps(common, maps, false);
}

int common_open_writable(const struct common *common, struct qs_maps *maps)
{
	return open_maps(common, maps, true);
}

/* Not of what this program packs itself, but names and reasons are others'. */
static bool is_json(const json_t *value)
{
	if (!value)
		fputs("lbctl: out of memory, or text in the maps that is not "
		      "UTF-8\n",
		      stderr);
	return value;
}

void common_print_line(json_t *value)
{
	if (!is_json(value))
		return;
	json_dumpf(value, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(value);
}

int common_print(json_t *value)
{
	if (!is_json(value))
		return EXIT_FAILED;
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(value);
	return EXIT_GOOD;
}

const char *common_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

json_int_t common_number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}
