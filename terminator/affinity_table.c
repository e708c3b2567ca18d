/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/affinity_table.h"

enum affinity_change affinity_table_note(struct affinity_table *table,
					 uint64_t key, uint64_t identity)
{
	uint32_t session = (uint32_t)(key >> 32);
	uint32_t backend = (uint32_t)identity | 1;
	uint32_t at = (uint32_t)key % AFFINITY_ENTRIES;
	uint32_t before = table->entries[at].backend;
	bool known = before && table->entries[at].session == session;

	table->entries[at].session = session;
	table->entries[at].backend = backend;
	if (!known)
		return AFFINITY_BOUND;
	return before == backend ? AFFINITY_SAME : AFFINITY_MOVED;
}
