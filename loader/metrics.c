/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics.h"
#include "loader/metrics_parts.h"

#include <errno.h>
#include <stdlib.h>

static int write_maps(struct metrics_out *out,
		      struct metrics_snapshot *snapshot,
		      const struct qs_maps *maps, struct totals *totals)
{
	int error = metrics_snapshot_take(snapshot, maps, totals);

	if (!error)
		error = metrics_packets(out, maps);
	if (!error)
		error = metrics_cids(out, maps);
	if (error)
		return error;
	metrics_terminators(out, snapshot);
	metrics_pools(out, snapshot);
	metrics_backends(out, snapshot);
	metrics_about(out, maps);
	return 0;
}

int metrics_text(const struct qs_maps *maps, struct totals *totals,
		 struct metrics_config *config, char **ret_text,
		 size_t *ret_length)
{
	struct metrics_snapshot *snapshot = calloc(1, sizeof(*snapshot));
	struct metrics_out out = {};
	int error;

	if (!snapshot)
		return -ENOMEM;
	error = write_maps(&out, snapshot, maps, totals);
	metrics_snapshot_free(snapshot);
	free(snapshot);
	metrics_config_write(&out, config);
	if (!error && out.failed)
		error = -ENOMEM;
	if (error) {
		free(out.text);
		return error;
	}
	*ret_text = out.text;
	*ret_length = out.length;
	return 0;
}
