/* SPDX-License-Identifier: GPL-2.0-only */
/* The Prometheus endpoint: GET /metrics, in a thread of its own. */
#ifndef QS_LOADER_EXPORTER_H
#define QS_LOADER_EXPORTER_H

#include "loader/lib/maps.h"
#include "loader/metrics_config.h"
#include "loader/totals.h"

struct MHD_Daemon;

struct exporter {
	int listener; /* owned until started; -1 when there is none */
	struct MHD_Daemon *daemon;
	const struct qs_maps *maps;    /* borrowed */
	struct totals *totals;	       /* borrowed */
	struct metrics_config *config; /* borrowed */
};

/*
 * exporter_listen: takes the address. Returns 0, or -1 after one message.
 */
int exporter_listen(struct exporter *exporter,
		    const struct qs_vip_key *address);

/* exporter_start: answers from now on. Returns 0, or -1 after one message. */
int exporter_start(struct exporter *exporter, const struct qs_maps *maps,
		   struct totals *totals, struct metrics_config *config);

/* exporter_close: ends the thread and frees the address. */
void exporter_close(struct exporter *exporter);

#endif
