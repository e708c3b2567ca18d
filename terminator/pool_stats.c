/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/pool_stats.h"

#include <stdio.h>
#include <string.h>

static struct qs_pool_stats *find(struct upstream_shared *shared,
				  const char *name)
{
	for (size_t i = 0; i < QS_STATS_MAX_POOLS; i++)
		if (!strcmp(shared->proxy->pool[i].name, name))
			return &shared->proxy->pool[i];
	return NULL;
}

static struct qs_pool_stats *find_unused(struct upstream_shared *shared)
{
	for (size_t i = 0; i < QS_STATS_MAX_POOLS; i++) {
		struct qs_pool_stats *row = &shared->proxy->pool[i];

		if (!upstream_find(shared, row->name))
			return row;
	}
	return NULL;
}

struct qs_pool_stats *pool_stats_assign(struct upstream_shared *shared,
					const char *name)
{
	struct qs_pool_stats *row = find(shared, name);

	if (row)
		return row;
	row = find(shared, "");
	if (!row)
		row = find_unused(shared);
	if (!row)
		return NULL;
	memset(row, 0, sizeof(*row));
	snprintf(row->name, sizeof(row->name), "%s", name);
	return row;
}
