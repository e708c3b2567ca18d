/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The different ports of the VIPs and their indices, by which the VIPs in the
 * map name them and each terminator's sockets lie in the map. A port keeps its
 * index as long as it is wanted.
 */
#ifndef QS_LOADER_PORTS_H
#define QS_LOADER_PORTS_H

#include "quicsteer/abi.h"

#include <stddef.h>

struct qs_maps;

struct ports {
	__u16 port[QS_MAX_PORTS]; /* by index; 0: none */
};

/* ports_read: the ports of the VIPs in the map. Returns 0 or -errno. */
int ports_read(const struct qs_maps *maps, struct ports *ret_ports);

/*
 * ports_assign: makes `ports` those of these VIPs, which have at most
 * QS_MAX_PORTS different ones. Indices that were never used go before those
 * that are freed by this. Returns a bit for each index whose port is another
 * one now.
 */
unsigned int ports_assign(struct ports *ports, const struct qs_vip_key *vips,
			  size_t count);

/* ports_index: of a port, or -1. */
int ports_index(const struct ports *ports, __u16 port);

/* A socket for each port. */
struct port_sockets {
	int fd[QS_MAX_PORTS]; /* by index, owned; -1: none */
};

/* port_sockets_none: holds no socket. */
struct port_sockets port_sockets_none(void);

/*
 * port_sockets_fill: opens (port_open_socket) those that are in `ports` and
 * neither here nor in `have`, which may be NULL. Returns 0, or -errno and has
 * closed all.
 */
int port_sockets_fill(struct port_sockets *sockets, const struct ports *ports,
		      const struct port_sockets *have);

/* port_sockets_close: closes all. */
void port_sockets_close(struct port_sockets *sockets);

#endif
