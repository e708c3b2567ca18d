/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The way from a frame to a verdict and a slot, which both programs go: XDP
 * for every packet, tc for those that come to it without metadata.
 */
#ifndef QUICSTEER_DECIDE_BPF_H
#define QUICSTEER_DECIDE_BPF_H

#include "bpf/icmp.bpf.h"
#include "bpf/options.bpf.h"
#include "bpf/police.bpf.h"
#include "bpf/select.bpf.h"
#include "bpf/vips.bpf.h"

/* A routable CID decides, whatever the packet's type. */
static __always_inline int decide_by_cid(struct quic *quic, __u32 *slot)
{
	switch (select_by_cid(quic, slot)) {
	case CID_ROUTED:
		return quic->long_header ? QS_VERDICT_route_long
					 : QS_VERDICT_route_short;
	case CID_DEAD:
		quic->hash_verdict = QS_VERDICT_hash_dead;
		break;
	case CID_TOO_SHORT:
		if (!quic->long_header)
			return QS_VERDICT_drop_truncated;
		break;
	case CID_NO_CONFIG:
		if (!quic->long_header)
			quic->hash_verdict = QS_VERDICT_hash_short_config;
		break;
	case CID_UNKNOWN_SERVER:
		if (!quic->long_header)
			quic->hash_verdict = QS_VERDICT_hash_short_server;
		break;
	}
	return GO_ON;
}

/* Where a packet goes, if it is steered. */
struct target {
	__u32 slot;
	__u32 port_index;
	struct icmp_place icmp; /* of the _icmp verdicts */
};

/*
 * Decides about the frame of `ctx`, whose full length is `length`. Returns the
 * verdict; *target is set if it is one of the route_ or hash_ verdicts. *tuple
 * and *quic, zeros before, are left with what was read of the frame.
 */
static __always_inline int decide(CONTEXT *ctx, const struct qs_settings *s,
				  __u32 length, struct target *target,
				  struct qs_tuple *tuple, struct quic *quic)
{
	struct packet packet = {
		.ctx = ctx,
		.position = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.length = length,
	};
	int verdict;

	verdict = parse_ip(&packet, tuple);
	if (verdict == GO_ICMP)
		return decide_icmp(ctx,
				   sizeof(struct ethhdr) + packet.tags_size,
				   tuple, quic, &target->slot, &target->icmp);
	if (verdict == GO_ON)
		verdict = parse_ports(&packet, tuple);
	if (verdict == GO_ON)
		verdict = find_vip(s, tuple, &target->port_index);
	if (verdict == GO_ON)
		verdict = parse_udp(&packet);
	if (verdict == GO_ON)
		verdict = check_options(s, &packet);
	if (verdict == GO_ON)
		verdict = parse_quic(&packet, quic);
	if (verdict == GO_ON)
		verdict = decide_by_cid(quic, &target->slot);
	if (verdict == GO_ON)
		verdict = police(quic, tuple);
	if (verdict == GO_ON)
		verdict =
			select_by_hash(tuple, &target->slot, quic->long_header,
				       first_of_dcid(quic));
	return verdict == GO_ON ? quic->hash_verdict : verdict;
}

/* Whether the packet goes to a terminator. */
static __always_inline int is_steered(int verdict)
{
	return verdict >= QS_VERDICT_route_short &&
	       verdict <= QS_VERDICT_hash_pinned;
}

/* Whether the verdict leaves the packet to the kernel. */
static __always_inline int is_passed(int verdict)
{
	return verdict <= QS_VERDICT_hash_icmp;
}

#endif
