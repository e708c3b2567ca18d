/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/format.h"
#include "loader/lbctl/grid.h"
#include "loader/lbctl/lbctl.h"
#include "loader/lbctl/survey.h"
#include "loader/lib/effective.h"
#include "loader/lib/names.h"
#include "loader/lib/nearest.h"
#include "loader/lib/parse.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char help[] =
	"Usage: lbctl backends [OPTION]... [POOL]\n"
	"\n"
	"Each backend of all pools, or of one: state (ejected: breaker or "
	"checks "
	"keep it\n"
	"out; kept: used although ill, since too many are; drained: by lbctl "
	"drain),\n"
	"the checks' last word, breaker (with \"!\": by lbctl breaker), weight "
	"(likewise),\n"
	"what it gets of it with its health, requests and 5xx so far, those in "
	"flight,\n"
	"response time, and why it is ill. --json adds all of its counters.\n"
	"\n" COMMON_HELP;

enum { WIDTH = 100 };

static char *format_address(char text[static QS_ENDPOINT_TEXT],
			    const struct qs_backend *row)
{
	struct qs_vip_key endpoint = {.port = row->port};

	memcpy(endpoint.address, row->address, sizeof(endpoint.address));
	return qs_format_endpoint(text, &endpoint);
}

static json_t *stats_json(const struct qs_backend_stats *stats)
{
	json_t *object = json_object();

	for (int i = 0; i < QS_BACKEND_COUNTER_COUNT; i++)
		json_object_set_new(object, qs_backend_counter_texts[i].name,
				    json_integer(stats->counter[i]));
	for (int i = 0; i < QS_BACKEND_GAUGE_COUNT; i++)
		json_object_set_new(object, qs_backend_gauge_texts[i].name,
				    json_integer(stats->gauge[i]));
	return object;
}

static json_t *seconds_json(__u64 ns)
{
	return ns ? json_real(ns / 1e9) : json_null();
}

static json_t *breaker_json(const struct qs_backend *row)
{
	return json_pack("{s:s, s:s, s:o, s:o, s:i, s:i, s:i, s:i}", "state",
			 qs_breaker_name(row->breaker), "wish",
			 qs_breaker_wish_name(row->wish.breaker), "changed",
			 seconds_json(row->breaker_changed_ns), "open_end",
			 seconds_json(row->open_end_ns), "openings",
			 row->openings, "half_openings", row->half_openings,
			 "closings", row->closings, "openings_in_row",
			 row->openings_in_row);
}

static json_t *row_json(const struct qs_maps *maps, int i)
{
	const struct qs_backend *row = &maps->backends[i];
	char address[QS_ENDPOINT_TEXT];
	struct qs_backend_stats stats;

	survey_backend(maps, i, &stats);
	return json_pack(
		"{s:s, s:s, s:s, s:i, s:I, s:s, s:s, s:s, s:b, s:b, s:i, s:f, "
		"s:f, s:f, s:I, s:o, s:s, s:o, s:o, s:o, s:o}",
		"pool", row->pool, "name", row->name, "address",
		format_address(address, row), "row", i, "id",
		(json_int_t)row->id, "state", qs_backend_state_name(row->state),
		"standing", survey_standing(row), "health",
		qs_health_name(row->health), "up", survey_is_up(row), "kept",
		row->kept, "weight", row->weight, "factor",
		(double)row->factor / QS_FACTOR_ONE, "slow_start",
		1 - (double)row->withheld / QS_FACTOR_ONE, "effective",
		(double)row->effective / QS_EFFECTIVE_SCALE, "latency_us",
		(json_int_t)row->latency_us, "checked",
		seconds_json(row->checked_ns), "reason", row->reason, "breaker",
		breaker_json(row), "wish", survey_wish_json(&row->wish),
		"counters", stats_json(&stats), "response",
		survey_histogram_json(&stats.response));
}

static json_t *backends_json(const struct qs_maps *maps, const char *pool)
{
	json_t *list = json_array();

	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &maps->backends[i];

		if (row->state != QS_BACKEND_FREE &&
		    (!pool || !strcmp(row->pool, pool)))
			json_array_append_new(list, row_json(maps, i));
	}
	return json_pack("{s:o}", "backends", list);
}

