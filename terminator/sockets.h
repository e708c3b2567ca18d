/* SPDX-License-Identifier: GPL-2.0-only */
/* The UDP sockets of a terminator: one for each port of the VIPs. */
#ifndef TERMINATOR_SOCKETS_H
#define TERMINATOR_SOCKETS_H

#include "quicsteer/abi.h"
#include "terminator/udp.h"

struct sockets {
	struct udp *udp[QS_MAX_PORTS]; /* by port_index; NULL: none */
	/* To be set before the first sockets_set(). */
	uv_loop_t *loop;
	udp_datagram_cb on_datagram;
	udp_writable_cb on_writable;
	void *user;
	struct qs_terminator_stats *stats;
};

/* sockets_set serves on the socket `fd` (ownership too, on success), or on none
 * if it is -1, in the place of what was there at `index`. Returns 0 or -errno.
 */
int sockets_set(struct sockets *sockets, unsigned index, int fd);

/* sockets_find returns the socket whose port the local address of a path has,
 * or NULL. */
struct udp *sockets_find(const struct sockets *sockets,
			 const union udp_address *local);

/* sockets_send is udp_send() on that socket. Where there is none any more, the
 * datagrams are lost and counted as udp_send() does. */
int sockets_send(struct sockets *sockets, const union udp_address *local,
		 const union udp_address *remote, uint8_t ecn,
		 const uint8_t *data, size_t size, size_t segment,
		 size_t *sent);

/* sockets_close closes all. The loop must then run its close callbacks. */
void sockets_close(struct sockets *sockets);

#endif
