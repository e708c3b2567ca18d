/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/lookup.h"
#include "loader/lib/effective.h"
#include "loader/lib/table.h"

int qs_lookup_rebuild(struct qs_maps *maps)
{
	struct qs_table_member members[QS_MAX_TERMINATORS];
	__u32 now = maps->settings->lookup_generation & 1, next = !now;
	size_t count = 0;
	int error;

	qs_terminators_effective(maps->terminators, QS_MAX_TERMINATORS);
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator *terminator =
			&maps->terminators[slot];

		if (terminator->state != QS_TERMINATOR_LIVE)
			continue;
		members[count++] = (struct qs_table_member){
			.name = terminator->name,
			.slot = slot,
			.weight = terminator->effective,
		};
	}
	error = qs_table_build(qs_maps_table(maps, next),
			       qs_maps_table(maps, now), members, count);
	if (error)
		return error;
	__atomic_store_n(&maps->settings->lookup_generation, next,
			 __ATOMIC_RELEASE);
	return count;
}
