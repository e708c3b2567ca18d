/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/change.h"
#include "loader/lbctl/format.h"
#include "loader/lbctl/survey.h"
#include "loader/lib/clock.h"
#include "loader/lib/parse.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char drain_help[] =
	"Usage: lbctl drain [OPTION]... NAME\n"
	"\n"
	"Gives a terminator no new connections, or a backend no new requests, "
	"and\n"
	"waits until the last one it has is gone. It stays drained, also when "
	"it is\n"
	"restarted, until lbctl undrain NAME. To interrupt lbctl does not end "
	"the drain.\n"
	"\n"
	"      --deadline T   wait so long at most (\"30s\", \"5m\"); a "
	"terminator then\n"
	"                     closes what is left\n"
	"      --no-wait      do not wait\n" CHANGE_HELP FORCE_HELP COMMON_HELP
	"\n"
	"With --json each line is an object: what is left, and in the last one "
	"whether\n"
	"it is done. Exit status 3: the deadline passed and something was "
	"left.\n";

static const char undrain_help[] =
	"Usage: lbctl undrain [OPTION]... NAME\n"
	"\n"
	"Ends a drain: new connections or requests come again.\n"
	"\n" CHANGE_HELP COMMON_HELP;

enum {
	OPTION_DEADLINE = OPTION_OWN,
	OPTION_NO_WAIT,
	LOOK_MS = 100,	    /* how often the maps are read */
	PRINT_MS = 500,	    /* how often a terminal is written to */
	SILENT_MS = 600,    /* nothing may be left for so long */
	HEARTBEAT_MS = 3000 /* without one a terminator is thought stuck */
};

struct wait {
	const struct common *common;
	const struct change *change;
	uint64_t begin_ns; /* CLOCK_MONOTONIC */
	bool terminal;
	bool silence_told;
	unsigned long long printed; /* the last figure */
	bool any_printed;
	long long printed_ms;
	long long zero_since_ms; /* -1: something is left */
};

static long long since_ms(uint64_t begin_ns)
{
	return (clock_ns(CLOCK_MONOTONIC) - begin_ns) / NS_PER_MS;
}

static const char *unit(const struct wait *wait, unsigned long long left)
{
	if (wait->change->kind == QS_WISH_TERMINATOR)
		return left == 1 ? "connection" : "connections";
	return left == 1 ? "request" : "requests";
}

static bool is_of_name(const struct change *change, int slot)
{
	return !strcmp(change->maps.terminators[slot].name, change->name);
}

static unsigned long long count_left(const struct change *change)
{
	unsigned long long left = 0;

	if (change->kind == QS_WISH_TERMINATOR) {
		for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
			if (is_of_name(change, slot))
				left += survey_connections(&change->maps, slot);
		}
		return left;
	}
	for (int row = 0; row < QS_MAX_BACKENDS; row++) {
		struct qs_backend_stats sum;

		if (!change_matches(change, &change->maps.backends[row]) ||
		    !change->maps.backends[row].wish.drain)
			continue;
		survey_backend(&change->maps, row, &sum);
		left += sum.gauges.in_flight;
	}
	return left;
}

/* One that hangs never gets to zero: whoever waits wants to know why. */
static void tell_silence(struct wait *wait)
{
	const struct change *change = wait->change;

	if (wait->silence_told || change->kind != QS_WISH_TERMINATOR)
		return;
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		long long age =
			survey_age_ms(change->maps.stats[slot].heartbeat_ns);

		if (!is_of_name(change, slot) || age < HEARTBEAT_MS ||
		    !survey_connections(&change->maps, slot))
			continue;
		fprintf(stderr,
			"lbctl drain: warning: %s, pid %u, has not been heard "
			"of for %lld s; its connections may never end\n",
			change->name, change->maps.terminators[slot].pid,
			age / 1000);
		wait->silence_told = true;
	}
}

static void print_progress(struct wait *wait, unsigned long long left)
{
	long long now = since_ms(wait->begin_ns);
	bool changed = !wait->any_printed || left != wait->printed;

	if (wait->terminal
		    ? wait->any_printed && now - wait->printed_ms < PRINT_MS
		    : !changed)
		return;
	wait->any_printed = true;
	wait->printed = left;
	wait->printed_ms = now;
	if (wait->common->json) {
		common_print_line(json_pack("{s:s, s:s, s:I, s:f, s:b}", "name",
					    wait->change->name, "kind",
					    change_kind(wait->change), "left",
					    (json_int_t)left, "elapsed_s",
					    now / 1000.0, "done", 0));
		return;
	}
	printf("%s%6.1f s  %llu %s left%s", wait->terminal ? "\r" : "",
	       now / 1000.0, left, unit(wait, left),
	       wait->terminal ? "\033[K" : "\n");
	fflush(stdout);
}

