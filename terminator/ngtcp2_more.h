/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ngtcp2 has, by deploy/patches or by itself, and its public headers do
 * not declare.
 */
#ifndef TERMINATOR_NGTCP2_MORE_H
#define TERMINATOR_NGTCP2_MORE_H

#include <ngtcp2/ngtcp2.h>
#include <stdint.h>

/* ngtcp2_conn_get_pkt_lost tells how many packets were declared lost, without
 * probes of path MTU discovery. */
uint64_t ngtcp2_conn_get_pkt_lost(const ngtcp2_conn *conn);

/* ngtcp2_conn_get_idle_expiry tells when the idle timeout is; UINT64_MAX:
 * never. Whenever a packet is taken, it changes. */
ngtcp2_tstamp ngtcp2_conn_get_idle_expiry(ngtcp2_conn *conn);

#endif
