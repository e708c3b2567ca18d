/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What deploy/patches adds to ngtcp2 and its own headers do not declare.
 */
#ifndef TERMINATOR_NGTCP2_MORE_H
#define TERMINATOR_NGTCP2_MORE_H

#include <ngtcp2/ngtcp2.h>
#include <stdint.h>

/* ngtcp2_conn_get_pkt_lost tells how many packets were declared lost, without
 * probes of path MTU discovery. */
uint64_t ngtcp2_conn_get_pkt_lost(const ngtcp2_conn *conn);

#endif
