/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics.h"
#include "loader/lib/names.h"
#include "loader/lib/version.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* All slots of one name, added up. */
struct by_name {
	char name[QS_NAME_SIZE];
	__u32 in_state[QS_TERMINATOR_DEAD + 1]; /* processes by state */
	__u32 weight;				/* of the one that is live */
	__u64 heartbeat_ns;			/* the newest of its rows */
	__u64 counter[QS_TERMINATOR_COUNTER_COUNT];
	__u64 gauge[QS_TERMINATOR_GAUGE_COUNT];
	struct qs_traffic traffic;
};

struct snapshot {
	struct by_name names[QS_MAX_TERMINATORS];
	size_t count;
};

static void add_traffic(struct qs_traffic *sum, const struct qs_traffic *more)
{
	sum->packets += more->packets;
	sum->bytes += more->bytes;
	sum->by_cid += more->by_cid;
	sum->by_hash += more->by_hash;
}

static struct by_name *find_or_add(struct snapshot *snapshot,
				   const struct totals *totals,
				   const char *name)
{
	const struct total *total = totals_find(totals, name);
	struct by_name *row = snapshot->names;

	for (size_t i = 0; i < snapshot->count; i++, row++) {
		if (!strcmp(row->name, name))
			return row;
	}
	snapshot->count++;
	memcpy(row->name, name, strnlen(name, QS_NAME_SIZE - 1));
	if (total) {
		memcpy(row->counter, total->counter, sizeof(row->counter));
		row->traffic = total->traffic;
	}
	return row;
}

static void add_row(struct by_name *row, const struct qs_terminator *terminator,
		    const struct qs_terminator_stats *stats)
{
	row->in_state[terminator->state]++;
	for (int i = 0; i < QS_TERMINATOR_COUNTER_COUNT; i++)
		row->counter[i] += stats->counter[i];
	if (terminator->state == QS_TERMINATOR_DEAD)
		return;
	for (int i = 0; i < QS_TERMINATOR_GAUGE_COUNT; i++)
		row->gauge[i] += stats->gauge[i];
	if (terminator->state == QS_TERMINATOR_LIVE)
		row->weight = terminator->weight;
	if (stats->heartbeat_ns > row->heartbeat_ns)
		row->heartbeat_ns = stats->heartbeat_ns;
}

static int take_snapshot(const struct qs_maps *maps, struct totals *totals,
			 struct snapshot *snapshot)
{
	int error = 0;

	pthread_mutex_lock(&totals->lock);
	for (int slot = 0; slot < QS_MAX_TERMINATORS && !error; slot++) {
		const struct qs_terminator *terminator =
			&maps->terminators[slot];
		struct qs_traffic traffic;
		struct by_name *row;

		if (terminator->state == QS_TERMINATOR_FREE ||
		    terminator->state > QS_TERMINATOR_DEAD)
			continue;
		row = find_or_add(snapshot, totals, terminator->name);
		add_row(row, terminator, &maps->stats[slot]);
		error = qs_maps_traffic(maps, slot, &traffic);
		if (!error)
			add_traffic(&row->traffic, &traffic);
	}
	pthread_mutex_unlock(&totals->lock);
	return error;
}

static void write_head(FILE *out, const char *name, const char *type,
		       const char *help)
{
	fprintf(out, "# HELP quicsteer_%s %s\n# TYPE quicsteer_%s %s\n", name,
		help, name, type);
}

static void write_labelled(FILE *out, const char *name, const char *label,
			   const struct qs_counter_text *texts,
			   const __u64 *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fprintf(out, "quicsteer_%s{%s=\"%s\"} %llu\n", name, label,
			texts[i].name, values[i]);
}

static int write_packets(FILE *out, const struct qs_maps *maps)
{
	struct qs_verdicts verdicts;
	struct qs_deliveries deliveries;
	int error = qs_maps_verdicts(maps, &verdicts);

	if (!error)
		error = qs_maps_deliveries(maps, &deliveries);
	if (error)
		return error;
	write_head(out, "xdp_packets_total", "counter",
		   "Packets that the XDP program saw, by its verdict.");
	write_labelled(out, "xdp_packets_total", "verdict", qs_verdict_texts,
		       verdicts.count, QS_VERDICT_COUNT);
	write_head(
		out, "deliver_packets_total", "counter",
		"Packets, merged by GRO, that the tc program saw, by result.");
	write_labelled(out, "deliver_packets_total", "result",
		       qs_delivery_texts, deliveries.count, QS_DELIVERY_COUNT);
	return 0;
}

static void write_states(FILE *out, const struct snapshot *snapshot)
{
	write_head(out, "terminator_state", "gauge",
		   "Processes of this name that are in the state.");
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct by_name *row = &snapshot->names[i];

		for (int state = QS_TERMINATOR_LIVE;
		     state <= QS_TERMINATOR_DEAD; state++)
			fprintf(out,
				"quicsteer_terminator_state{terminator=\"%s\","
				"state=\"%s\"} %u\n",
				row->name, qs_state_name(state),
				row->in_state[state]);
	}
	write_head(out, "terminator_weight", "gauge",
		   "Share of new connections, relative to the others.");
	for (size_t i = 0; i < snapshot->count; i++)
		fprintf(out,
			"quicsteer_terminator_weight{terminator=\"%s\"} %u\n",
			snapshot->names[i].name, snapshot->names[i].weight);
}

