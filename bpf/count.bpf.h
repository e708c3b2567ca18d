/* SPDX-License-Identifier: GPL-2.0-only */
/* The counters of the program that decides: XDP, or tc where XDP is not
 * attached. */
#ifndef QUICSTEER_COUNT_BPF_H
#define QUICSTEER_COUNT_BPF_H

#include "bpf/maps.bpf.h"

static __always_inline void count_verdict(__u32 verdict, __u32 packets)
{
	struct qs_verdicts *counters;
	__u32 zero = 0;

	if (verdict >= QS_VERDICT_COUNT)
		verdict = QS_VERDICT_drop_internal;
	counters = bpf_map_lookup_elem(&verdicts, &zero);
	if (counters)
		counters->count[verdict] += packets;
}

static __always_inline void count_traffic(__u32 slot, int verdict,
					  __u32 packets, __u32 bytes)
{
	struct qs_traffic *traffic;

	traffic = bpf_map_lookup_elem(&terminator_traffic, &slot);
	if (!traffic)
		return;
	traffic->packets += packets;
	traffic->bytes += bytes;
	if (verdict <= QS_VERDICT_route_long)
		traffic->by_cid += packets;
	else
		traffic->by_hash += packets;
}

#endif
