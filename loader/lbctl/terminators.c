/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/format.h"
#include "loader/lbctl/grid.h"
#include "loader/lbctl/lbctl.h"
#include "loader/lbctl/survey.h"
#include "loader/lib/names.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: lbctl terminators [OPTION]...\n"
	"\n"
	"One line for each process that holds or held a slot: state (drained: "
	"by lbctl\n"
	"drain), breaker (with \"!\": by lbctl breaker), weight (likewise), "
	"what it gets\n"
	"of it with its health; what XDP steered to it by CID and by hash, "
	"open\n"
	"connections, and how long ago it last said that it lives. --json adds "
	"all of its\n"
	"counters.\n"
	"\n" COMMON_HELP;

/* Milliseconds since the heartbeat; null where none was ever seen. */
static json_t *heartbeat_json(__u64 heartbeat_ns)
{
	long long age = survey_age_ms(heartbeat_ns);

	return age < 0 ? json_null() : json_integer(age);
}

static json_t *counters_json(const struct qs_terminator_stats *stats)
{
	json_t *object = json_object();

	for (int i = 0; i < QS_TERMINATOR_COUNTER_COUNT; i++)
		json_object_set_new(object, qs_terminator_counter_texts[i].name,
				    json_integer(stats->counter[i]));
	for (int i = 0; i < QS_TERMINATOR_GAUGE_COUNT; i++)
		json_object_set_new(object, qs_terminator_gauge_texts[i].name,
				    json_integer(stats->gauge[i]));
	return object;
}

static json_t *closes_json(const struct qs_terminator_stats *stats)
{
	json_t *object = json_object();

	for (int i = 0; i < QS_CLOSE_REASON_COUNT; i++)
		json_object_set_new(object, qs_close_texts[i].name,
				    json_integer(stats->close[i]));
	return object;
}

static json_t *histograms_json(const struct qs_terminator_stats *stats)
{
	json_t *object = json_object();

	for (int i = 0; i < QS_TERMINATOR_HISTOGRAM_COUNT; i++)
		json_object_set_new(
			object, qs_terminator_histogram_texts[i].name,
			survey_histogram_json(&stats->histogram[i]));
	return object;
}

static json_t *breaker_json(const struct qs_terminator *terminator)
{
	__u64 changed_ns = terminator->breaker_changed_ns;

	return json_pack("{s:s, s:s, s:o, s:i}", "state",
			 qs_breaker_name(terminator->breaker), "wish",
			 qs_breaker_wish_name(terminator->wish.breaker),
			 "changed",
			 changed_ns ? json_real(changed_ns / 1e9) : json_null(),
			 "openings", terminator->breaker_openings);
}

static json_t *terminator_json(const struct qs_maps *maps, __u16 slot,
			       const struct qs_traffic *traffic)
{
	const struct qs_terminator *terminator = &maps->terminators[slot];
	const struct qs_terminator_stats *stats = &maps->stats[slot];
	bool dead = terminator->state == QS_TERMINATOR_DEAD;
	char name[QS_NAME_SIZE] = "", server_id[9];

	memcpy(name, terminator->name, QS_NAME_SIZE - 1);
	snprintf(server_id, sizeof(server_id), "%04x%04x", slot,
		 terminator->instance);
	return json_pack(
		"{s:s, s:i, s:i, s:s, s:s, s:i, s:i, s:i, s:I, s:I, s:I, s:I, "
		"s:I, s:I, s:I, s:o, s:o, s:f, s:i, s:o, s:o, s:o, s:o}",
		"name", name, "slot", slot, "instance", terminator->instance,
		"server_id", server_id, "state",
		qs_state_name(terminator->state), "weight", terminator->weight,
		"pid", terminator->pid, "uid", terminator->uid, "packets",
		(json_int_t)traffic->packets, "bytes",
		(json_int_t)traffic->bytes, "by_cid",
		(json_int_t)traffic->by_cid, "by_hash",
		(json_int_t)traffic->by_hash, "connections",
		(json_int_t)(dead ? 0 : stats->gauges.connections_open),
		"registered",
		(json_int_t)(terminator->registered_ns / 1000000000), "died",
		(json_int_t)(terminator->died_ns / 1000000000),
		"heartbeat_age_ms", heartbeat_json(stats->heartbeat_ns),
		"counters", counters_json(stats), "factor",
		(double)terminator->factor / QS_FACTOR_ONE, "effective",
		terminator->effective, "breaker", breaker_json(terminator),
		"wish", survey_wish_json(&terminator->wish), "closes",
		closes_json(stats), "histograms", histograms_json(stats));
}