static void write_heartbeats(FILE *out, const struct snapshot *snapshot)
{
	struct timespec now;
	double age;

	clock_gettime(CLOCK_MONOTONIC, &now);
	write_head(out, "terminator_heartbeat_age_seconds", "gauge",
		   "Time since the process last wrote its row.");
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct by_name *row = &snapshot->names[i];

		if (!row->heartbeat_ns)
			continue;
		age = now.tv_sec + now.tv_nsec / 1e9 - row->heartbeat_ns / 1e9;
		fprintf(out,
			"quicsteer_terminator_heartbeat_age_seconds{terminator="
			"\"%s\"} %.3f\n",
			row->name, age < 0 ? 0 : age);
	}
}

static void write_traffic(FILE *out, const struct snapshot *snapshot)
{
	write_head(out, "terminator_steered_packets_total", "counter",
		   "Packets that XDP steered to the terminator, by what named "
		   "it.");
	for (size_t i = 0; i < snapshot->count; i++) {
		const struct by_name *row = &snapshot->names[i];

		fprintf(out,
			"quicsteer_terminator_steered_packets_total{terminator="
			"\"%s\",by=\"cid\"} %llu\n"
			"quicsteer_terminator_steered_packets_total{terminator="
			"\"%s\",by=\"hash\"} %llu\n",
			row->name, row->traffic.by_cid, row->name,
			row->traffic.by_hash);
	}
	write_head(out, "terminator_steered_bytes_total", "counter",
		   "Octets of those packets, whole frames.");
	for (size_t i = 0; i < snapshot->count; i++)
		fprintf(out,
			"quicsteer_terminator_steered_bytes_total{terminator="
			"\"%s\"} %llu\n",
			snapshot->names[i].name,
			snapshot->names[i].traffic.bytes);
}

static void write_counters(FILE *out, const struct snapshot *snapshot)
{
	char name[80];

	for (int i = 0; i < QS_TERMINATOR_COUNTER_COUNT; i++) {
		snprintf(name, sizeof(name), "terminator_%s_total",
			 qs_terminator_counter_texts[i].name);
		write_head(out, name, "counter",
			   qs_terminator_counter_texts[i].help);
		for (size_t k = 0; k < snapshot->count; k++)
			fprintf(out, "quicsteer_%s{terminator=\"%s\"} %llu\n",
				name, snapshot->names[k].name,
				snapshot->names[k].counter[i]);
	}
	for (int i = 0; i < QS_TERMINATOR_GAUGE_COUNT; i++) {
		snprintf(name, sizeof(name), "terminator_%s",
			 qs_terminator_gauge_texts[i].name);
		write_head(out, name, "gauge",
			   qs_terminator_gauge_texts[i].help);
		for (size_t k = 0; k < snapshot->count; k++)
			fprintf(out, "quicsteer_%s{terminator=\"%s\"} %llu\n",
				name, snapshot->names[k].name,
				snapshot->names[k].gauge[i]);
	}
}

static void write_about(FILE *out, const struct qs_maps *maps)
{
	const struct qs_settings *settings = maps->settings;
	char interface[IF_NAMESIZE] = "";

	if_indextoname(settings->ifindex, interface);
	write_head(out, "build_info", "gauge", "Version of the loader.");
	fprintf(out, "quicsteer_build_info{version=\"%s\",abi=\"%d\"} 1\n",
		QS_VERSION, QS_ABI_VERSION);
	write_head(out, "attach_info", "gauge",
		   "Interface and mode of the XDP program.");
	fprintf(out, "quicsteer_attach_info{interface=\"%s\",mode=\"%s\"} 1\n",
		interface, qs_attach_mode_name(settings->attach_mode));
	write_head(out, "loader_start_time_seconds", "gauge",
		   "When the loader started, in Unix time.");
	fprintf(out, "quicsteer_loader_start_time_seconds %.3f\n",
		settings->started_ns / 1e9);
}

int metrics_text(const struct qs_maps *maps, struct totals *totals,
		 char **ret_text, size_t *ret_length)
{
	struct snapshot *snapshot = calloc(1, sizeof(*snapshot));
	FILE *out = open_memstream(ret_text, ret_length);
	int error = -ENOMEM;

	if (!snapshot || !out)
		goto out;
	error = take_snapshot(maps, totals, snapshot);
	if (!error)
		error = write_packets(out, maps);
	if (!error) {
		write_states(out, snapshot);
		write_heartbeats(out, snapshot);
		write_traffic(out, snapshot);
		write_counters(out, snapshot);
		write_about(out, maps);
	}
out:
	free(snapshot);
	if (out && fclose(out) && !error)
		error = -ENOMEM;
	if (out && error)
		free(*ret_text);
	return error;
}
