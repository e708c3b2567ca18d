/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/backend_stats.h"

#include <errno.h>
#include <string.h>

#include "quicsteer/measure.h"
#include "terminator/pool.h"

/* IDs of the rows of healthd have 32 bits. */
#define OWN_ROW (1ULL << 32)

void backend_stats_begin(struct backend *backend)
{
	const struct upstream_shared *shared = backend->upstream->shared;
	struct qs_backend_stats *stats = &shared->proxy->backend[backend->row];
	uint64_t id = backend->id | (shared->own_rows ? OWN_ROW : 0);

	/* Who reads the row must not take old figures for the new one's. */
	__atomic_store_n(&stats->id, 0, __ATOMIC_SEQ_CST);
	memset(stats, 0, sizeof(*stats));
	__atomic_store_n(&stats->id, id, __ATOMIC_SEQ_CST);
	backend->stats = stats;
}

void backend_stats_part(struct backend *backend)
{
	backend->own_stats = *backend->stats;
	memset(backend->stats->gauge, 0, sizeof(backend->stats->gauge));
	backend->stats = &backend->own_stats;
}

void backend_stats_head(struct backend *backend, unsigned status, uint64_t us)
{
	struct qs_backend_stats *stats = backend->stats;

	stats->counter[QS_BACKEND_COUNTER_responses_2xx + status / 100 - 2]++;
	if (us)
		qs_histogram_add(&stats->response, us);
}

void backend_stats_connect_error(struct backend *backend, int error)
{
	switch (error) {
	case -ENOMEM:
	case -ENOBUFS:
	case -EMFILE:
	case -ENFILE:
	case -EADDRNOTAVAIL:
		return;
	default:
		backend->stats->counters.connect_errors++;
	}
}