static int finish(struct wait *wait, unsigned long long left)
{
	double seconds = since_ms(wait->begin_ns) / 1000.0;

	if (wait->common->json) {
		common_print_line(json_pack(
			"{s:s, s:s, s:I, s:f, s:b}", "name", wait->change->name,
			"kind", change_kind(wait->change), "left",
			(json_int_t)left, "elapsed_s", seconds, "done", !left));
		return left ? EXIT_LEFT : EXIT_GOOD;
	}
	printf("%s%s %s ", wait->terminal ? "\r\033[K" : "",
	       change_kind(wait->change), wait->change->name);
	if (left)
		printf("had %llu %s left at the deadline, after %.1f s\n", left,
		       unit(wait, left), seconds);
	else
		printf("is drained, after %.1f s\n", seconds);
	return left ? EXIT_LEFT : EXIT_GOOD;
}

/* A connection whose first packet was on its way may still come up. */
static bool is_over(struct wait *wait, unsigned long long left)
{
	long long now = since_ms(wait->begin_ns);

	if (left)
		wait->zero_since_ms = -1;
	else if (wait->zero_since_ms < 0)
		wait->zero_since_ms = now;
	return !left && now - wait->zero_since_ms >= SILENT_MS;
}

static int wait_for_end(const struct common *common,
			const struct change *change, __u32 deadline_ms)
{
	static const struct timespec pause = {.tv_nsec = LOOK_MS * 1000000};
	struct wait wait = {.common = common,
			    .change = change,
			    .terminal = isatty(1) && !common->json,
			    .zero_since_ms = -1};
	__u32 version;

	wait.begin_ns = clock_ns(CLOCK_MONOTONIC);
	for (;;) {
		unsigned long long left = count_left(change);

		if (is_over(&wait, left))
			return finish(&wait, 0);
		if (deadline_ms && since_ms(wait.begin_ns) >= deadline_ms)
			return finish(&wait, left);
		if (qs_maps_version(common->pin_dir, &version))
			return failed(common, "the maps under %s are gone",
				      common->pin_dir);
		print_progress(&wait, left);
		tell_silence(&wait);
		nanosleep(&pause, NULL);
	}
}

static __u64 deadline_ns(__u32 deadline_ms)
{
	return deadline_ms ? clock_ns(CLOCK_REALTIME) + deadline_ms * NS_PER_MS
			   : 0;
}

static int parse_deadline(const struct common *common, const char *text,
			  __u32 *ret_ms)
{
	if (qs_parse_duration(text, ret_ms) || !*ret_ms)
		return usage(common,
			     "'%s' is not a deadline: a number and ms, s, m or "
			     "h, such as 30s",
			     text);
	return 0;
}

static int drain(const struct common *common, struct change *change, bool force,
		 __u32 deadline_ms)
{
	change->wish.drain = 1;
	change->wish.drain_end_ns = deadline_ns(deadline_ms);
	return change_commit(common, change, force);
}

int command_drain(int argc, char **argv)
{
	static const struct option options[] = {
		{"deadline", required_argument, NULL, OPTION_DEADLINE},
		{"no-wait", no_argument, NULL, OPTION_NO_WAIT},
		CHANGE_OPTIONS,
		COMMON_OPTIONS};
	struct common common = {"drain", drain_help, QS_PIN_DIR, false};
	struct change_options chosen = {};
	struct change change;
	__u32 deadline_ms = 0;
	bool no_wait = false;
	int option, status;

	while ((option = change_next(&common, &chosen, argc, argv, options)) !=
	       -1) {
		no_wait |= option == OPTION_NO_WAIT;
		if (option != OPTION_DEADLINE)
			continue;
		status = parse_deadline(&common, optarg, &deadline_ms);
		if (status)
			return status;
	}
	if (argc - optind != 1)
		return usage(&common, "one NAME is needed, %d given",
			     argc - optind);
	status = change_begin(&common, &change, argv[optind], chosen.kind);
	if (status)
		return status;
	status = drain(&common, &change, chosen.force, deadline_ms);
	change_unlock(&change);
	if (!status && !no_wait)
		status = wait_for_end(&common, &change, deadline_ms);
	else if (!status && common.json)
		status = common_print(change_json(&change));
	else if (!status)
		printf("%s %s drains: it gets no new %s\n",
		       change_kind(&change), change.name,
		       change.kind == QS_WISH_TERMINATOR ? "connections"
							 : "requests");
	change_end(&change);
	return status;
}

int command_undrain(int argc, char **argv)
{
	static const struct option options[] = {CHANGE_OPTIONS, COMMON_OPTIONS};
	struct common common = {"undrain", undrain_help, QS_PIN_DIR, false};
	struct change_options chosen = {};
	struct change change;
	int status;

	change_next(&common, &chosen, argc, argv, options);
	if (argc - optind != 1)
		return usage(&common, "one NAME is needed, %d given",
			     argc - optind);
	status = change_begin(&common, &change, argv[optind], chosen.kind);
	if (status)
		return status;
	change.wish.drain = 0;
	change.wish.drain_end_ns = 0;
	status = change_commit(&common, &change, true);
	if (!status && common.json) {
		common_print(change_json(&change));
	} else if (!status) {
		printf("%s %s %s\n", change_kind(&change), change.name,
		       change.before.drain ? "is drained no longer"
					   : "was not drained");
		change_print(&change);
	}
	change_end(&change);
	return status;
}
