/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/format.h"
#include "loader/lbctl/grid.h"
#include "loader/lbctl/lbctl.h"
#include "loader/lbctl/top.h"

#include <string.h>

static double number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void add_rate(struct grid *grid, const json_t *object, const char *key)
{
	char text[FORMAT_TEXT];

	grid_add(grid, "%s", format_rate(text, number(object, key)));
}

/* "-" where there was nothing to measure. */
static void add_us(struct grid *grid, const json_t *object, const char *key)
{
	char text[FORMAT_TEXT];

	grid_add(grid, "%s",
		 json_is_null(json_object_get(object, key))
			 ? "-"
			 : format_us(text, number(object, key)));
}

static void print_terminators(const json_t *list, FILE *stream, size_t width)
{
	static const struct grid_column columns[] = {
		{"TERMINATOR", false, 8}, {"STATE", false, 0},
		{"BREAKER", false, 0},	  {"CONNS", true, 0},
		{"NEW/S", true, 0},	  {"REQ/S", true, 0},
		{"RX Mb/S", true, 0},	  {"TX Mb/S", true, 0},
		{"LAG", true, 0},	  {"WEIGHT", true, 0}};
	char text[FORMAT_TEXT];
	struct grid grid;
	const json_t *one;
	size_t i;

	grid_init(&grid, columns, sizeof(columns) / sizeof(*columns));
	json_array_foreach(list, i, one)
	{
		grid_add(&grid, "%s", common_text(one, "name"));
		grid_add(&grid, "%s", common_text(one, "state"));
		grid_add(&grid, "%s", common_text(one, "breaker"));
		grid_add(&grid, "%s",
			 format_count(text, number(one, "connections")));
		add_rate(&grid, one, "accepted_per_s");
		add_rate(&grid, one, "requests_per_s");
		add_rate(&grid, one, "received_mbit_per_s");
		add_rate(&grid, one, "sent_mbit_per_s");
		add_us(&grid, one, "lag_us");
		grid_add(&grid, "%lld", common_number(one, "weight"));
	}
	grid_print(&grid, stream, width);
	grid_clear(&grid);
}

static void add_pool(struct grid *grid, const json_t *pool)
{
	grid_add(grid, "%s", common_text(pool, "name"));
	grid_add(grid, "%s", "");
	grid_add(grid, "%s", "");
	add_rate(grid, pool, "responses_per_s");
	add_rate(grid, pool, "errors_per_s");
	add_us(grid, pool, "p50_us");
	add_us(grid, pool, "p99_us");
	grid_add(grid, "%s", "");
	grid_add(grid, "%s", "");
}

static void add_backend(struct grid *grid, const json_t *one)
{
	const char *state = common_text(one, "state");

	grid_add(grid, "  %s", common_text(one, "name"));
	/* What the checks say, if there are any and nothing else matters. */
	if (!strcmp(state, "active") &&
	    strcmp(common_text(one, "health"), "unknown"))
		state = common_text(one, "health");
	grid_add(grid, "%s", state);
	grid_add(grid, "%s", common_text(one, "breaker"));
	add_rate(grid, one, "requests_per_s");
	add_rate(grid, one, "errors_per_s");
	add_us(grid, one, "p50_us");
	add_us(grid, one, "p99_us");
	grid_add(grid, "%lld", common_number(one, "in_flight"));
	grid_add(grid, "%lld", common_number(one, "weight"));
}

static void print_pools(const json_t *list, FILE *stream, size_t width)
{
	static const struct grid_column columns[] = {
		{"POOL, BACKEND", false, 13},
		{"STATE", false, 0},
		{"BREAKER", false, 0},
		{"REQ/S", true, 0},
		{"ERR/S", true, 0},
		{"P50", true, 0},
		{"P99", true, 0},
		{"INFL", true, 0},
		{"WEIGHT", true, 0}};
	const json_t *pool, *one;
	struct grid grid;
	size_t i, j;

	grid_init(&grid, columns, sizeof(columns) / sizeof(*columns));
	json_array_foreach(list, i, pool)
	{
		add_pool(&grid, pool);
		json_array_foreach(json_object_get(pool, "backends"), j, one)
			add_backend(&grid, one);
	}
	grid_print(&grid, stream, width);
	grid_clear(&grid);
}

static void print_drops(const json_t *drops, FILE *stream)
{
	char text[FORMAT_TEXT];
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)drops, name, value)
		fprintf(stream, "%-24s %8s/s\n", name,
			format_rate(text, json_real_value(value)));
}

void top_print(const json_t *top, FILE *stream, size_t width)
{
	const json_t *pools = json_object_get(top, "pools");
	const json_t *drops = json_object_get(top, "drops_per_s");

	print_terminators(json_object_get(top, "terminators"), stream, width);
	if (json_array_size(pools)) {
		fputc('\n', stream);
		print_pools(pools, stream, width);
	}
	if (json_object_size(drops)) {
		fputs("\nDropped\n", stream);
		print_drops(drops, stream);
	}
}
