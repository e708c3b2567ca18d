/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test clients' UDP sockets on a libuv loop: one endpoint may carry
 * several connections, and a connection may move between endpoints.
 */
#ifndef TESTS_CLIENT_UDP_H
#define TESTS_CLIENT_UDP_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <uv.h>

struct udp_address {
	struct sockaddr_storage storage;
	socklen_t size;
};

struct udp_endpoint;

/* Called for each datagram. `sender` is valid during the call only. */
typedef void (*udp_receive_cb)(struct udp_endpoint *endpoint,
			       const struct udp_address *sender,
			       const uint8_t *data, size_t size);

struct udp_endpoint {
	uv_poll_t poll; /* first: handle and endpoint are one pointer */
	int fd;
	unsigned int users;
	struct udp_address local;
	udp_receive_cb receive;
	void *user; /* the receiver's own */
};

/* udp_parse reads ADDRESS:PORT, [ADDRESS]:PORT or a bare ADDRESS (port 0).
 * Numeric only. Returns 0 or -EINVAL. */
int udp_parse(const char *text, struct udp_address *ret_address);

/* udp_port returns an address's port in host order. */
unsigned int udp_port(const struct udp_address *address);

/* udp_open opens a socket towards `remote` on a free port of `local` (NULL: the
 * address that the route to `remote` gives), with large buffers, and begins to
 * receive. The endpoint starts with one user. Returns NULL with errno set. */
struct udp_endpoint *udp_open(uv_loop_t *loop, const struct udp_address *local,
			      const struct udp_address *remote,
			      udp_receive_cb receive, void *user);

/* udp_hold adds a user to the endpoint and returns it. */
struct udp_endpoint *udp_hold(struct udp_endpoint *endpoint);

/* udp_release takes a user away; with the last one the socket is closed. */
void udp_release(struct udp_endpoint *endpoint);

/* udp_send sends `size` octets as datagrams of `segment` octets each, the last
 * one may be shorter; at most 64 KiB in all. Returns 0 or -errno; a full socket
 * buffer is -EAGAIN, and then nothing was sent. */
int udp_send(struct udp_endpoint *endpoint, const struct sockaddr *remote,
	     socklen_t remote_size, const uint8_t *data, size_t size,
	     size_t segment);

#endif
