/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/registry_private.h"
#include "loader/cpus.h"
#include "loader/port.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "loader/lib/lookup.h"
#include "loader/lib/wishes.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

bool registry_is_running(const struct qs_terminator *terminator)
{
	return terminator->state == QS_TERMINATOR_LIVE ||
	       terminator->state == QS_TERMINATOR_DRAINING;
}

void registry_set_state(struct qs_terminator *terminator,
			enum qs_terminator_state state)
{
	__atomic_store_n(&terminator->state, state, __ATOMIC_RELEASE);
}

int registry_lock(const struct registry *registry)
{
	int lock = qs_maps_lock(registry->pin_dir);

	if (lock < 0)
		log_error("cannot lock %s, going on without: %s",
			  registry->pin_dir, strerror(-lock));
	return lock;
}

void registry_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

void registry_rebuild(struct registry *registry)
{
	int count = qs_lookup_rebuild(registry->maps), error;

	if (count < 0)
		log_error("cannot rebuild the lookup table: %s",
			  strerror(-count));
	else
		log_debug("new connections go to %d terminators", count);
	error = listed_follow(&registry->listed, registry->maps);
	if (error)
		log_error("cannot write where listed server IDs lead: %s",
			  strerror(-error));
}

int registry_count(const struct qs_maps *maps)
{
	int count = 0;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++)
		count += registry_is_running(&maps->terminators[slot]);
	return count;
}

/* The first slot never used, else the one whose holder died longest ago: its
 * server ID is then the least likely to be met again. -1: all are in use. */
static int choose_slot(const struct qs_maps *maps)
{
	int oldest = -1;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator *terminator =
			&maps->terminators[slot];

		if (terminator->state == QS_TERMINATOR_FREE)
			return slot;
		if (terminator->state == QS_TERMINATOR_DEAD &&
		    (oldest < 0 ||
		     terminator->died_ns < maps->terminators[oldest].died_ns))
			oldest = slot;
	}
	return oldest;
}

static __u16 choose_instance(const struct qs_terminator *terminator)
{
	__u16 instance;

	if (terminator->state != QS_TERMINATOR_FREE)
		return terminator->instance + 1;
	if (getrandom(&instance, sizeof(instance), 0) != sizeof(instance))
		return clock_ns(CLOCK_REALTIME);
	return instance;
}

/* Keeps what the slot's last holder counted, then gives the row to the next. */
static void hand_over_rows(struct registry *registry, __u16 slot,
			   __u16 instance)
{
	int error = totals_hand_over(&registry->totals, registry->maps, slot,
				     instance);

	if (error)
		log_warn("slot %u: counters of its last holder are lost: %s",
			 slot, strerror(-error));
}

/* An older process of the same name keeps its connections and gets no new. */
static void drain_others(struct registry *registry, const char *name,
			 __u16 but_slot)
{
	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		struct qs_terminator *other =
			&registry->maps->terminators[slot];

		if (slot == but_slot || other->state != QS_TERMINATOR_LIVE ||
		    strcmp(other->name, name))
			continue;
		registry_set_state(other, QS_TERMINATOR_DRAINING);
		log_info("terminator %s: pid %u (slot %d) drains, a newer "
			 "process has its name",
			 name, other->pid, slot);
	}
}

static void choose_cpu(struct registry *registry, __u16 slot)
{
	struct qs_terminator *terminator = &registry->maps->terminators[slot];

	terminator->cpu = QS_NO_CPU;
	if (!registry->cpu_steering)
		return;
	terminator->cpu = cpus_choose(registry->maps, terminator->pid, slot);
	if (terminator->cpu != QS_NO_CPU)
		log_info("terminator %s: CPU %u takes its packets in",
			 terminator->name, terminator->cpu);
}

