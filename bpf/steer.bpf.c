/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XDP program: decides which terminator a datagram belongs to, writes its
 * slot into the packet's metadata for the tc program, and counts one verdict.
 */
#define CONTEXT struct xdp_md
#include "bpf/count.bpf.h"
#include "bpf/decide.bpf.h"
#include "bpf/events.bpf.h"
#include "bpf/icmp_record.bpf.h"

char _license[] SEC("license") = "GPL";

/* loader.cpu_steering, set by the loader before the kernel sees the program:
 * costs nothing where it is off. */
const volatile bool cpu_steering = false;

/* Where the driver has no room for metadata, tc finds none and decides again.
 */
static __always_inline void write_metadata(struct xdp_md *ctx,
					   const struct target *target)
{
	struct qs_metadata *metadata;

	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*metadata)))
		return;
	metadata = (void *)(long)ctx->data_meta;
	if ((void *)(metadata + 1) > (void *)(long)ctx->data)
		return;
	metadata->magic = QS_METADATA_MAGIC;
	metadata->socket = QS_SOCKET_INDEX(target->slot, target->port_index);
}

/* Hands the frame, metadata and all, to the CPU of its terminator. */
static __always_inline int go_to_cpu(__u32 slot)
{
	struct qs_terminator *terminator;

	if (!cpu_steering)
		return XDP_PASS;
	terminator = bpf_map_lookup_elem(&terminators, &slot);
	if (!terminator)
		return XDP_PASS;
	/* QS_NO_CPU, and a CPU that is not in the map: XDP_PASS. */
	return bpf_redirect_map(&cpus, terminator->cpu, XDP_PASS);
}

SEC("xdp")
int quicsteer_steer(struct xdp_md *ctx)
{
	const struct qs_settings *s = find_settings();
	__u32 length = ctx->data_end - ctx->data;
	struct target target = {.slot = QS_NO_SLOT};
	struct qs_tuple tuple = {};
	struct quic quic = {};
	int verdict;

	if (!s) {
		count_verdict(QS_VERDICT_drop_internal, 1);
		return XDP_DROP;
	}
	verdict = decide(ctx, s, length, &target, &tuple, &quic);
	count_verdict(verdict, 1);
	sample(s, &tuple, &quic, target.slot, verdict, length);
	if (is_steered(verdict)) {
		count_traffic(target.slot, verdict, 1, length);
		write_metadata(ctx, &target);
		return go_to_cpu(target.slot);
	}
	note_icmp(ctx, verdict, &target, &tuple);
	return is_passed(verdict) ? XDP_PASS : XDP_DROP;
}
