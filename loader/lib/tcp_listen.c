/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/tcp_listen.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel cuts it to net.core.somaxconn. */
enum { BACKLOG = 65535 };

/* Silent connections are probed, and given up two minutes after the last word.
 */
enum { PROBE_AFTER_S = 60, PROBE_EVERY_S = 10, PROBES = 6 };

#ifndef IPV6_FREEBIND
#define IPV6_FREEBIND 78
#endif

static int set(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) < 0 ? -errno
									: 0;
}

static int bind_v4(int fd, const struct qs_vip_key *address)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(address->port),
	};

	if (!qs_endpoint_is_any(address))
		memcpy(&to.sin_addr, address->address + 12, 4);
	set(fd, IPPROTO_IP, IP_FREEBIND, 1);
	return bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

static int bind_v6(int fd, const struct qs_vip_key *address)
{
	bool any = qs_endpoint_is_any(address);
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = htons(address->port),
	};
	int error = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, !any);

	if (error)
		return error;
	if (!any)
		memcpy(&to.sin6_addr, address->address, 16);
	set(fd, IPPROTO_IPV6, IPV6_FREEBIND, 1);
	return bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ? -errno : 0;
}

/* Sockets that are accepted have it from here: a WebSocket may be silent for
 * ever, but not after its client has vanished. */
static int probe_silent(int fd)
{
	int error = set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);

	if (!error)
		error = set(fd, IPPROTO_TCP, TCP_KEEPIDLE, PROBE_AFTER_S);
	if (!error)
		error = set(fd, IPPROTO_TCP, TCP_KEEPINTVL, PROBE_EVERY_S);
	if (!error)
		error = set(fd, IPPROTO_TCP, TCP_KEEPCNT, PROBES);
	return error;
}

int qs_tcp_listen(const struct qs_vip_key *address)
{
	bool any = qs_endpoint_is_any(address);
	int family = !any && qs_endpoint_is_v4(address) ? AF_INET : AF_INET6;
	int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
	int fd = socket(family, type, 0), error;

	if (fd < 0 && any && errno == EAFNOSUPPORT) {
		family = AF_INET;
		fd = socket(family, type, 0);
	}
	if (fd < 0)
		return -errno;
	error = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (!error)
		error = probe_silent(fd);
	if (!error)
		error = family == AF_INET ? bind_v4(fd, address)
					  : bind_v6(fd, address);
	if (!error && listen(fd, BACKLOG) < 0)
		error = -errno;
	if (!error)
		return fd;
	close(fd);
	return error;
}

static int integer_option(int fd, int option)
{
	int value = -1;
	socklen_t length = sizeof(value);

	getsockopt(fd, SOL_SOCKET, option, &value, &length);
	return value;
}

int qs_tcp_listen_check(int fd, const struct qs_vip_key *address)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} bound = {};
	struct qs_vip_key found = {.address = {[10] = 0xff, [11] = 0xff}};
	socklen_t length = sizeof(bound);

	if (integer_option(fd, SO_PROTOCOL) != IPPROTO_TCP ||
	    integer_option(fd, SO_ACCEPTCONN) != 1)
		return -EPROTOTYPE;
	if (getsockname(fd, &bound.any, &length) < 0)
		return -errno;
	if (bound.any.sa_family == AF_INET6)
		memcpy(found.address, &bound.v6.sin6_addr, 16);
	else
		memcpy(found.address + 12, &bound.v4.sin_addr, 4);
	/* The port lies at the same place in both. */
	if (ntohs(bound.v6.sin6_port) != address->port)
		return -EADDRNOTAVAIL;
	if (qs_endpoint_is_any(address) && qs_endpoint_is_any(&found))
		return 0;
	return memcmp(found.address, address->address, 16) ? -EADDRNOTAVAIL : 0;
}
