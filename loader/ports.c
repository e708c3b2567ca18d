/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/ports.h"
#include "loader/port.h"
#include "loader/lib/maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

int ports_read(const struct qs_maps *maps, struct ports *ret_ports)
{
	struct qs_vip_key key, *previous = NULL;
	int fd = maps->fd[QS_MAP_VIPS];
	struct qs_vip vip;

	*ret_ports = (struct ports){};
	while (!bpf_map_get_next_key(fd, previous, &key)) {
		if (bpf_map_lookup_elem(fd, &key, &vip) < 0)
			return -errno;
		if (vip.port_index < QS_MAX_PORTS)
			ret_ports->port[vip.port_index] = key.port;
		previous = &key;
	}
	return 0;
}

int ports_index(const struct ports *ports, __u16 port)
{
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		if (ports->port[i] == port)
			return i;
	}
	return -1;
}

static bool is_wanted(__u16 port, const struct qs_vip_key *vips, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (vips[i].port == port)
			return true;
	}
	return false;
}

/* An index that was never used, else one whose port is not wanted. */
static int choose_index(const struct ports *ports,
			const struct qs_vip_key *vips, size_t count)
{
	int index = ports_index(ports, 0);

	for (int i = 0; i < QS_MAX_PORTS && index < 0; i++) {
		if (!is_wanted(ports->port[i], vips, count))
			index = i;
	}
	return index;
}

unsigned int ports_assign(struct ports *ports, const struct qs_vip_key *vips,
			  size_t count)
{
	unsigned int changed = 0;

	for (size_t i = 0; i < count; i++) {
		int index;

		if (ports_index(ports, vips[i].port) >= 0)
			continue;
		index = choose_index(ports, vips, count);
		if (index < 0)
			continue;
		ports->port[index] = vips[i].port;
		changed |= 1U << index;
	}
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		if (ports->port[i] && !is_wanted(ports->port[i], vips, count)) {
			ports->port[i] = 0;
			changed |= 1U << i;
		}
	}
	return changed;
}

struct port_sockets port_sockets_none(void)
{
	struct port_sockets sockets;

	for (int i = 0; i < QS_MAX_PORTS; i++)
		sockets.fd[i] = -1;
	return sockets;
}

int port_sockets_fill(struct port_sockets *sockets, const struct ports *ports,
		      const struct port_sockets *have)
{
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		int fd;

		if (!ports->port[i] || sockets->fd[i] >= 0 ||
		    (have && have->fd[i] >= 0))
			continue;
		fd = port_open_socket(ports->port[i]);
		if (fd < 0) {
			port_sockets_close(sockets);
			return fd;
		}
		sockets->fd[i] = fd;
	}
	return 0;
}

void port_sockets_close(struct port_sockets *sockets)
{
	for (int i = 0; i < QS_MAX_PORTS; i++) {
		if (sockets->fd[i] >= 0)
			close(sockets->fd[i]);
		sockets->fd[i] = -1;
	}
}
