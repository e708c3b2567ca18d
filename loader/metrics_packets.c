/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_parts.h"
#include "loader/lib/names.h"

static void write_by(struct metrics_out *out, const char *name,
		     const char *label, const struct qs_counter_text *texts,
		     const __u64 *values, size_t count)
{
	for (size_t i = 0; i < count; i++)
		metrics_count_by(out, name, NULL, label, texts[i].name,
				 values[i]);
}

int metrics_packets(struct metrics_out *out, const struct qs_maps *maps)
{
	struct qs_verdicts verdicts;
	struct qs_deliveries deliveries;
	int error = qs_maps_verdicts(maps, &verdicts);

	if (!error)
		error = qs_maps_deliveries(maps, &deliveries);
	if (error)
		return error;
	metrics_head(out, "xdp_packets_total", "counter",
		     "Packets that the XDP program saw, by its verdict.");
	write_by(out, "xdp_packets_total", "verdict", qs_verdict_texts,
		 verdicts.count, QS_VERDICT_COUNT);
	metrics_head(
		out, "deliver_packets_total", "counter",
		"Packets, merged by GRO, that the tc program saw, by result.");
	write_by(out, "deliver_packets_total", "result", qs_delivery_texts,
		 deliveries.count, QS_DELIVERY_COUNT);
	metrics_head(out, "icmp_errors_total", "counter",
		     "ICMP errors about VIPs' datagrams, by whom they were "
		     "given to.");
	write_by(out, "icmp_errors_total", "result", qs_icmp_relay_texts,
		 maps->icmp->count, QS_ICMP_RELAY_COUNT);
	metrics_head(out, "events_lost_total", "counter",
		     "Sampled events for lbctl events that found the ring "
		     "full.");
	metrics_count(out, "events_lost_total", NULL,
		      maps->settings->events_lost);
	return 0;
}
