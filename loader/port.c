/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/port.h"
#include "loader/holder.h"
#include "loader/lib/log.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* Bursts of Initials overrun the kernel's default of 208 KiB. */
enum { SOCKET_BUFFER = 8 << 20 };

#define TERMINATOR_PROGRAM "quicsteer-terminator"

static int bind_any(int fd, int family, uint16_t port)
{
	struct sockaddr_in6 any6 = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(port),
	};
	struct sockaddr_in any4 = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
	};

	if (family == AF_INET6)
		return bind(fd, (struct sockaddr *)&any6, sizeof(any6));
	return bind(fd, (struct sockaddr *)&any4, sizeof(any4));
}

static int open_bound(uint16_t port, bool shared)
{
	int family = AF_INET6, no = 0, yes = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 && errno == EAFNOSUPPORT) {
		family = AF_INET;
		fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
			    0);
	}
	if (fd < 0)
		return -errno;
	if ((family == AF_INET6 &&
	     setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no)) < 0) ||
	    (shared &&
	     setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0) ||
	    bind_any(fd, family, port) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

static int try_bind(uint16_t port, bool shared)
{
	int fd = open_bound(port, shared);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

int port_check(uint16_t port, char *text, size_t size)
{
	char holder[HOLDER_TEXT];
	int error = try_bind(port, false);

	if (!error)
		return 0;
	if (error != -EADDRINUSE) {
		snprintf(text, size, "cannot bind UDP port %u: %s", port,
			 strerror(-error));
		return -1;
	}
	if (holder_is_program(HOLDER_UDP, port, TERMINATOR_PROGRAM) &&
	    !try_bind(port, true)) {
		log_info("terminators of an earlier loader hold UDP port %u "
			 "and may resume",
			 port);
		return 0;
	}
	snprintf(text, size,
		 "UDP port %u is taken by %s: stop it, or choose a VIP of "
		 "another port",
		 port, holder_describe(HOLDER_UDP, port, holder));
	return -1;
}

static void set_buffer(int fd, int force_option, int option)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, force_option, &size, sizeof(size)) < 0 &&
	    setsockopt(fd, SOL_SOCKET, option, &size, sizeof(size)) < 0)
		log_warn("cannot enlarge the buffers of a UDP socket: %s",
			 strerror(errno));
}

/* Netfilter takes an unconnected socket for one that NAT has made wrong, and
 * drops what bpf_sk_assign() chose, unless the socket is transparent. */
static void set_transparent(int fd)
{
	int yes = 1;

	if (setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &yes, sizeof(yes)) &&
	    setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &yes, sizeof(yes)))
		log_warn("cannot make a UDP socket transparent: %s; NAT rules "
			 "on this machine would misdirect its packets",
			 strerror(errno));
}

int port_open_socket(uint16_t port)
{
	int fd = open_bound(port, true);

	if (fd < 0)
		return fd;
	set_transparent(fd);
	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	return fd;
}

static int integer_option(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	getsockopt(fd, SOL_SOCKET, option, &value, &length);
	return value;
}

int port_of_socket(int fd, uint16_t *ret_port)
{
	struct sockaddr_in6 address = {};
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0)
		return -errno;
	if (integer_option(fd, SO_PROTOCOL) != IPPROTO_UDP)
		return -EPROTOTYPE;
	/* The port lies at the same place in both families' addresses. */
	*ret_port = ntohs(address.sin6_port);
	return integer_option(fd, SO_REUSEPORT) ? -EEXIST : 0;
}
