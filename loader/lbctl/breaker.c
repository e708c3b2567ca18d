/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/change.h"
#include "loader/lbctl/format.h"
#include "loader/lib/clock.h"
#include "loader/lib/names.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char help[] =
	"Usage: lbctl breaker open|close|auto [OPTION]... NAME\n"
	"\n"
	"open takes a terminator out of new connections, or a backend out of "
	"requests,\n"
	"whatever healthd sees; close keeps it in, whatever healthd sees; auto "
	"leaves\n"
	"it to healthd again. It holds for the name and outlives every "
	"restart.\n"
	"\n" CHANGE_HELP FORCE_HELP COMMON_HELP;

static const struct {
	const char *word;
	const char *command;
	__u8 wish;
} verbs[] = {
	{"open", "breaker open", QS_WISH_OPEN},
	{"close", "breaker close", QS_WISH_CLOSED},
	{"auto", "breaker auto", QS_WISH_AUTO},
};

static void print_observed(const char *name, unsigned int breaker,
			   __u64 changed_ns, unsigned int openings)
{
	char text[FORMAT_TEXT];

	printf("  healthd sees %s %s", name, qs_breaker_name(breaker));
	if (changed_ns)
		printf(" for %s",
		       format_age(text, clock_ns(CLOCK_REALTIME) / 1e9 -
						changed_ns / 1e9));
	printf(", opened %u time%s\n", openings, openings == 1 ? "" : "s");
}

static void report(const struct common *common, const struct change *change)
{
	if (common->json) {
		common_print(change_json(change));
		return;
	}
	printf("Breaker of %s %s: %s%s\n", change_kind(change), change->name,
	       qs_breaker_wish_name(change->wish.breaker),
	       change->wish.breaker == QS_WISH_AUTO ? ", as healthd sees it"
						    : ", by your wish");
	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		const struct qs_terminator *row = &change->maps.terminators[i];

		if (change->kind == QS_WISH_TERMINATOR &&
		    row->state == QS_TERMINATOR_LIVE &&
		    !strcmp(row->name, change->name))
			print_observed(row->name, row->breaker,
				       row->breaker_changed_ns,
				       row->breaker_openings);
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &change->maps.backends[i];

		if (change_matches(change, row))
			print_observed(row->name, row->breaker,
				       row->breaker_changed_ns, row->openings);
	}
	change_print(change);
}

int command_breaker(int argc, char **argv)
{
	static const struct option options[] = {CHANGE_OPTIONS, COMMON_OPTIONS};
	struct common common = {"breaker", help, QS_PIN_DIR, false};
	struct change_options chosen = {};
	struct change change;
	int verb = 0, status;

	while (strcmp(argv[0], verbs[verb].word))
		verb++; /* main.c calls for these words only */
	common.command = verbs[verb].command;
	change_next(&common, &chosen, argc, argv, options);
	if (argc - optind != 1)
		return usage(&common, "one NAME is needed, %d given",
			     argc - optind);
	status = change_begin(&common, &change, argv[optind], chosen.kind);
	if (status)
		return status;
	change.wish.breaker = verbs[verb].wish;
	status = change_commit(&common, &change, chosen.force);
	if (!status)
		report(&common, &change);
	change_end(&change);
	return status;
}
