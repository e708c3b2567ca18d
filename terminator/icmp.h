/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ICMP errors that the loader relays: "packet too big" makes the datagrams of
 * the path smaller, at once instead of never; "unreachable" is only counted, as
 * no ICMP error may end a connection (RFC 9000, 14.2.1 and 21.1).
 */
#ifndef TERMINATOR_ICMP_H
#define TERMINATOR_ICMP_H

#include "quicsteer/control.h"

struct quic;

/* icmp_take takes in what the loader sent. */
void icmp_take(struct quic *quic, const struct qs_icmp_errors *message);

#endif
