/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The socket of a terminator without a loader.
 */
#ifndef TERMINATOR_UDP_OPEN_H
#define TERMINATOR_UDP_OPEN_H

#include "quicsteer/abi.h"

/* udp_open opens a socket in a SO_REUSEPORT group: the kernel's hash chooses
 * the process. Returns it, or -errno. */
int udp_open(const struct qs_vip_key *listen);

#endif
