/* SPDX-License-Identifier: GPL-2.0-only */
/* IPv4 options and IPv6 extension headers of packets to VIPs: steered like any
 * other packet, or dropped, as configured. */
#ifndef QUICSTEER_OPTIONS_BPF_H
#define QUICSTEER_OPTIONS_BPF_H

#include "bpf/maps.bpf.h"
#include "bpf/parse.bpf.h"

/* The settings are read only for packets that have any. */
static __always_inline int check_options(const struct packet *packet)
{
	struct qs_settings *s;
	__u32 zero = 0;

	if (!packet->has_options)
		return GO_ON;
	s = bpf_map_lookup_elem(&settings, &zero);
	if (!s)
		return QS_VERDICT_drop_internal;
	return s->flags & QS_SETTING_DROP_OPTIONS ? QS_VERDICT_drop_options
						  : GO_ON;
}

#endif
