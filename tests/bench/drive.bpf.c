/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Programs that make a packet ready and then go on in the one to be measured.
 *
 * BPF_PROG_TEST_RUN gives each repeat the frame and context as the run before
 * left them: metadata piles up until there is no more room for it, and then
 * bpf_xdp_adjust_meta() fails and what follows is not done. So the metadata is
 * taken away here before each run. What that costs, and the packet that is new
 * in each run, is measured with a program behind it that only passes.
 */
#include "bpf/vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "tests/bench/drive.h"

char _license[] SEC("license") = "GPL";

enum { SOURCE_OFFSET = 14 + 12, PORT_OFFSET = 14 + 20, CID_OFFSET = 43 };

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} next SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, DRIVE_FLOWS);
	__type(key, __u32);
	__type(value, struct drive_flow);
} flows SEC(".maps");

__u32 packets;

static __always_inline int go_on(struct xdp_md *ctx)
{
	bpf_xdp_adjust_meta(ctx, ctx->data - ctx->data_meta);
	bpf_tail_call(ctx, &next, 0);
	return XDP_ABORTED;
}

/* Each run the same packet. */
SEC("xdp")
int drive_same(struct xdp_md *ctx)
{
	return go_on(ctx);
}

/* Each run a packet of another client: 2^32 before one comes again. */
SEC("xdp")
int drive_tuples(struct xdp_md *ctx)
{
	__u8 *octets = (void *)(long)ctx->data;
	__u32 source = packets++ * 0x9e3779b1;

	if ((void *)(octets + PORT_OFFSET + 2) > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	*(__u16 *)(octets + SOURCE_OFFSET + 2) = source;
	*(__u16 *)(octets + PORT_OFFSET) = source >> 16;
	return go_on(ctx);
}

/* Each run a packet of another of DRIVE_FLOWS connections. */
SEC("xdp")
int drive_flows(struct xdp_md *ctx)
{
	__u8 *octets = (void *)(long)ctx->data;
	__u32 index = packets++ * 0x9e3779b1 >> 16;
	struct drive_flow *flow = bpf_map_lookup_elem(&flows, &index);

	if (!flow || (void *)(octets + CID_OFFSET + sizeof(flow->cid)) >
			     (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(octets + SOURCE_OFFSET, flow->source, 4);
	__builtin_memcpy(octets + PORT_OFFSET, flow->source_port, 2);
	__builtin_memcpy(octets + CID_OFFSET, flow->cid, 17);
	return go_on(ctx);
}

SEC("xdp")
int pass(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_PASS;
}