static void record(struct registry *registry, __u16 slot, __u16 instance,
		   const struct qs_hello *hello, const struct ucred *peer)
{
	const char *name = hello->name;
	struct qs_terminator *terminator = &registry->maps->terminators[slot];
	int error;

	memset(terminator->name, 0, sizeof(terminator->name));
	memcpy(terminator->name, name, strnlen(name, QS_NAME_SIZE - 1));
	terminator->instance = instance;
	terminator->weight = QS_WEIGHT_DEFAULT;
	terminator->factor = QS_FACTOR_ONE;
	terminator->breaker = QS_BREAKER_CLOSED;
	terminator->breaker_changed_ns = 0;
	terminator->breaker_openings = 0;
	error = qs_wish_get(registry->maps, QS_WISH_TERMINATOR, name,
			    &terminator->wish);
	if (error)
		log_warn("terminator %s: what the operator wants of it is not "
			 "known: %s",
			 name, strerror(-error));
	terminator->pid = peer->pid;
	terminator->uid = peer->uid;
	terminator->registered_ns = clock_ns(CLOCK_REALTIME);
	terminator->died_ns = 0;
	choose_cpu(registry, slot);
	if (hello->flags & QS_HELLO_LEAVING) {
		registry_set_state(terminator, QS_TERMINATOR_DRAINING);
	} else {
		registry_set_state(terminator, QS_TERMINATOR_LIVE);
		drain_others(registry, name, slot);
	}
}

static int take_slot(struct registry *registry, __u16 slot, __u16 instance,
		     const struct qs_hello *hello, const struct ucred *peer,
		     const struct port_sockets *sockets)
{
	int lock = registry_lock(registry);
	int error;

	hand_over_rows(registry, slot, instance);
	registry_clear_sockets(registry, slot);
	error = registry_set_sockets(registry, slot, sockets);
	if (!error) {
		record(registry, slot, instance, hello, peer);
		registry_rebuild(registry);
		registry->connected[slot] = true;
	}
	registry_unlock(lock);
	return error;
}

int registry_register(struct registry *registry, const struct qs_hello *hello,
		      const struct ucred *peer, __u16 *ret_slot,
		      struct port_sockets *ret_sockets, const char **reason)
{
	int slot = choose_slot(registry->maps);
	__u16 instance;
	int error;

	if (slot < 0) {
		*reason = "all slots are in use";
		return -ENOSPC;
	}
	*ret_sockets = port_sockets_none();
	error = port_sockets_fill(ret_sockets, &registry->ports, NULL);
	if (error) {
		*reason = "the loader cannot open a UDP socket on a port of "
			  "the VIPs";
		return error;
	}
	instance = choose_instance(&registry->maps->terminators[slot]);
	error = take_slot(registry, slot, instance, hello, peer, ret_sockets);
	if (error) {
		port_sockets_close(ret_sockets);
		*reason = "the kernel refused a socket for the sockets map";
		return error;
	}
	log_info(
		"terminator %s: pid %d registered, slot %d, server ID %04x%04x",
		hello->name, peer->pid, slot, slot, instance);
	*ret_slot = slot;
	return 0;
}

static bool is_same_process(const struct qs_terminator *terminator,
			    const struct qs_hello *hello,
			    const struct ucred *peer)
{
	return terminator->instance == hello->instance &&
	       terminator->pid == (__u32)peer->pid &&
	       terminator->uid == peer->uid &&
	       !strcmp(terminator->name, hello->name);
}

static bool has_live_namesake(const struct registry *registry, __u16 slot)
{
	const struct qs_terminator *terminators = registry->maps->terminators;

	for (int other = 0; other < QS_MAX_TERMINATORS; other++) {
		if (other != slot &&
		    terminators[other].state == QS_TERMINATOR_LIVE &&
		    !strcmp(terminators[other].name, terminators[slot].name))
			return true;
	}
	return false;
}

/*
 * The row may say dead, if only the control connection had ended, or draining,
 * if a loader was killed before it could tell of a newer process that is gone
 * again by now: nobody else would serve the name.
 */
static void settle_state(struct registry *registry, __u16 slot, bool leaving)
{
	struct qs_terminator *terminator = &registry->maps->terminators[slot];

	terminator->died_ns = 0;
	registry_set_state(terminator,
			   leaving || has_live_namesake(registry, slot)
				   ? QS_TERMINATOR_DRAINING
				   : QS_TERMINATOR_LIVE);
}

static int take_back_slot(struct registry *registry, __u16 slot, bool leaving,
			  const struct port_sockets *sockets)
{
	int lock = registry_lock(registry);
	int error = registry_set_sockets(registry, slot, sockets);

	if (!error) {
		settle_state(registry, slot, leaving);
		choose_cpu(registry, slot);
		registry->connected[slot] = true;
		registry_rebuild(registry);
	}
	registry_unlock(lock);
	return error;
}

