/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The UDP socket of a terminator on a libuv loop: batches by recvmmsg, UDP_GRO
 * split into datagrams, UDP_SEGMENT (GSO), ECN and the local address of each
 * packet. Knows nothing of QUIC.
 */
#ifndef TERMINATOR_UDP_H
#define TERMINATOR_UDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

#include "quicsteer/counters.h"

enum {
	UDP_RECEIVE_MESSAGES = 16, /* of one recvmmsg */
	UDP_RECEIVE_SIZE = 65536,  /* a message merged by GRO */
	UDP_SEND_SIZE = 65507,	   /* most octets of one send */
	UDP_SEND_SEGMENTS = 64,	   /* UDP_MAX_SEGMENTS of older kernels */
};

union udp_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6; /* also IPv4, mapped, on a dual-stack socket */
};

/* udp_address_size returns the size of the sockaddr by its family. */
socklen_t udp_address_size(const union udp_address *address);

/* udp_address_text writes the IP address (IPv4 without its mapping) to `text`
 * of INET6_ADDRSTRLEN octets and returns `text`. */
const char *udp_address_text(const union udp_address *address, char *text);

struct udp_datagram {
	union udp_address local;
	union udp_address remote;
	const uint8_t *data; /* valid during the callback */
	size_t size;
	uint8_t ecn; /* RFC 3168 codepoint, 0 to 3 */
};

typedef void (*udp_datagram_cb)(void *user, const struct udp_datagram *);
typedef void (*udp_writable_cb)(void *user);

struct udp {
	uv_poll_t poll;
	int fd;
	bool dual_stack; /* AF_INET6 that also takes IPv4 */
	uint16_t port;	 /* local, network order */
	bool blocked;	 /* a send met EAGAIN; waiting to be writable */
	bool no_gso;	 /* the kernel or device refused UDP_SEGMENT */
	udp_datagram_cb on_datagram;
	udp_writable_cb on_writable;
	void *user;
	struct qs_terminator_stats *stats;
	uint8_t *buffers; /* UDP_RECEIVE_MESSAGES of UDP_RECEIVE_SIZE */
};

/* udp_start makes *ret_udp of the bound socket `fd` (ownership too, on
 * success), sets its options and begins to receive. Returns 0 or -errno. */
int udp_start(struct udp **ret_udp, uv_loop_t *loop, int fd,
	      udp_datagram_cb on_datagram, udp_writable_cb on_writable,
	      void *user, struct qs_terminator_stats *stats);

/*
 * udp_send sends `size` octets (at most UDP_SEND_SIZE) as datagrams of
 * `segment` octets each, the last one maybe shorter. `*sent` is set to the
 * octets that need not be sent again. Returns 0, or -EAGAIN when the socket
 * is full; on_writable comes when it is not. Other failures lose datagrams, as
 * the network might, and are counted; -EMSGSIZE says that some of them were
 * larger than the interface takes, after all others were sent.
 */
int udp_send(struct udp *udp, const union udp_address *local,
	     const union udp_address *remote, uint8_t ecn, const uint8_t *data,
	     size_t size, size_t segment, size_t *sent);

/* udp_close stops and closes the socket. `udp` is freed when the loop runs its
 * close callbacks. */
void udp_close(struct udp *udp);

#endif