/* NULL if the counters cannot be read. */
static json_t *terminators_json(const struct qs_maps *maps)
{
	json_t *list = json_array();

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		struct qs_traffic traffic;

		if (maps->terminators[slot].state == QS_TERMINATOR_FREE)
			continue;
		if (qs_maps_traffic(maps, slot, &traffic)) {
			json_decref(list);
			return NULL;
		}
		json_array_append_new(list,
				      terminator_json(maps, slot, &traffic));
	}
	return json_pack("{s:o}", "terminators", list);
}

/* In a word, with what the operator wishes: "live", "drained", "open!". */
static const char *standing(const struct qs_terminator *row)
{
	if (row->state != QS_TERMINATOR_LIVE)
		return qs_state_name(row->state);
	return row->wish.drain ? "drained" : "live";
}

static void add_heartbeat(struct grid *grid, __u64 heartbeat_ns)
{
	long long age = survey_age_ms(heartbeat_ns);

	if (age < 0)
		grid_add(grid, "never");
	else
		grid_add(grid, "%.1fs", age / 1000.0);
}

static int add_row(struct grid *grid, const struct qs_maps *maps, int slot)
{
	const struct qs_terminator *row = &maps->terminators[slot];
	struct qs_traffic traffic;
	char text[FORMAT_TEXT];

	if (qs_maps_traffic(maps, slot, &traffic))
		return -1;
	grid_add(grid, "%.*s", QS_NAME_SIZE - 1, row->name);
	grid_add(grid, "%d", slot);
	grid_add(grid, "%04x%04x", slot, row->instance);
	grid_add(grid, "%s", standing(row));
	grid_add(grid, "%s", survey_breaker(row->breaker, &row->wish));
	if (row->wish.weight == QS_WEIGHT_UNSET)
		grid_add(grid, "%u", row->weight);
	else
		grid_add(grid, "%u!", row->wish.weight);
	grid_add(grid, "%u", row->effective);
	grid_add(grid, "%u", row->pid);
	grid_add(grid, "%s", format_count(text, traffic.packets));
	grid_add(grid, "%s", format_count(text, traffic.by_cid));
	grid_add(grid, "%s", format_count(text, traffic.by_hash));
	grid_add(grid, "%llu",
		 (unsigned long long)survey_connections(maps, slot));
	add_heartbeat(grid, maps->stats[slot].heartbeat_ns);
	return 0;
}

/* Returns -1 if the counters cannot be read. */
static int print_terminators(const struct qs_maps *maps)
{
	static const struct grid_column columns[] = {
		{"NAME", false, 0},	 {"SLOT", true, 0},
		{"SERVER ID", false, 0}, {"STATE", false, 0},
		{"BREAKER", false, 0},	 {"WEIGHT", true, 0},
		{"EFF", true, 0},	 {"PID", true, 0},
		{"PACKETS", true, 0},	 {"BY CID", true, 0},
		{"BY HASH", true, 0},	 {"CONNS", true, 0},
		{"HEARTBEAT", true, 0}};
	struct grid grid;
	int error = 0;

	grid_init(&grid, columns, sizeof(columns) / sizeof(*columns));
	for (int slot = 0; slot < QS_MAX_TERMINATORS && !error; slot++) {
		if (maps->terminators[slot].state != QS_TERMINATOR_FREE)
			error = add_row(&grid, maps, slot);
	}
	if (!error)
		grid_print(&grid, stdout, GRID_NO_LIMIT);
	grid_clear(&grid);
	return error;
}

int command_terminators(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"terminators", help, QS_PIN_DIR, false};
	struct qs_maps maps;
	json_t *all = NULL;
	int error = 0;

	common_next(&common, argc, argv, options);
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	if (common_open(&common, &maps))
		return EXIT_FAILED;
	if (common.json)
		all = terminators_json(&maps);
	else
		error = print_terminators(&maps);
	qs_maps_close(&maps);
	if (all)
		return common_print(all);
	if (common.json || error)
		return failed(&common, "cannot read the counters under %s",
			      common.pin_dir);
	return EXIT_GOOD;
}
