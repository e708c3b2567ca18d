/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminators' sockets in the map. */
#include "loader/registry_private.h"
#include "loader/port.h"

#include <bpf/bpf.h>
#include <errno.h>

bool registry_has_socket(const struct registry *registry, int slot)
{
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		__u32 key = QS_SOCKET_INDEX(slot, i);
		__u64 cookie;

		if (!bpf_map_lookup_elem(registry->maps->fd[QS_MAP_SOCKETS],
					 &key, &cookie) ||
		    errno != ENOENT)
			return true;
	}
	return false;
}

int registry_set_sockets(struct registry *registry, __u16 slot,
			 const struct port_sockets *sockets)
{
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		__u32 key = QS_SOCKET_INDEX(slot, i);
		__u64 value = sockets->fd[i];

		if (sockets->fd[i] >= 0 &&
		    bpf_map_update_elem(registry->maps->fd[QS_MAP_SOCKETS],
					&key, &value, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

void registry_clear_sockets(struct registry *registry, __u16 slot)
{
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		__u32 key = QS_SOCKET_INDEX(slot, i);

		bpf_map_delete_elem(registry->maps->fd[QS_MAP_SOCKETS], &key);
	}
}

int registry_sort_sockets(const struct registry *registry,
			  const int *descriptors, int count,
			  struct port_sockets *ret_sockets)
{
	int error = -EADDRNOTAVAIL;

	*ret_sockets = port_sockets_none();
	for (int i = 0; i < count; i++) {
		__u16 port;
		int index;
		int failed = port_of_socket(descriptors[i], &port);

		if (failed)
			return failed;
		index = ports_index(&registry->ports, port);
		if (index < 0)
			continue; /* no VIP has this port any more */
		ret_sockets->fd[index] = descriptors[i];
		error = 0;
	}
	return error;
}

void registry_change_ports(struct registry *registry,
			   const struct qs_vip_key *vips, size_t count,
			   unsigned int *ret_changed)
{
	*ret_changed = ports_assign(&registry->ports, vips, count);
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		if (!(*ret_changed & 1U << i))
			continue;
		for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
			__u32 key = QS_SOCKET_INDEX(slot, i);

			bpf_map_delete_elem(registry->maps->fd[QS_MAP_SOCKETS],
					    &key);
		}
	}
}

int registry_add_sockets(struct registry *registry, __u16 slot,
			 unsigned int indices, struct port_sockets *ret_sockets)
{
	struct ports wanted = {};
	int error;

	for (int i = 0; i < QS_MAX_PORTS; i++) {
		if (indices & 1U << i)
			wanted.port[i] = registry->ports.port[i];
	}
	*ret_sockets = port_sockets_none();
	error = port_sockets_fill(ret_sockets, &wanted, NULL);
	if (error)
		return error;
	error = registry_set_sockets(registry, slot, ret_sockets);
	if (error)
		port_sockets_close(ret_sockets);
	return error;
}
