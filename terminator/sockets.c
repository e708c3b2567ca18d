/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/sockets.h"

int sockets_set(struct sockets *sockets, unsigned index, int fd)
{
	struct udp *udp = NULL, *old;
	int err = 0;

	if (fd >= 0)
		err = udp_start(&udp, sockets->loop, fd, sockets->on_datagram,
				sockets->on_writable, sockets->user,
				sockets->stats);
	if (err)
		return err;
	old = sockets->udp[index];
	sockets->udp[index] = udp;
	if (old) {
		udp_close(old);
		/* Who waits for the old one would wait for ever. */
		sockets->on_writable(sockets->user);
	}
	return 0;
}

struct udp *sockets_find(const struct sockets *sockets,
			 const union udp_address *local)
{
	/* The port lies at the same place in both families' addresses. */
	uint16_t port = local->v6.sin6_port;
	int i;

	for (i = 0; i < QS_MAX_PORTS; i++)
		if (sockets->udp[i] && sockets->udp[i]->port == port)
			return sockets->udp[i];
	return NULL;
}

int sockets_send(struct sockets *sockets, const union udp_address *local,
		 const union udp_address *remote, uint8_t ecn,
		 const uint8_t *data, size_t size, size_t segment, size_t *sent)
{
	struct udp *udp = sockets_find(sockets, local);

	if (udp)
		return udp_send(udp, local, remote, ecn, data, size, segment,
				sent);
	sockets->stats->counters.send_errors += (size + segment - 1) / segment;
	*sent = size;
	return 0;
}

void sockets_close(struct sockets *sockets)
{
	int i;

	for (i = 0; i < QS_MAX_PORTS; i++) {
		if (sockets->udp[i])
			udp_close(sockets->udp[i]);
		sockets->udp[i] = NULL;
	}
}
