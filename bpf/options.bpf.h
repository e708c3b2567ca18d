/* SPDX-License-Identifier: GPL-2.0-only */
/* IPv4 options and IPv6 extension headers of packets to VIPs: steered like any
 * other packet, or dropped, as configured. */
#ifndef QUICSTEER_OPTIONS_BPF_H
#define QUICSTEER_OPTIONS_BPF_H

#include "bpf/maps.bpf.h"
#include "bpf/parse.bpf.h"

static __always_inline int check_options(const struct qs_settings *s,
					 const struct packet *packet)
{
	return packet->has_options && s->flags & QS_SETTING_DROP_OPTIONS
		       ? QS_VERDICT_drop_options
		       : GO_ON;
}

#endif