/* Its own sockets and those that it lacks, for as long as nothing fails. */
static int take_back(struct registry *registry, const struct qs_hello *hello,
		     const struct ucred *peer,
		     const struct port_sockets *sockets, const char **reason)
{
	const struct qs_terminator *terminator;
	int error;

	if (hello->slot >= QS_MAX_TERMINATORS ||
	    registry->connected[hello->slot]) {
		*reason = "there is no such slot, or another process holds it";
		return -EBUSY;
	}
	terminator = &registry->maps->terminators[hello->slot];
	if (terminator->state == QS_TERMINATOR_FREE) {
		error = take_slot(registry, hello->slot, hello->instance, hello,
				  peer, sockets);
	} else if (is_same_process(terminator, hello, peer)) {
		error = take_back_slot(registry, hello->slot,
				       hello->flags & QS_HELLO_LEAVING,
				       sockets);
	} else {
		*reason = "the slot was given to another process";
		return -ESTALE;
	}
	if (error) {
		*reason = "the kernel refused a socket for the sockets map";
		return error;
	}
	log_info("terminator %s: pid %d resumed, slot %u, server ID %04x%04x, "
		 "%s",
		 hello->name, peer->pid, hello->slot, hello->slot,
		 hello->instance,
		 terminator->state == QS_TERMINATOR_LIVE ? "live" : "draining");
	return 0;
}

int registry_resume(struct registry *registry, const struct qs_hello *hello,
		    const struct ucred *peer, const int *descriptors, int count,
		    struct port_sockets *ret_sockets, const char **reason)
{
	struct port_sockets all, own;
	int error = registry_sort_sockets(registry, descriptors, count, &own);

	*ret_sockets = port_sockets_none();
	if (error) {
		*reason = "its sockets are not UDP sockets on ports of VIPs, "
			  "or have SO_REUSEPORT";
		return error;
	}
	error = port_sockets_fill(ret_sockets, &registry->ports, &own);
	if (error) {
		*reason = "the loader cannot open a UDP socket on a port of "
			  "the VIPs";
		return error;
	}
	all = own;
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		if (ret_sockets->fd[i] >= 0)
			all.fd[i] = ret_sockets->fd[i];
	}
	error = take_back(registry, hello, peer, &all, reason);
	if (error)
		port_sockets_close(ret_sockets);
	return error;
}

bool registry_is_replaced(const struct registry *registry, __u16 slot)
{
	return registry->maps->terminators[slot].state ==
		       QS_TERMINATOR_DRAINING &&
	       has_live_namesake(registry, slot);
}

void registry_drain(struct registry *registry, __u16 slot)
{
	struct qs_terminator *terminator = &registry->maps->terminators[slot];
	int lock;

	if (terminator->state != QS_TERMINATOR_LIVE)
		return;
	lock = registry_lock(registry);
	registry_set_state(terminator, QS_TERMINATOR_DRAINING);
	registry_rebuild(registry);
	registry_unlock(lock);
	log_info("terminator %s: pid %u (slot %u) drains at its own wish",
		 terminator->name, terminator->pid, slot);
}

void registry_mark_dead(struct registry *registry, __u16 slot)
{
	struct qs_terminator *terminator = &registry->maps->terminators[slot];

	terminator->died_ns = clock_ns(CLOCK_REALTIME);
	registry_set_state(terminator, QS_TERMINATOR_DEAD);
	registry->connected[slot] = false;
	/* The kernel has already done so if the process is gone. */
	registry_clear_sockets(registry, slot);
}

void registry_died(struct registry *registry, __u16 slot)
{
	const struct qs_terminator *terminator =
		&registry->maps->terminators[slot];
	__u64 begin = clock_ns(CLOCK_MONOTONIC);
	int lock = registry_lock(registry);

	registry_mark_dead(registry, slot);
	registry_rebuild(registry);
	registry_unlock(lock);
	log_info("terminator %s: pid %u (slot %u) is gone; its share of new "
		 "connections moved within %llu us",
		 terminator->name, terminator->pid, slot,
		 (clock_ns(CLOCK_MONOTONIC) - begin) / 1000);
}
