/* SPDX-License-Identifier: GPL-2.0-only */
/* What the shell's completion asks for; not in the help. */
#include "loader/lbctl/known.h"
#include "loader/lbctl/lbctl.h"
#include "loader/lbctl/survey.h"

#include <string.h>

static const char help[] =
	"Usage: lbctl completion-names [OPTION]... WHAT [GROUP]\n"
	"\n"
	"Words for shells to complete, one a line: commands (or those of a "
	"GROUP),\n"
	"names (of terminators and backends), pools. Says nothing where there "
	"are none.\n"
	"\n" COMMON_HELP;

static void print_names(const struct qs_maps *maps)
{
	struct known known;

	if (known_collect(maps, &known))
		return;
	for (size_t i = 0; i < known.count; i++)
		printf("%s\n", known.list[i].name);
	known_free(&known);
}

static void print_pools(const struct qs_maps *maps)
{
	const char *pools[QS_MAX_POOLS];
	size_t count = survey_pools(maps, pools);

	for (size_t i = 0; i < count; i++)
		printf("%s\n", pools[i]);
}

int command_completion_names(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"completion-names", help, QS_PIN_DIR, false};
	struct qs_maps maps;
	const char *what;

	common_next(&common, argc, argv, options);
	what = argv[optind];
	if (what && !strcmp(what, "commands")) {
		main_list_commands(stdout, argv[optind + 1]);
		return EXIT_GOOD;
	}
	if (!what || (strcmp(what, "names") && strcmp(what, "pools")))
		return usage(&common, "commands, names or pools is needed");
	/* A shell that completes is no place for messages. */
	if (qs_maps_open(&maps, common.pin_dir, false))
		return EXIT_GOOD;
	if (!strcmp(what, "names"))
		print_names(&maps);
	else
		print_pools(&maps);
	qs_maps_close(&maps);
	return EXIT_GOOD;
}
