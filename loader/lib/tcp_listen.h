/* SPDX-License-Identifier: GPL-2.0-only */
/* Listening TCP sockets of the service. */
#ifndef QS_LOADER_LIB_TCP_LISTEN_H
#define QS_LOADER_LIB_TCP_LISTEN_H

#include "quicsteer/abi.h"

/*
 * qs_tcp_listen: a listening socket at the address, which need not be there
 * yet; 0.0.0.0 and [::] stand for every address of both families. Returns it
 * or -errno.
 */
int qs_tcp_listen(const struct qs_vip_key *address);

/*
 * qs_tcp_listen_check: whether the descriptor is a TCP socket that listens at
 * the address. Returns 0, or -errno: -EADDRNOTAVAIL if it is another address,
 * -EPROTOTYPE if it does not listen.
 */
int qs_tcp_listen_check(int fd, const struct qs_vip_key *address);

#endif
