/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_parts.h"
#include "loader/lib/cid_state.h"
#include "loader/lib/clock.h"
#include "loader/lib/names.h"
#include "quicsteer/cid.h"

#include <string.h>

struct live_config {
	bool is_live, is_listed;
	struct metrics_labels labels; /* its ID */
	struct metrics_labels info;   /* what else is known, too */
	__u32 server_ids, held;
};

static int read_configs(const struct qs_maps *maps,
			struct live_config configs[QS_CONFIG_ID_NONE])
{
	for (__u32 id = 0; id < QS_CONFIG_ID_NONE; id++) {
		struct live_config *one = &configs[id];
		const char number[] = {'0' + id, '\0'};
		struct qs_cid_config config;
		int error = qs_maps_config(maps, id, &config);

		*one = (struct live_config){};
		if (error)
			return error;
		one->is_live = config.encoding != QS_ENCODING_NONE;
		one->is_listed = config.flags & QS_CONFIG_LISTED;
		if (one->is_listed)
			one->server_ids =
				qs_cid_server_ids(maps, id, &one->held);
		metrics_label(&one->labels, "config", number);
		one->info = one->labels;
		metrics_label(&one->info, "encoding",
			      qs_encoding_name(config.encoding));
		metrics_label(&one->info, "state",
			      qs_cid_state(maps, id, &config));
		explicit_bzero(&config, sizeof(config));
	}
	return 0;
}

static void write_own(struct metrics_out *out, const struct qs_maps *maps,
		      const struct live_config configs[QS_CONFIG_ID_NONE])
{
	__u64 now_s = clock_ns(CLOCK_REALTIME) / NS_PER_SECOND;

	metrics_head(out, "cid_config_age_seconds", "gauge",
		     "Time since the loader made the CID configuration.");
	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		__u64 made_s = maps->settings->cid_lives[id].created_s;

		if (configs[id].is_live && !configs[id].is_listed)
			metrics_count(out, "cid_config_age_seconds",
				      &configs[id].labels,
				      now_s > made_s ? now_s - made_s : 0);
	}
	metrics_head(out, "cid_config_connections", "gauge",
		     "Open connections that have CIDs of the configuration.");
	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		if (configs[id].is_live && !configs[id].is_listed)
			metrics_count(out, "cid_config_connections",
				      &configs[id].labels,
				      qs_cid_connections(maps, id));
	}
}

static void write_listed(struct metrics_out *out,
			 const struct live_config configs[QS_CONFIG_ID_NONE])
{
	metrics_head(out, "cid_config_server_ids", "gauge",
		     "Server IDs that loader.cid_configs lists, by whether a "
		     "process holds them.");
	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		const struct live_config *one = &configs[id];

		if (!one->is_live || !one->is_listed)
			continue;
		metrics_count_by(out, "cid_config_server_ids", &one->labels,
				 "held", "true", one->held);
		metrics_count_by(out, "cid_config_server_ids", &one->labels,
				 "held", "false", one->server_ids - one->held);
	}
}

int metrics_cids(struct metrics_out *out, const struct qs_maps *maps)
{
	struct live_config configs[QS_CONFIG_ID_NONE];
	int error = read_configs(maps, configs);

	if (error)
		return error;
	metrics_head(out, "cid_config_info", "gauge",
		     "CID configurations that XDP routes by; new connections "
		     "get CIDs of the current one.");
	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		if (configs[id].is_live)
			metrics_count(out, "cid_config_info", &configs[id].info,
				      1);
	}
	write_own(out, maps, configs);
	write_listed(out, configs);
	return 0;
}
