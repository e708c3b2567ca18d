/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/totals.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void totals_init(struct totals *totals)
{
	pthread_mutex_init(&totals->lock, NULL);
	totals->first = NULL;
}

void totals_close(struct totals *totals)
{
	while (totals->first) {
		struct total *next = totals->first->next;

		free(totals->first);
		totals->first = next;
	}
	pthread_mutex_destroy(&totals->lock);
}

static struct total *find(const struct totals *totals, const char *name)
{
	struct total *total = totals->first;

	while (total && strcmp(total->name, name))
		total = total->next;
	return total;
}

static struct total *find_or_make(struct totals *totals, const char *name)
{
	struct total *total = find(totals, name);

	if (total)
		return total;
	total = calloc(1, sizeof(*total));
	if (!total)
		return NULL;
	memcpy(total->name, name, strnlen(name, QS_NAME_SIZE - 1));
	total->next = totals->first;
	totals->first = total;
	return total;
}

int totals_add(struct totals *totals, const char *name,
	       const struct qs_terminator_stats *stats,
	       const struct qs_traffic *traffic)
{
	struct total *total = find_or_make(totals, name);

	if (!total)
		return -ENOMEM;
	for (int i = 0; i < QS_TERMINATOR_COUNTER_COUNT; i++)
		total->counter[i] += stats->counter[i];
	total->traffic.packets += traffic->packets;
	total->traffic.bytes += traffic->bytes;
	total->traffic.by_cid += traffic->by_cid;
	total->traffic.by_hash += traffic->by_hash;
	return 0;
}

const struct total *totals_find(const struct totals *totals, const char *name)
{
	return find(totals, name);
}
