/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/top.h"
#include "loader/lbctl/lbctl.h"
#include "loader/lbctl/screen.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
	"Usage: lbctl top [OPTION]...\n"
	"\n"
	"What happens now, again and again: terminators with connections, new "
	"ones and\n"
	"requests a second, traffic, event-loop lag and weight; pools and "
	"backends with\n"
	"requests and errors a second, response times and requests in flight; "
	"what is\n"
	"dropped and why. Rates are of the time since the last refresh. q ends "
	"it.\n"
	"\n"
	"      --interval T   how often (default: 1s)\n"
	"      --count N      end after N refreshes\n" COMMON_HELP "\n"
	"With --json each line is one object.\n";

enum {
	OPTION_INTERVAL = 256,
	OPTION_COUNT,
	INTERVAL_MIN_MS = 100,
	FIRST_MS = 300, /* at a terminal the first figures come soon */
};

struct top {
	const struct common *common;
	struct qs_maps maps;
	struct screen screen;
	struct top_sample samples[2]; /* the earlier and the later, in turn */
	__u32 interval_ms;
	__u32 count; /* 0: no end */
};

static void draw(struct top *top, const json_t *figures)
{
	char *text, now_text[32];
	time_t now = time(NULL);
	struct tm now_parts;
	size_t size;
	FILE *stream = open_memstream(&text, &size);

	if (!stream)
		return;
	strftime(now_text, sizeof(now_text), "%H:%M:%S",
		 localtime_r(&now, &now_parts));
	fprintf(stream, "quicsteer %s%s\n\n", now_text,
		top->screen.on ? ", q ends" : "");
	top_print(figures, stream, screen_width(&top->screen));
	fclose(stream);
	screen_show(&top->screen, text);
	free(text);
}

static int refresh(struct top *top, struct top_sample *before,
		   struct top_sample *after)
{
	json_t *figures;
	__u32 version;
	int error = qs_maps_version(top->common->pin_dir, &version);

	if (error)
		return failed(top->common, "the maps under %s are gone",
			      top->common->pin_dir);
	error = top_take(&top->maps, after);
	if (error)
		return failed(top->common, "cannot read the counters: %s",
			      strerror(-error));
	figures = top_json(before, after);
	if (top->common->json) {
		common_print_line(figures);
		return 0;
	}
	draw(top, figures);
	json_decref(figures);
	return 0;
}

/* Returns an exit status. */
static int run(struct top *top)
{
	struct top_sample *before = &top->samples[0];
	struct top_sample *after = &top->samples[1];
	__u32 pause_ms = top->interval_ms;
	int status = 0;

	if (top->screen.on && pause_ms > FIRST_MS)
		pause_ms = FIRST_MS;
	if (top_take(&top->maps, before))
		return failed(top->common, "cannot read the counters");
	for (__u32 i = 0; !status && (!top->count || i < top->count); i++) {
		struct top_sample *swap = before;

		if (screen_wait(&top->screen, pause_ms))
			break;
		pause_ms = top->interval_ms;
		status = refresh(top, before, after);
		before = after;
		after = swap;
	}
	return status;
}

static int parse(const struct common *common, int option, const char *text,
		 struct top *top)
{
	if (option == OPTION_COUNT &&
	    (qs_parse_number(text, UINT32_MAX, &top->count) || !top->count))
		return usage(common, "'%s' is not a count: 1 or more", text);
	if (option == OPTION_INTERVAL &&
	    (qs_parse_duration(text, &top->interval_ms) ||
	     top->interval_ms < INTERVAL_MIN_MS))
		return usage(common,
			     "'%s' is not an interval: %dms or more, such as "
			     "2s",
			     text, INTERVAL_MIN_MS);
	return 0;
}

int command_top(int argc, char **argv)
{
	static const struct option options[] = {
		{"interval", required_argument, NULL, OPTION_INTERVAL},
		{"count", required_argument, NULL, OPTION_COUNT},
		COMMON_OPTIONS};
	static struct top top = {.interval_ms = 1000}; /* it is large */
	struct common common = {"top", help, QS_PIN_DIR, false};
	int option, status;

	while ((option = common_next(&common, argc, argv, options)) != -1) {
		status = parse(&common, option, optarg, &top);
		if (status)
			return status;
	}
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	top.common = &common;
	if (common_open(&common, &top.maps))
		return EXIT_FAILED;
	screen_begin(&top.screen, !common.json);
	status = run(&top);
	screen_end(&top.screen);
	qs_maps_close(&top.maps);
	return status;
}
