/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/change.h"
#include "loader/lib/parse.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: lbctl weight set [OPTION]... NAME N\n"
	"\n"
	"Gives a terminator this share of new connections, or a backend this "
	"share of\n"
	"its pool's requests, against the weights of the others. N is 0 to "
	"65535, or\n"
	"\"default\": the configured weight. It holds for the name and "
	"outlives "
	"every\n"
	"restart. Health may still lower the share (see lbctl backends).\n"
	"\n" CHANGE_HELP FORCE_HELP COMMON_HELP;

static int parse_weight(const struct common *common, const char *text,
			__u32 *ret_weight)
{
	if (!strcmp(text, "default")) {
		*ret_weight = QS_WEIGHT_UNSET;
		return 0;
	}
	if (qs_parse_number(text, QS_WEIGHT_MAX, ret_weight))
		return usage(common,
			     "'%s' is not a weight: 0 to %d, or default", text,
			     QS_WEIGHT_MAX);
	return 0;
}

static void print_weight(__u32 weight)
{
	if (weight == QS_WEIGHT_UNSET)
		printf("as configured");
	else
		printf("%u", weight);
}

static void report(const struct common *common, const struct change *change)
{
	if (common->json) {
		common_print(change_json(change));
		return;
	}
	printf("Weight of %s %s: ", change_kind(change), change->name);
	print_weight(change->wish.weight);
	if (change->wish.weight != change->before.weight) {
		printf(", was ");
		print_weight(change->before.weight);
	}
	putchar('\n');
	change_print(change);
}

int command_weight_set(int argc, char **argv)
{
	static const struct option options[] = {CHANGE_OPTIONS, COMMON_OPTIONS};
	struct common common = {"weight set", help, QS_PIN_DIR, false};
	struct change_options chosen = {};
	struct change change;
	__u32 weight;
	int status;

	change_next(&common, &chosen, argc, argv, options);
	if (argc - optind != 2)
		return usage(&common, "NAME and N are needed, %d given",
			     argc - optind);
	status = parse_weight(&common, argv[optind + 1], &weight);
	if (status)
		return status;
	status = change_begin(&common, &change, argv[optind], chosen.kind);
	if (status)
		return status;
	change.wish.weight = weight;
	status = change_commit(&common, &change, chosen.force);
	if (!status)
		report(&common, &change);
	change_end(&change);
	return status;
}
