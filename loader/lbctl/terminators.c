/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/lbctl.h"
#include "loader/lib/names.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const char help[] =
	"Usage: lbctl terminators [OPTION]...\n"
	"\n"
	"One line for each process that holds or held a slot: what XDP steered "
	"to\n"
	"it by CID and by hash, its open connections, and how long ago it "
	"last\n"
	"said that it lives. --json adds all of its counters.\n"
	"\n" COMMON_HELP;

/* Milliseconds since the heartbeat; null where none was ever seen. */
static json_t *heartbeat_json(__u64 heartbeat_ns)
{
	struct timespec now;
	__u64 now_ns;

	if (!heartbeat_ns)
		return json_null();
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = now.tv_sec * 1000000000ULL + now.tv_nsec;
	if (now_ns < heartbeat_ns)
		return json_integer(0);
	return json_integer((now_ns - heartbeat_ns) / 1000000);
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
		"s:I, s:I, s:I, s:o, s:o}",
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
		"counters", counters_json(stats));
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

static void print_age(const json_t *age)
{
	if (json_is_null(age))
		printf("  %9s\n", "never");
	else
		printf("  %8.1fs\n", json_integer_value(age) / 1000.0);
}

static void print_terminators(const json_t *list)
{
	const json_t *one;
	size_t i;

	printf("%-16s %4s  %-9s %-8s %6s %7s %12s %12s %12s %7s  %9s\n", "NAME",
	       "SLOT", "SERVER ID", "STATE", "WEIGHT", "PID", "PACKETS",
	       "BY CID", "BY HASH", "CONNS", "HEARTBEAT");
	json_array_foreach(list, i, one)
	{
		printf("%-16s %4lld  %-9s %-8s %6lld %7lld %12lld %12lld "
		       "%12lld %7lld",
		       common_text(one, "name"), common_number(one, "slot"),
		       common_text(one, "server_id"), common_text(one, "state"),
		       common_number(one, "weight"), common_number(one, "pid"),
		       common_number(one, "packets"),
		       common_number(one, "by_cid"),
		       common_number(one, "by_hash"),
		       common_number(one, "connections"));
		print_age(json_object_get(one, "heartbeat_age_ms"));
	}
}

int command_terminators(int argc, char **argv)
{
	static const struct option options[] = {COMMON_OPTIONS};
	struct common common = {"terminators", help, QS_PIN_DIR, false};
	struct qs_maps maps;
	json_t *all;

	common_next(&common, argc, argv, options);
	if (argv[optind])
		return usage(&common, "unexpected argument '%s'", argv[optind]);
	if (common_open(&common, &maps))
		return EXIT_FAILED;
	all = terminators_json(&maps);
	qs_maps_close(&maps);
	if (!all)
		return failed(&common, "cannot read the counters under %s",
			      common.pin_dir);
	if (common.json)
		return common_print(all);
	print_terminators(json_object_get(all, "terminators"));
	json_decref(all);
	return EXIT_GOOD;
}
