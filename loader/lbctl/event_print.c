/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/events.h"
#include "loader/lib/clock.h"
#include "loader/lib/names.h"
#include "loader/lib/parse.h"
#include "quicsteer/cid.h"

#include <string.h>
#include <time.h>

/* What of an event has to be found out. */
struct details {
	char source[QS_ENDPOINT_TEXT];
	char destination[QS_ENDPOINT_TEXT];
	char cid[2 * QS_CID_MAX + 1]; /* hex, "" if there is none */
	int config;		      /* its configuration; -1: of none */
	const char *terminator;	      /* NULL: none */
	double time_s;		      /* since 1970 */
};

static void format_endpoint(char text[static QS_ENDPOINT_TEXT],
			    const __u8 address[16], const __u8 port[2])
{
	struct qs_vip_key endpoint = {.port = port[0] << 8 | port[1]};

	memcpy(endpoint.address, address, sizeof(endpoint.address));
	qs_format_endpoint(text, &endpoint);
}

/* A short header does not tell where its CID ends, but the configuration does.
 */
static bool is_short(unsigned int verdict)
{
	return verdict == QS_VERDICT_route_short ||
	       verdict == QS_VERDICT_hash_short_config ||
	       verdict == QS_VERDICT_hash_short_server;
}

static void find_cid(const struct events *events, const struct qs_event *event,
		     struct details *details)
{
	unsigned int length = event->cid_length, id, whole;
	struct qs_cid_config config;

	details->config = -1;
	details->cid[0] = '\0';
	if (!length || length > QS_CID_MAX)
		return;
	id = qs_cid_config_id(event->cid[0]);
	if (!qs_maps_config(&events->maps, id, &config) &&
	    config.encoding != QS_ENCODING_NONE) {
		details->config = id;
		whole = qs_cid_length(&config);
		if (is_short(event->verdict) && whole < length)
			length = whole;
	}
	qs_format_hex(details->cid, event->cid, length);
}

static void find(const struct events *events, const struct qs_event *event,
		 struct details *details)
{
	__u64 age = clock_ns(CLOCK_MONOTONIC) - event->time_ns;

	format_endpoint(details->source, event->source, event->source_port);
	format_endpoint(details->destination, event->destination,
			event->destination_port);
	find_cid(events, event, details);
	details->terminator =
		event->slot < QS_MAX_TERMINATORS
			? events->maps.terminators[event->slot].name
			: NULL;
	details->time_s = (clock_ns(CLOCK_REALTIME) - age) / 1e9;
}

static const struct qs_counter_text *verdict_text(const struct qs_event *event)
{
	static const struct qs_counter_text unknown = {"unknown", "unknown"};

	return event->verdict < QS_VERDICT_COUNT
		       ? &qs_verdict_texts[event->verdict]
		       : &unknown;
}

static void print_json(const struct qs_event *event,
		       const struct details *details)
{
	const struct qs_counter_text *text = verdict_text(event);
	json_t *config = details->config < 0 ? json_null()
					     : json_integer(details->config);

	common_print_line(json_pack(
		"{s:f, s:s, s:s, s:s, s:s, s:i, s:s, s:o, s:s?}", "time_s",
		details->time_s, "verdict", text->name, "reason", text->help,
		"source", details->source, "destination", details->destination,
		"frame_size", (int)event->frame_size, "cid", details->cid,
		"config", config, "terminator", details->terminator));
}

static void print_text(const struct qs_event *event,
		       const struct details *details)
{
	time_t seconds = details->time_s;
	struct tm local;
	char clock[16];

	localtime_r(&seconds, &local);
	strftime(clock, sizeof(clock), "%H:%M:%S", &local);
	printf("%s.%06d %-18s %s > %s %u octets", clock,
	       (int)((details->time_s - seconds) * 1e6),
	       verdict_text(event)->name, details->source, details->destination,
	       event->frame_size);
	if (*details->cid)
		printf(" CID %s", details->cid);
	if (details->config >= 0)
		printf(" configuration %d", details->config);
	if (details->terminator)
		printf(" to %s", details->terminator);
	printf(": %s\n", verdict_text(event)->help);
}

void event_print(const struct events *events, const struct qs_event *event)
{
	struct details details;

	find(events, event, &details);
	if (events->common.json)
		print_json(event, &details);
	else
		print_text(event, &details);
}
