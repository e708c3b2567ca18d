/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_snapshot.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void add_words(void *sums, const void *counts, size_t size)
{
	__u64 *to = sums;
	const __u64 *from = counts;

	for (size_t i = 0; i < size / sizeof(*to); i++)
		to[i] += from[i];
}

static struct metrics_terminator *
find_terminator(struct metrics_snapshot *snapshot, const char *name)
{
	struct metrics_terminator *one = snapshot->terminators;

	for (size_t i = 0; i < snapshot->terminator_count; i++, one++) {
		if (!strcmp(one->name, name))
			return one;
	}
	snapshot->terminator_count++;
	memcpy(one->name, name, strnlen(name, sizeof(one->name) - 1));
	metrics_label(&one->labels, "terminator", one->name);
	return one;
}

static void add_terminator(struct metrics_terminator *sum,
			   const struct qs_terminator *terminator,
			   const struct qs_terminator_stats *stats)
{
	sum->in_state[terminator->state]++;
	sum->breaker_openings += terminator->breaker_openings;
	add_words(&sum->counts, &stats->counts, sizeof(sum->counts));
	if (terminator->state == QS_TERMINATOR_DEAD)
		return;
	sum->running = true;
	add_words(sum->gauge, stats->gauge, sizeof(sum->gauge));
	if (terminator->state == QS_TERMINATOR_LIVE)
		sum->live = *terminator;
	if (stats->heartbeat_ns > sum->heartbeat_ns)
		sum->heartbeat_ns = stats->heartbeat_ns;
}

static struct metrics_pool *find_pool(struct metrics_snapshot *snapshot,
				      const char *name)
{
	struct metrics_pool *pools = snapshot->pools, *pool;

	for (size_t i = 0; i < snapshot->pool_count; i++) {
		if (!strcmp(pools[i].stats.name, name))
			return &pools[i];
	}
	pools = reallocarray(pools, snapshot->pool_count + 1, sizeof(*pools));
	if (!pools)
		return NULL;
	snapshot->pools = pools;
	pool = &pools[snapshot->pool_count++];
	*pool = (struct metrics_pool){};
	memcpy(pool->stats.name, name,
	       strnlen(name, sizeof(pool->stats.name) - 1));
	metrics_label(&pool->labels, "pool", pool->stats.name);
	return pool;
}

static int add_pools(struct metrics_snapshot *snapshot,
		     const struct qs_proxy_stats *row)
{
	const size_t begin = offsetof(struct qs_pool_stats, responses);

	for (int i = 0; i < QS_STATS_MAX_POOLS; i++) {
		const struct qs_pool_stats *stats = &row->pool[i];
		char name[sizeof(stats->name)] = "";
		struct metrics_pool *pool;

		if (!*stats->name)
			continue;
		memcpy(name, stats->name, sizeof(name) - 1);
		pool = find_pool(snapshot, name);
		if (!pool)
			return -ENOMEM;
		add_words((char *)&pool->stats + begin,
			  (const char *)stats + begin, sizeof(*stats) - begin);
	}
	return 0;
}

static void add_backends(struct metrics_snapshot *snapshot,
			 const struct qs_proxy_stats *row, bool running)
{
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const struct qs_backend_stats *stats = &row->backend[i];
		struct metrics_backend *sum;

		if (!snapshot->row_ids[i] || stats->id != snapshot->row_ids[i])
			continue;
		sum = &snapshot->backends[snapshot->row_backend[i]];
		add_words(sum->counter, stats->counter, sizeof(sum->counter));
		add_words(&sum->response, &stats->response,
			  sizeof(sum->response));
		if (running)
			add_words(sum->gauge, stats->gauge, sizeof(sum->gauge));
	}
}

static size_t find_backend(struct metrics_snapshot *snapshot,
			   const struct qs_backend *row)
{
	struct metrics_backend *backend;
	size_t i;

	for (i = 0; i < snapshot->backend_count; i++) {
		backend = &snapshot->backends[i];
		if (strcmp(backend->row.name, row->name) ||
		    strcmp(backend->row.pool, row->pool))
			continue;
		if (row->state == QS_BACKEND_ACTIVE)
			backend->row = *row;
		return i;
	}
	backend = &snapshot->backends[snapshot->backend_count++];
	backend->row = *row;
	metrics_label(&backend->labels, "pool", row->pool);
	metrics_label(&backend->labels, "backend", row->name);
	return i;
}

static void take_backends(struct metrics_snapshot *snapshot,
			  const struct qs_maps *maps)
{
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		struct qs_backend row = maps->backends[i];

		if (row.state != QS_BACKEND_ACTIVE &&
		    row.state != QS_BACKEND_DRAINING)
			continue;
		row.name[sizeof(row.name) - 1] = '\0';
		row.pool[sizeof(row.pool) - 1] = '\0';
		snapshot->row_ids[i] = row.id;
		snapshot->row_backend[i] = find_backend(snapshot, &row);
	}
}

static int take_slot(struct metrics_snapshot *snapshot,
		     const struct qs_maps *maps, int slot)
{
	const struct qs_terminator *terminator = &maps->terminators[slot];
	struct metrics_terminator *sum;
	struct qs_traffic traffic;
	int error;

	if (terminator->state == QS_TERMINATOR_FREE ||
	    terminator->state > QS_TERMINATOR_DEAD)
		return 0;
	sum = find_terminator(snapshot, terminator->name);
	add_terminator(sum, terminator, &maps->stats[slot]);
	error = qs_maps_traffic(maps, slot, &traffic);
	if (error)
		return error;
	add_words(&sum->traffic, &traffic, sizeof(traffic));
	add_backends(snapshot, &maps->proxy[slot],
		     terminator->state != QS_TERMINATOR_DEAD);
	return add_pools(snapshot, &maps->proxy[slot]);
}

static int take_totals(struct metrics_snapshot *snapshot,
		       const struct qs_maps *maps)
{
	int fd = maps->fd[QS_MAP_TERMINATOR_TOTALS];
	struct qs_total_key key, *previous = NULL;
	struct qs_terminator_total total;

	while (!bpf_map_get_next_key(fd, previous, &key)) {
		struct metrics_terminator *sum;

		previous = &key;
		if (bpf_map_lookup_elem(fd, &key, &total) < 0)
			return -errno;
		key.name[sizeof(key.name) - 1] = '\0';
		sum = find_terminator(snapshot, key.name);
		add_words(&sum->counts, &total.counts, sizeof(sum->counts));
		sum->traffic.packets += total.packets;
		sum->traffic.bytes += total.bytes;
		sum->traffic.by_cid += total.by_cid;
		sum->traffic.by_hash += total.by_hash;
	}
	return errno == ENOENT ? 0 : -errno;
}

int metrics_snapshot_take(struct metrics_snapshot *snapshot,
			  const struct qs_maps *maps, struct totals *totals)
{
	const struct qs_proxy_stats *retired = &maps->proxy[QS_RETIRED_SLOT];
	int error = 0;

	take_backends(snapshot, maps);
	pthread_mutex_lock(&totals->lock);
	for (int slot = 0; slot < QS_MAX_TERMINATORS && !error; slot++)
		error = take_slot(snapshot, maps, slot);
	if (!error)
		error = take_totals(snapshot, maps);
	if (!error)
		error = add_pools(snapshot, retired);
	if (!error)
		add_backends(snapshot, retired, false);
	pthread_mutex_unlock(&totals->lock);
	return error;
}

void metrics_snapshot_free(struct metrics_snapshot *snapshot)
{
	free(snapshot->pools);
	snapshot->pools = NULL;
}
