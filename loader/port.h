/* SPDX-License-Identifier: GPL-2.0-only */
/* A UDP port of the service: who holds it, and terminators' sockets on it. */
#ifndef QS_LOADER_PORT_H
#define QS_LOADER_PORT_H

#include <stddef.h>
#include <stdint.h>

/*
 * port_check: whether nobody but terminators of an earlier loader holds the
 * UDP port. Called when no terminator is recorded in the maps. Returns 0, or
 * -1 after writing who holds it into `text`.
 */
int port_check(uint16_t port, char *text, size_t size);

/*
 * port_open_socket: a UDP socket for one terminator on [::]:port (IPv4 too; on
 * 0.0.0.0 where IPv6 is off), sharing the port by SO_REUSEADDR, with buffers of
 * 8 MiB. Never SO_REUSEPORT: the kernel would choose again inside its group and
 * override bpf_sk_assign(). Transparent, since else NAT rules on this machine
 * override it, too. Returns the socket or -errno.
 */
int port_open_socket(uint16_t port);

/*
 * port_of_socket: the port of such a socket. Returns 0, -ENOTSOCK, -EPROTOTYPE
 * (not UDP) or -EEXIST (shares its port by SO_REUSEPORT).
 */
int port_of_socket(int fd, uint16_t *ret_port);

#endif