static void add_weight(struct grid *grid, const struct qs_backend *row)
{
	if (row->wish.weight == QS_WEIGHT_UNSET)
		grid_add(grid, "%u", row->weight);
	else
		grid_add(grid, "%u!", row->wish.weight);
}

static void add_row(struct grid *grid, const struct qs_maps *maps, int i)
{
	const struct qs_backend *row = &maps->backends[i];
	char address[QS_ENDPOINT_TEXT], text[FORMAT_TEXT];
	struct qs_backend_stats stats;

	survey_backend(maps, i, &stats);
	grid_add(grid, "%s", row->pool);
	grid_add(grid, "%s", row->name);
	grid_add(grid, "%s", format_address(address, row));
	grid_add(grid, "%s", survey_standing(row));
	grid_add(grid, "%s", qs_health_name(row->health));
	grid_add(grid, "%s", survey_breaker(row->breaker, &row->wish));
	add_weight(grid, row);
	grid_add(grid, "%.1f", (double)row->effective / QS_EFFECTIVE_SCALE);
	grid_add(grid, "%s", format_count(text, stats.counters.requests));
	grid_add(grid, "%s", format_count(text, stats.counters.responses_5xx));
	grid_add(grid, "%llu", (unsigned long long)stats.gauges.in_flight);
	grid_add(grid, "%s",
		 row->latency_us ? format_us(text, row->latency_us) : "-");
	grid_add(grid, "%s", row->reason);
}

static size_t output_width(void)
{
	struct winsize size;

	if (ioctl(1, TIOCGWINSZ, &size) || size.ws_col < WIDTH)
		return WIDTH;
	return size.ws_col;
}

static void print_backends(const struct qs_maps *maps, const char *pool)
{
	static const struct grid_column columns[] = {
		{"POOL", false, 4},    {"BACKEND", false, 12},
		{"ADDRESS", false, 9}, {"STATE", false, 0},
		{"HEALTH", false, 0},  {"BREAKER", false, 0},
		{"WEIGHT", true, 0},   {"EFF", true, 0},
		{"REQS", true, 0},     {"5XX", true, 0},
		{"INFL", true, 0},     {"LATENCY", true, 0},
		{"REASON", false, 6}};
	struct grid grid;

	grid_init(&grid, columns, sizeof(columns) / sizeof(*columns));
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend *row = &maps->backends[i];

		if (row->state != QS_BACKEND_FREE &&
		    (!pool || !strcmp(row->pool, pool)))
			add_row(&grid, maps, i);
	}
	grid_print(&grid, stdout, output_width());
	grid_clear(&grid);
}

/* Whether there is such a pool; 0, or an exit status after one message. */
static int check_pool(const struct common *common, const struct qs_maps *maps,
		      const char *pool)
{
	const char *pools[QS_MAX_POOLS], *nearest;
	size_t count = survey_pools(maps, pools);

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(pools[i], pool))
			return 0;
	}
	nearest = qs_nearest(pool, pools, count);
	if (nearest)
		return failed(common, "unknown pool '%s'; did you mean '%s'?",
			      pool, nearest);
	return failed(common, "unknown pool '%s': %s", pool,
		      count ? "lbctl backends lists them"
			    : "there are none yet; quicsteer-healthd makes "
			      "them of the configuration");
}

int command_backends(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"backends", help, QS_PIN_DIR, false};
	const char *pool;
	struct qs_maps maps;
	int status = 0;

	common_next(&common, argc, argv, options);
	pool = argv[optind];
	if (argc - optind > 1)
		return usage(&common, "one POOL at most, %d given",
			     argc - optind);
	if (common_open(&common, &maps))
		return EXIT_FAILED;
	if (pool)
		status = check_pool(&common, &maps, pool);
	if (!status && common.json)
		status = common_print(backends_json(&maps, pool));
	else if (!status)
		print_backends(&maps, pool);
	qs_maps_close(&maps);
	return status;
}
