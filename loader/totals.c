/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/totals.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#define WORDS(type) (sizeof(type) / sizeof(__u64))

void totals_init(struct totals *totals)
{
	pthread_mutex_init(&totals->lock, NULL);
}

void totals_close(struct totals *totals)
{
	pthread_mutex_destroy(&totals->lock);
}

static struct qs_total_key key_of(const struct qs_terminator *terminator)
{
	struct qs_total_key key = {};

	memcpy(key.name, terminator->name,
	       strnlen(terminator->name, sizeof(key.name) - 1));
	return key;
}

static __u64 holder_of(__u16 slot, const struct qs_terminator *terminator)
{
	return (__u64)slot << 16 | terminator->instance;
}

/* Returns 0 with zeros if there is none of this name yet, or -errno. */
static int look_up(const struct qs_maps *maps, const struct qs_total_key *key,
		   struct qs_terminator_total *ret_total)
{
	if (!bpf_map_lookup_elem(maps->fd[QS_MAP_TERMINATOR_TOTALS], key,
				 ret_total))
		return 0;
	memset(ret_total, 0, sizeof(*ret_total));
	return errno == ENOENT ? 0 : -errno;
}

static int add_counts(const struct qs_maps *maps, __u16 slot)
{
	const struct qs_terminator *last = &maps->terminators[slot];
	const struct qs_terminator_counts *row = &maps->stats[slot].counts;
	struct qs_total_key key = key_of(last);
	struct qs_terminator_total total;
	struct qs_traffic traffic;
	int error = look_up(maps, &key, &total);

	if (error || total.taken == holder_of(slot, last))
		return error;
	error = qs_maps_traffic(maps, slot, &traffic);
	if (error)
		return error;
	for (size_t i = 0; i < WORDS(*row); i++)
		((__u64 *)&total.counts)[i] += ((const __u64 *)row)[i];
	total.packets += traffic.packets;
	total.bytes += traffic.bytes;
	total.by_cid += traffic.by_cid;
	total.by_hash += traffic.by_hash;
	total.taken = holder_of(slot, last);
	if (bpf_map_update_elem(maps->fd[QS_MAP_TERMINATOR_TOTALS], &key,
				&total, BPF_ANY) < 0)
		return -errno;
	return 0;
}

/* The compiler keeps the order; see above why it is this one. */
static void move(void *to, void *from, size_t words)
{
	volatile __u64 *sums = to, *counts = from;

	for (size_t i = 0; i < words; i++) {
		__u64 count = counts[i];

		if (!count)
			continue;
		counts[i] = 0;
		sums[i] += count;
	}
}

static struct qs_pool_stats *retired_pool(struct qs_proxy_stats *retired,
					  const char *name)
{
	for (int i = 0; i < QS_STATS_MAX_POOLS; i++) {
		struct qs_pool_stats *pool = &retired->pool[i];

		if (!*pool->name)
			memcpy(pool->name, name, sizeof(pool->name));
		if (!strncmp(pool->name, name, sizeof(pool->name)))
			return pool;
	}
	return NULL;
}

static int retire_pools(struct qs_proxy_stats *retired,
			struct qs_proxy_stats *row)
{
	size_t words = (sizeof(struct qs_pool_stats) -
			offsetof(struct qs_pool_stats, responses)) /
		       sizeof(__u64);
	int error = 0;

	for (int i = 0; i < QS_STATS_MAX_POOLS; i++) {
		struct qs_pool_stats *pool = &row->pool[i], *sum;

		if (!*pool->name)
			continue;
		sum = retired_pool(retired, pool->name);
		if (sum)
			move(sum->responses, pool->responses, words);
		else
			error = -ENOSPC;
	}
	return error;
}

/* Those that are not in `backends` any more are dropped, as their series. */
static void retire_backends(const struct qs_maps *maps,
			    struct qs_proxy_stats *retired,
			    struct qs_proxy_stats *row)
{
	for (int i = 0; i < QS_STATS_MAX_BACKENDS; i++) {
		struct qs_backend_stats *backend = &row->backend[i];
		struct qs_backend_stats *sum = &retired->backend[i];

		if (!backend->id || backend->id != maps->backends[i].id)
			continue;
		if (sum->id != backend->id) {
			memset(sum, 0, sizeof(*sum));
			sum->id = backend->id;
		}
		move(sum->counter, backend->counter, WORDS(backend->counter));
		move(&sum->response, &backend->response,
		     WORDS(backend->response));
	}
}

/* The instance comes last: until then the row is its last holder's. */
static int clear_rows(struct qs_maps *maps, __u16 slot, __u16 instance)
{
	struct qs_terminator_stats *stats = &maps->stats[slot];
	int error = qs_maps_clear_traffic(maps, slot);

	memset(&maps->proxy[slot], 0, sizeof(maps->proxy[slot]));
	memset(&stats->counts, 0, sizeof(stats->counts));
	memset(stats->gauge, 0, sizeof(stats->gauge));
	memset(stats->connections_by_config, 0,
	       sizeof(stats->connections_by_config));
	stats->heartbeat_ns = 0;
	__atomic_store_n(&stats->instance, instance, __ATOMIC_RELEASE);
	return error;
}

int totals_hand_over(struct totals *totals, struct qs_maps *maps, __u16 slot,
		     __u16 instance)
{
	const struct qs_terminator *last = &maps->terminators[slot];
	struct qs_proxy_stats *retired = &maps->proxy[QS_RETIRED_SLOT];
	int error = 0, error_pools = 0, error_clear;

	pthread_mutex_lock(&totals->lock);
	/* Of another instance: handed over, and then nobody took the slot. */
	if (last->state != QS_TERMINATOR_FREE &&
	    maps->stats[slot].instance == last->instance) {
		error = add_counts(maps, slot);
		error_pools = retire_pools(retired, &maps->proxy[slot]);
		retire_backends(maps, retired, &maps->proxy[slot]);
	}
	error_clear = clear_rows(maps, slot, instance);
	pthread_mutex_unlock(&totals->lock);
	if (error)
		return error;
	return error_pools ? error_pools : error_clear;
}

void totals_repair(struct totals *totals, struct qs_maps *maps)
{
	pthread_mutex_lock(&totals->lock);
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator *last = &maps->terminators[slot];
		struct qs_total_key key = key_of(last);
		struct qs_terminator_total total;

		if (last->state != QS_TERMINATOR_DEAD ||
		    maps->stats[slot].instance != last->instance ||
		    look_up(maps, &key, &total) ||
		    total.taken != holder_of(slot, last))
			continue;
		retire_pools(&maps->proxy[QS_RETIRED_SLOT], &maps->proxy[slot]);
		retire_backends(maps, &maps->proxy[QS_RETIRED_SLOT],
				&maps->proxy[slot]);
		clear_rows(maps, slot, last->instance + 1);
	}
	pthread_mutex_unlock(&totals->lock);
}
