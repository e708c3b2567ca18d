/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From the start of a frame to its UDP payload: Ethernet, VLAN tags, IPv4 with
 * options, IPv6 with extension headers, UDP. The XDP and the tc program share
 * it; each defines CONTEXT as the type of its context first.
 *
 * Each step returns the verdict it came to, or GO_ON.
 */
#ifndef QUICSTEER_PARSE_BPF_H
#define QUICSTEER_PARSE_BPF_H

#include "bpf/vmlinux.h"
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "quicsteer/counters.h"
#include "quicsteer/hash.h"

#define GO_ON QS_VERDICT_COUNT
/* From parse_ip() only: it is no UDP, but ICMP or ICMPv6. */
#define GO_ICMP (QS_VERDICT_COUNT + 1)

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_IPV6 = 0x86dd,
	ETHERTYPE_VLAN = 0x8100,     /* 802.1Q */
	ETHERTYPE_QINQ = 0x88a8,     /* 802.1ad, the outer of two */
	ETHERTYPE_OLD_QINQ = 0x9100, /* the same, from before 802.1ad */
	MAX_TAGS = 2,
	IPV4_MORE_FRAGMENTS = 0x2000,
	IPV4_FRAGMENT_OFFSET = 0x1fff,
	IPV6_FRAGMENT_OFFSET = 0xfff8,
	IPV6_MORE_FRAGMENTS = 0x0001,
	MAX_EXTENSION_HEADERS = 6, /* RFC 8200, 4.1 lists 6 before UDP */
};

/* IPv6 next headers that <linux/in.h> has no enumerators for. */
enum {
	NEXT_HOP_BY_HOP = 0,
	NEXT_ROUTING = 43,
	NEXT_FRAGMENT = 44,
	NEXT_ICMPV6 = 58,
	NEXT_DESTINATION_OPTIONS = 60,
	NEXT_MOBILITY = 135,
	NEXT_HIP = 139,
	NEXT_SHIM6 = 140,
};

/* What is left of a packet behind the headers that were read. */
struct packet {
	CONTEXT *ctx;
	void *position;
	void *end;    /* of what can be read */
	__u32 length; /* octets from position on that the headers before claim;
			 in an skb more than can be read */
	__u8 first_fragment;
	__u8 has_options; /* of IPv4, or IPv6 extension headers */
	__u8 tags_size;	  /* octets of VLAN tags */
};

/* Whether `size` octets from the position on exist and can be read. */
static __always_inline int has(const struct packet *packet, __u32 size)
{
	return packet->position + size <= packet->end && packet->length >= size;
}

/* Steps over octets, which the caller knows to be within the packet. */
static __always_inline void advance(struct packet *packet, __u32 size)
{
	packet->position += size;
	packet->length -= size;
}

/*
 * Addresses are written 8 octets at once, as they are read again: the CPU does
 * not hand on to a load what two stores wrote just before, it waits for both.
 */
static __always_inline void write_ipv4(__u8 *mapped, __be32 address)
{
	__u64 *words = (__u64 *)mapped;

	words[0] = 0;
	words[1] = bpf_cpu_to_be64(0xffff00000000 | bpf_ntohl(address));
}

static __always_inline void write_ipv6(__u8 *to, const struct in6_addr *address)
{
	const __u64 *from = (const __u64 *)address;
	__u64 *words = (__u64 *)to;

	words[0] = from[0];
	words[1] = from[1];
}

static __always_inline int parse_ipv4(struct packet *packet,
				      struct qs_tuple *tuple)
{
	struct iphdr *ip = packet->position;
	__u32 header, total, fragment;

	if (!has(packet, sizeof(*ip)))
		return QS_VERDICT_pass_truncated;
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	if (ip->version != 4 || header < sizeof(*ip) || total < header ||
	    total > packet->length)
		return QS_VERDICT_pass_truncated;
	fragment = bpf_ntohs(ip->frag_off);
	if (ip->protocol != IPPROTO_UDP)
		return ip->protocol == IPPROTO_ICMP &&
				       !(fragment & IPV4_FRAGMENT_OFFSET)
			       ? GO_ICMP
			       : QS_VERDICT_pass_not_udp;
	if (fragment & IPV4_FRAGMENT_OFFSET)
		return QS_VERDICT_pass_fragment;

