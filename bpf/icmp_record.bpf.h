/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ICMP errors about a VIP's datagrams say, for the loader, who gives it to
 * the terminators. How fast it takes them from the ring bounds all that anybody
 * can cause with forged ones.
 */
#ifndef QUICSTEER_ICMP_RECORD_BPF_H
#define QUICSTEER_ICMP_RECORD_BPF_H

#include "bpf/decide.bpf.h"
#include "bpf/icmp.bpf.h"
#include "bpf/maps.bpf.h"

enum {
	ICMP_FRAGMENTATION_NEEDED = 4, /* code of ICMP_UNREACHABLE */
	/* Two headers of 60 octets, ICMP and UDP: what precedes the datagram
	 * that is quoted. */
	MAX_QUOTE_OFFSET = MAX_IP_OFFSET + 2 * 60 + ICMP_HEADER + 8,
};

/* Whether it is an IPv4 address: ::ffff:a.b.c.d. */
static __always_inline int is_mapped(const __u8 *address)
{
	const __u32 *word = (const __u32 *)address;

	return !word[0] && !word[1] && word[2] == bpf_htonl(0xffff);
}

static __always_inline void count_ring_full(void)
{
	struct qs_icmp_relays *relays;
	__u32 zero = 0;

	relays = bpf_map_lookup_elem(&icmp_relays, &zero);
	if (relays)
		__sync_fetch_and_add(&relays->named.ring_full, 1);
}

static __always_inline void fill_kind(struct qs_icmp_error *error,
				      const __u8 *header, int is_ipv6)
{
	error->kind = QS_ICMP_UNREACHABLE;
	error->code = header[1];
	if (is_ipv6 && header[0] == ICMP6_TOO_BIG) {
		error->kind = QS_ICMP_TOO_BIG;
		error->mtu = (__u32)header[4] << 24 | header[5] << 16 |
			     header[6] << 8 | header[7];
	} else if (!is_ipv6 && header[1] == ICMP_FRAGMENTATION_NEEDED) {
		error->kind = QS_ICMP_TOO_BIG;
		error->mtu = header[6] << 8 | header[7];
	}
}

/* A global function: the verifier looks at it once. */
__noinline int record_icmp(CONTEXT *ctx, const struct qs_tuple *tuple,
			   const struct icmp_place *place, __u32 slot)
{
	void *start = (void *)(long)ctx->data;
	void *end = (void *)(long)ctx->data_end;
	struct qs_icmp_error *error;
	__u8 *header, *quoted;
	__u32 at, i;

	if (!tuple || !place)
		return 0;
	at = place->header;
	i = place->datagram;
	if (at > MAX_QUOTE_OFFSET || i > MAX_QUOTE_OFFSET)
		return 0;
	header = start + at;
	quoted = start + i;
	if ((void *)header + ICMP_HEADER > end)
		return 0;
	error = bpf_ringbuf_reserve(&icmp_errors, sizeof(*error), 0);
	if (!error) {
		count_ring_full();
		return 0;
	}
	__builtin_memset(error, 0, sizeof(*error));
	__builtin_memcpy(error->vip, tuple->destination, 16);
	__builtin_memcpy(error->client, tuple->source, 16);
	__builtin_memcpy(error->vip_port, tuple->destination_port, 2);
	__builtin_memcpy(error->client_port, tuple->source_port, 2);
	error->slot = slot;
	fill_kind(error, header, !is_mapped(tuple->source));
	for (i = 0; i < QS_ICMP_QUOTED; i++) {
		if ((void *)quoted + i + 1 > end)
			break;
		error->quoted[i] = quoted[i];
	}
	error->quoted_size = i;
	bpf_ringbuf_submit(error, 0);
	return 0;
}

/* Costs a comparison unless the packet is such an error. */
static __always_inline void note_icmp(CONTEXT *ctx, int verdict,
				      const struct target *target,
				      const struct qs_tuple *tuple)
{
	if (verdict < QS_VERDICT_pass_icmp || verdict > QS_VERDICT_hash_icmp)
		return;
	record_icmp(ctx, tuple, &target->icmp,
		    verdict == QS_VERDICT_route_icmp ? target->slot
						     : QS_NO_SLOT);
}

#endif
