/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/lbctl.h"
#include "loader/lib/version.h"

#include <stdio.h>

static const char help[] =
	"Usage: lbctl version [OPTION]...\n"
	"\n"
	"The version of lbctl, of the ABI it knows, and of the pinned maps.\n"
	"\n" COMMON_HELP;

int command_version(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"version", help, QS_PIN_DIR, false};
	__u32 pinned;
	bool is_pinned;

	common_next(&common, argc, argv, options);
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	is_pinned = !qs_maps_version(common.pin_dir, &pinned);
	if (common.json)
		return common_print(json_pack(
			"{s:s, s:i, s:o}", "version", QS_VERSION, "abi",
			QS_ABI_VERSION, "pinned_abi",
			is_pinned ? json_integer(pinned) : json_null()));
	printf("lbctl %s, ABI %d\n", QS_VERSION, QS_ABI_VERSION);
	if (is_pinned)
		printf("maps under %s: ABI %u\n", common.pin_dir, pinned);
	else
		printf("maps under %s: none, or not readable\n",
		       common.pin_dir);
	return EXIT_GOOD;
}
