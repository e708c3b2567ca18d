/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether a packet is for a VIP. The map `vips` says so; what it said about the
 * last few destinations is remembered, which is several times as fast as a
 * hash map (and twice that for a destination that is no VIP, as wildcards are
 * asked for, too). The memory is each CPU's own, so it needs no locks, and is
 * void once the loader has counted qs_settings.vips_generation on.
 */
#ifndef QUICSTEER_VIPS_BPF_H
#define QUICSTEER_VIPS_BPF_H

#include "bpf/maps.bpf.h"
#include "bpf/parse.bpf.h"

enum {
	VIP_MEMORY_BITS = 6,
	NOT_A_VIP = 0xffff,
};

struct vip_memory {
	__u64 address[2];
	__u16 port;	  /* network order */
	__u16 port_index; /* or NOT_A_VIP */
	__u32 generation; /* of the map when it said so */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1 << VIP_MEMORY_BITS);
	__type(key, __u32);
	__type(value, struct vip_memory);
} vip_memory SEC(".maps");

/* The destination is a VIP itself or by a wildcard, or NOT_A_VIP. */
static __noinline __u32 ask_vips(const struct qs_tuple *tuple)
{
	struct qs_vip_key key __attribute__((aligned(8))) = {
		.port = tuple->destination_port[0] << 8 |
			tuple->destination_port[1],
	};
	struct qs_vip *vip;

	__builtin_memcpy(key.address, tuple->destination, 16);
	vip = bpf_map_lookup_elem(&vips, &key);
	if (!vip) {
		__builtin_memset(key.address, 0, 16);
		vip = bpf_map_lookup_elem(&vips, &key);
	}
	return vip ? (__u16)vip->port_index : NOT_A_VIP;
}

/* Sets *port_index to that of the VIP's port. */
static __always_inline int find_vip(const struct qs_settings *s,
				    const struct qs_tuple *tuple,
				    __u32 *port_index)
{
	const __u64 *address = (const __u64 *)tuple->destination;
	__u16 port = *(const __u16 *)tuple->destination_port;
	struct vip_memory *memory;
	__u32 index;

	index = ((__u32)(address[1] >> 32) + port) * 0x9e3779b1U >>
		(32 - VIP_MEMORY_BITS);
	memory = bpf_map_lookup_elem(&vip_memory, &index);
	if (!memory)
		return QS_VERDICT_drop_internal;
	if (memory->address[0] != address[0] ||
	    memory->address[1] != address[1] || memory->port != port ||
	    memory->generation != s->vips_generation) {
		/* Before the map is asked: it may change in between. */
		memory->generation = s->vips_generation;
		memory->port_index = ask_vips(tuple);
		memory->address[0] = address[0];
		memory->address[1] = address[1];
		memory->port = port;
	}
	*port_index = memory->port_index;
	return memory->port_index == NOT_A_VIP ? QS_VERDICT_pass_not_vip
					       : GO_ON;
}

#endif
