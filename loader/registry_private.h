/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the registry share. */
#ifndef QS_LOADER_REGISTRY_PRIVATE_H
#define QS_LOADER_REGISTRY_PRIVATE_H

#include "loader/registry.h"

/* registry_is_running: whether it is live or draining. */
bool registry_is_running(const struct qs_terminator *terminator);

/* registry_set_state: readers in other processes and in BPF act on the state:
 * it comes last. */
void registry_set_state(struct qs_terminator *terminator,
			enum qs_terminator_state state);

/* registry_lock, registry_unlock: the lock of the maps; goes on without it,
 * after a message, if it cannot be had. */
int registry_lock(const struct registry *registry);
void registry_unlock(int lock);

/* registry_rebuild: the lookup table, under the lock. */
void registry_rebuild(struct registry *registry);

/* registry_mark_dead: under the lock, and the lookup still to be rebuilt. */
void registry_mark_dead(struct registry *registry, __u16 slot);

#endif
