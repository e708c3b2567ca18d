/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of the registry share. */
#ifndef QS_LOADER_REGISTRY_PRIVATE_H
#define QS_LOADER_REGISTRY_PRIVATE_H

#include "loader/registry.h"

/* registry_set_state: readers in other processes and in BPF act on the state:
 * it comes last. */
void registry_set_state(struct qs_terminator *terminator,
			enum qs_terminator_state state);

/* registry_lock, registry_unlock: the lock of the maps; goes on without it,
 * after a message, if it cannot be had. */
int registry_lock(const struct registry *registry);
void registry_unlock(int lock);

/* registry_has_socket: whether the map has one of the slot's. */
bool registry_has_socket(const struct registry *registry, int slot);

/* registry_set_sockets, registry_clear_sockets: the slot's in the map. */
int registry_set_sockets(struct registry *registry, __u16 slot,
			 const struct port_sockets *sockets);
void registry_clear_sockets(struct registry *registry, __u16 slot);

/*
 * registry_sort_sockets: borrows the descriptors into *ret_sockets by their
 * ports; those of ports that no VIP has are left out. Returns 0, or as
 * port_of_socket(), or -EADDRNOTAVAIL if none is left.
 */
int registry_sort_sockets(const struct registry *registry,
			  const int *descriptors, int count,
			  struct port_sockets *ret_sockets);

/* registry_rebuild: the lookup table and server_ids, under the lock. */
void registry_rebuild(struct registry *registry);

/* registry_mark_dead: under the lock, and the lookup still to be rebuilt. */
void registry_mark_dead(struct registry *registry, __u16 slot);

#endif