	packet->first_fragment = !!(fragment & IPV4_MORE_FRAGMENTS);
	packet->has_options = header > sizeof(*ip);
	write_ipv4(tuple->source, ip->saddr);
	write_ipv4(tuple->destination, ip->daddr);
	packet->length = total; /* without Ethernet's padding */
	advance(packet, header);
	return GO_ON;
}

/* What parse_extensions() found. */
struct extensions {
	__u32 size;   /* octets of all of them */
	__u32 offset; /* of the first one in the frame */
	__u8 next;    /* type of the first one, then of what follows */
	__u8 fragmented;
};

/* Whether an extension header is one that can be stepped over. */
static __always_inline int extension_verdict(__u8 next)
{
	switch (next) {
	case NEXT_HOP_BY_HOP:
	case NEXT_ROUTING:
	case NEXT_FRAGMENT:
	case NEXT_DESTINATION_OPTIONS:
		return GO_ON;
	case IPPROTO_AH:
	case IPPROTO_ESP:
	case NEXT_MOBILITY:
	case NEXT_HIP:
	case NEXT_SHIM6:
		return QS_VERDICT_pass_extensions;
	default:
		return QS_VERDICT_pass_not_udp;
	}
}

/* Steps over the extension header that found->next names (RFC 8200, 4). */
static __always_inline int parse_extension(struct packet *packet,
					   struct extensions *found)
{
	struct frag_hdr *header = packet->position;
	__u32 size = 8, fragment;

	if (!has(packet, sizeof(*header)))
		return QS_VERDICT_pass_truncated;
	if (found->next == NEXT_FRAGMENT) {
		fragment = bpf_ntohs(header->frag_off);
		if (fragment & IPV6_FRAGMENT_OFFSET)
			return QS_VERDICT_pass_fragment;
		found->fragmented |= fragment & IPV6_MORE_FRAGMENTS;
	} else {
		/* The others have their length there, without 8 octets. */
		size += header->reserved * 8;
	}
	if (packet->length < size)
		return QS_VERDICT_pass_truncated;
	found->next = header->nexthdr;
	advance(packet, size);
	return GO_ON;
}

enum {
	MAX_EXTENSIONS_OFFSET = sizeof(struct ethhdr) +
				MAX_TAGS * sizeof(struct vlan_hdr) +
				sizeof(struct ipv6hdr)
};

/*
 * Walks the extension headers behind an IPv6 header of `length` payload. A
 * global function: the verifier looks at it once, and goes on with one result
 * instead of one for each way through here.
 */
__noinline int parse_extensions(CONTEXT *ctx, __u32 length,
				struct extensions *found)
{
	struct packet packet = {
		.position = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
		.length = length,
	};
	int i, verdict;

	if (!found || found->offset > MAX_EXTENSIONS_OFFSET)
		return QS_VERDICT_drop_internal;
	packet.position += found->offset;
	for (i = 0; i < MAX_EXTENSION_HEADERS; i++) {
		if (found->next == IPPROTO_UDP)
			break;
		verdict = extension_verdict(found->next);
		if (verdict == GO_ON)
			verdict = parse_extension(&packet, found);
		if (verdict != GO_ON)
			return verdict;
	}
	found->size = length - packet.length;
	return found->next == IPPROTO_UDP ? GO_ON : QS_VERDICT_pass_extensions;
}

static __always_inline int skip_extensions(struct packet *packet, __u8 next)
{
	struct extensions found = {
		.next = next,
		.offset = sizeof(struct ethhdr) + packet->tags_size +
			  sizeof(struct ipv6hdr),
	};
	int verdict = parse_extensions(packet->ctx, packet->length, &found);

	if (verdict != GO_ON)
		return verdict;
	if (found.size > MAX_EXTENSION_HEADERS * 2048)
		return QS_VERDICT_drop_internal;
	packet->first_fragment = found.fragmented;
	packet->has_options = 1;
	advance(packet, found.size);
	return GO_ON;
}

