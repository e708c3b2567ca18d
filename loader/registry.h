/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which terminator holds which slot, and the maps that say so: terminators,
 * sockets, lookup, server_ids, the rows of terminator_stats and
 * terminator_traffic. Every change is made under qs_maps_lock() and ends with a
 * rebuilt lookup table.
 */
#ifndef QS_LOADER_REGISTRY_H
#define QS_LOADER_REGISTRY_H

#include "loader/listed.h"
#include "loader/lib/maps.h"
#include "loader/ports.h"
#include "loader/totals.h"
#include "quicsteer/control.h"

#include <sys/socket.h>

struct registry {
	struct qs_maps *maps; /* borrowed, writable */
	const char *pin_dir;  /* borrowed */
	struct totals totals;
	struct ports ports;   /* of the service */
	struct listed listed; /* CID configurations that it keeps up */
	bool cpu_steering;    /* loader.cpu_steering */
	bool connected[QS_MAX_TERMINATORS]; /* its control connection is open */
};

/*
 * registry_init: takes over what the maps say, and repairs what a loader that
 * was killed left half done. The caller then calls registry_sweep() until none
 * is awaited.
 */
void registry_init(struct registry *registry, struct qs_maps *maps,
		   const char *pin_dir, const struct ports *ports);

/* registry_close: releases memory; the maps stay as they are. */
void registry_close(struct registry *registry);

/*
 * registry_register: gives a new process a slot, an instance and UDP sockets,
 * and makes it live; an older process of the same name drains from then on.
 * Returns 0 and fills the results (the sockets are the caller's), or -errno
 * with a sentence for the peer in `reason`.
 */
int registry_register(struct registry *registry, const struct qs_hello *hello,
		      const struct ucred *peer, __u16 *ret_slot,
		      struct port_sockets *ret_sockets, const char **reason);

/*
 * registry_resume: lets a process that survived an earlier loader keep slot,
 * instance and sockets, of which it sends `count`. It must be the very process
 * that the maps record, or the slot must never have been used (the maps were
 * lost). It is live then, unless it says that it leaves or a newer process is
 * live. Sockets of ports that it lacks are opened: *ret_sockets, the caller's.
 * Returns 0, or -errno with a sentence for the peer in `reason`.
 */
int registry_resume(struct registry *registry, const struct qs_hello *hello,
		    const struct ucred *peer, const int *descriptors, int count,
		    struct port_sockets *ret_sockets, const char **reason);

/*
 * registry_change_ports: the VIPs will be these, of at most QS_MAX_PORTS ports.
 * *ret_changed has a bit for each index that has another port, or none, now;
 * no terminator has a socket there until registry_add_sockets().
 */
void registry_change_ports(struct registry *registry,
			   const struct qs_vip_key *vips, size_t count,
			   unsigned int *ret_changed);

/*
 * registry_list: these listed CID configurations are in force from now on, in
 * place of earlier ones; *listed is the registry's then. Returns 0 or -errno.
 */
int registry_list(struct registry *registry, struct listed *listed);

/*
 * registry_add_sockets: opens sockets for the terminator in `slot` at these
 * indices where they have ports: *ret_sockets, the caller's. Returns 0 or
 * -errno.
 */
int registry_add_sockets(struct registry *registry, __u16 slot,
			 unsigned int indices,
			 struct port_sockets *ret_sockets);

/* registry_drain: no new connections for the terminator in `slot`. */
void registry_drain(struct registry *registry, __u16 slot);

/*
 * registry_is_replaced: whether the terminator in `slot` drains and a newer
 * process is live under its name.
 */
bool registry_is_replaced(const struct registry *registry, __u16 slot);

/* registry_is_running: whether it is live or draining. */
bool registry_is_running(const struct qs_terminator *terminator);

/* registry_died: its control connection has ended. */
void registry_died(struct registry *registry, __u16 slot);

/*
 * registry_sweep: marks dead those terminators without a connection whose
 * process is gone, which is when the kernel has taken their sockets out of the
 * map. Returns the number that lives and is still awaited: however late one
 * comes back, its packets are steered to it meanwhile.
 */
int registry_sweep(struct registry *registry);

/* registry_count: terminators that are live or draining. */
int registry_count(const struct qs_maps *maps);

#endif
