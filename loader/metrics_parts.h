/* SPDX-License-Identifier: GPL-2.0-only */
/* The metrics by subject. Each function writes all of its subject's. */
#ifndef QS_LOADER_METRICS_PARTS_H
#define QS_LOADER_METRICS_PARTS_H

#include "loader/metrics_snapshot.h"

#include <stdint.h>

/* metrics_packets: what XDP and tc did. Returns 0 or -errno. */
int metrics_packets(struct metrics_out *out, const struct qs_maps *maps);

/* metrics_cids: the CID configurations. Returns 0 or -errno. */
int metrics_cids(struct metrics_out *out, const struct qs_maps *maps);

void metrics_terminators(struct metrics_out *out,
			 const struct metrics_snapshot *snapshot);
void metrics_pools(struct metrics_out *out,
		   const struct metrics_snapshot *snapshot);
void metrics_backends(struct metrics_out *out,
		      const struct metrics_snapshot *snapshot);

/* metrics_about: the loader itself, healthd, versions. */
void metrics_about(struct metrics_out *out, const struct qs_maps *maps);

/* metrics_age_us: since a time of CLOCK_MONOTONIC in nanoseconds, as µs. */
uint64_t metrics_age_us(__u64 time_ns);

#endif