static __always_inline int parse_ipv6(struct packet *packet,
				      struct qs_tuple *tuple)
{
	struct ipv6hdr *ip = packet->position;
	__u32 length;

	if (!has(packet, sizeof(*ip)))
		return QS_VERDICT_pass_truncated;
	length = bpf_ntohs(ip->payload_len);
	if (ip->version != 6 || sizeof(*ip) + length > packet->length)
		return QS_VERDICT_pass_truncated;

	write_ipv6(tuple->source, &ip->saddr);
	write_ipv6(tuple->destination, &ip->daddr);
	advance(packet, sizeof(*ip));
	packet->length = length; /* without Ethernet's padding */
	if (ip->nexthdr == IPPROTO_UDP)
		return GO_ON;
	if (ip->nexthdr == NEXT_ICMPV6)
		return GO_ICMP;
	return skip_extensions(packet, ip->nexthdr);
}

static __always_inline int is_tag(__u16 type, int outer)
{
	return type == ETHERTYPE_VLAN || type == ETHERTYPE_QINQ ||
	       (outer && type == ETHERTYPE_OLD_QINQ);
}

/* Steps over VLAN tags; *type becomes that of what they are in front of. */
static __always_inline int skip_tags(struct packet *packet, __u16 *type)
{
	int i;

	for (i = 0; i < MAX_TAGS && is_tag(*type, i == 0); i++) {
		struct vlan_hdr *tag = packet->position;

		if (!has(packet, sizeof(*tag)))
			return QS_VERDICT_pass_truncated;
		*type = bpf_ntohs(tag->h_vlan_encapsulated_proto);
		packet->tags_size += sizeof(*tag);
		advance(packet, sizeof(*tag));
	}
	return GO_ON;
}

/* Ethernet and IP, up to the UDP header. */
static __always_inline int parse_ip(struct packet *packet,
				    struct qs_tuple *tuple)
{
	struct ethhdr *ethernet = packet->position;
	__u16 type;
	int verdict;

	if (!has(packet, sizeof(*ethernet)))
		return QS_VERDICT_pass_truncated;
	type = bpf_ntohs(ethernet->h_proto);
	advance(packet, sizeof(*ethernet));
	if (__builtin_expect(is_tag(type, 1), 0)) {
		verdict = skip_tags(packet, &type);
		if (verdict != GO_ON)
			return verdict;
	}
	switch (type) {
	case ETHERTYPE_IPV4:
		return parse_ipv4(packet, tuple);
	case ETHERTYPE_IPV6:
		return parse_ipv6(packet, tuple);
	default:
		return QS_VERDICT_pass_not_ip;
	}
}

/* The ports only: whether the rest of UDP is right matters to a VIP alone. */
static __always_inline int parse_ports(struct packet *packet,
				       struct qs_tuple *tuple)
{
	struct udphdr *udp = packet->position;

	if (!has(packet, 4))
		return QS_VERDICT_pass_truncated;
	/* Both at once, as they are hashed. */
	*(__u32 *)tuple->source_port = *(__u32 *)&udp->source;
	return GO_ON;
}

/* Leaves exactly the UDP payload (RFC 768). */
static __always_inline int parse_udp(struct packet *packet)
{
	struct udphdr *udp = packet->position;
	__u32 length;

	if (packet->first_fragment)
		return QS_VERDICT_drop_fragment;
	if (!has(packet, sizeof(*udp)))
		return QS_VERDICT_drop_udp_length;
	length = bpf_ntohs(udp->len);
	if (length < sizeof(*udp) || length > packet->length)
		return QS_VERDICT_drop_udp_length;
	packet->length = length;
	advance(packet, sizeof(*udp));
	return GO_ON;
}

#endif
