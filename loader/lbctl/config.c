/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/lbctl.h"
#include "loader/lib/config.h"

#include <stdio.h>
#include <stdlib.h>

/* These need no maps. */
#define CONFIG_HELP                                      \
	"      --json         machine-readable output\n" \
	"      --help\n"

static const char check_help[] =
	"Usage: lbctl config check [OPTION]... FILE\n"
	"\n"
	"Reads a configuration file as the daemons do, with variables from "
	"this\n"
	"environment, and says what is in it, or the first thing that is "
	"wrong:\n"
	"FILE:LINE:COLUMN: KEY: what it is and what would be right.\n"
	"\n" CONFIG_HELP "\n"
	"Exit status: 0 if the file is good, 1 if not, 2 on wrong usage.\n";

static const char schema_help[] =
	"Usage: lbctl config schema [OPTION]...\n"
	"\n"
	"Prints the JSON Schema (draft 2020-12) of the configuration file, for "
	"editors.\n"
	"It is JSON with and without --json.\n"
	"\n" CONFIG_HELP;

static const char *plural(size_t count)
{
	return count == 1 ? "" : "s";
}

static int report_good(const struct common *common, const char *file,
		       const struct qs_config *config)
{
	size_t backends = 0;

	for (size_t i = 0; i < config->pool_count; i++)
		backends += config->pools[i].backend_count;
	if (common->json)
		return common_print(json_pack(
			"{s:s, s:b, s:I, s:I, s:I}", "file", file, "ok", 1,
			"pools", (json_int_t)config->pool_count, "backends",
			(json_int_t)backends, "routes",
			(json_int_t)config->route_count));
	printf("%s: good: %zu pool%s, %zu backend%s, %zu route%s\n", file,
	       config->pool_count, plural(config->pool_count), backends,
	       plural(backends), config->route_count,
	       plural(config->route_count));
	return EXIT_GOOD;
}

static int report_bad(const struct common *common, const char *file,
		      const struct qs_config_error *error)
{
	char text[4096];

	if (common->json)
		common_print(json_pack("{s:s, s:b, s:{s:I, s:I, s:s, s:s}}",
				       "file", file, "ok", 0, "error", "line",
				       (json_int_t)error->line, "column",
				       (json_int_t)error->column, "path",
				       error->path, "text", error->text));
	else
		fprintf(stderr, "%s\n",
			qs_config_format_error(text, sizeof(text), file,
					       error));
	return EXIT_FAILED;
}

int command_config_check(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"config check", check_help, QS_PIN_DIR, false};
	struct qs_config_error error;
	struct qs_config *config;
	const char *file;
	int status;

	common_next(&common, argc, argv, options);
	file = argv[optind];
	if (!file)
		return usage(&common, "a FILE is missing");
	if (argv[optind + 1])
		return usage(&common, "unexpected argument '%s'",
			     argv[optind + 1]);
	config = qs_config_load(file, &error);
	status = config ? report_good(&common, file, config)
			: report_bad(&common, file, &error);
	qs_config_free(config);
	return status;
}

int command_config_schema(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"config schema", schema_help, QS_PIN_DIR,
				false};
	char *schema;

	common_next(&common, argc, argv, options);
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	schema = qs_config_schema();
	if (!schema)
		return failed(&common, "memory is short");
	puts(schema);
	free(schema);
	return EXIT_GOOD;
}
