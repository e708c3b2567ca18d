/* SPDX-License-Identifier: GPL-2.0-only */
/* What an earlier loader left: taken over, repaired, and awaited. */
#include "loader/registry_private.h"
#include "loader/lib/log.h"

#include <string.h>

/*
 * A row without a socket is of a process that has ended, or that the earlier
 * loader was killed before it could welcome. Returns how many rows are left
 * that wait for their process.
 */
static int bury_without_socket(struct registry *registry, int *ret_died)
{
	int awaited = 0;

	*ret_died = 0;
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator *terminator =
			&registry->maps->terminators[slot];

		if (!registry_is_running(terminator) ||
		    registry->connected[slot])
			continue;
		if (registry_has_socket(registry, slot)) {
			awaited++;
			continue;
		}
		registry_mark_dead(registry, slot);
		(*ret_died)++;
		log_info("terminator %s: pid %u (slot %d) has no socket any "
			 "more",
			 terminator->name, terminator->pid, slot);
	}
	return awaited;
}

/* The earlier loader was killed before it had the older one drain. */
static void drain_older_of_name(struct registry *registry)
{
	struct qs_terminator *terminators = registry->maps->terminators;

	for (int older = 0; older < QS_MAX_TERMINATORS; older++) {
		struct qs_terminator *one = &terminators[older];

		for (int newer = 0; newer < QS_MAX_TERMINATORS &&
				    one->state == QS_TERMINATOR_LIVE;
		     newer++) {
			const struct qs_terminator *other = &terminators[newer];

			if (newer != older &&
			    other->state == QS_TERMINATOR_LIVE &&
			    other->registered_ns >= one->registered_ns &&
			    !strcmp(other->name, one->name))
				registry_set_state(one, QS_TERMINATOR_DRAINING);
		}
	}
}

void registry_init(struct registry *registry, struct qs_maps *maps,
		   const char *pin_dir, const struct ports *ports)
{
	int lock, died;

	*registry = (struct registry){
		.maps = maps,
		.pin_dir = pin_dir,
		.ports = *ports,
	};
	totals_init(&registry->totals);
	lock = registry_lock(registry);
	totals_repair(&registry->totals, maps);
	bury_without_socket(registry, &died);
	drain_older_of_name(registry);
	registry_rebuild(registry);
	registry_unlock(lock);
}

void registry_close(struct registry *registry)
{
	totals_close(&registry->totals);
	listed_free(&registry->listed);
}

int registry_sweep(struct registry *registry)
{
	int lock = registry_lock(registry);
	int died;
	int awaited = bury_without_socket(registry, &died);

	if (died)
		registry_rebuild(registry);
	registry_unlock(lock);
	return awaited;
}
