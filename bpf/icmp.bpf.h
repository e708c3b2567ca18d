/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * ICMP and ICMPv6 errors about packets that were sent from a VIP: to whom they
 * belong, by the packet that they quote. They are left to the kernel, too,
 * which knows no owner: it notes the path's MTU for the destination, and tells
 * no socket of a terminator, as none has connected. So what they say goes to
 * the terminators by the loader (icmp_record.bpf.h; RFC 9000, 14.2.1).
 */
#ifndef QUICSTEER_ICMP_BPF_H
#define QUICSTEER_ICMP_BPF_H

#include "bpf/select.bpf.h"
#include "bpf/vips.bpf.h"

enum {
	ICMP_UNREACHABLE = 3, /* with "fragmentation needed" */
	ICMP6_UNREACHABLE = 1,
	ICMP6_TOO_BIG = 2,
	ICMP_HEADER = 8, /* octets, then the quoted packet */
	/* Ethernet, two VLAN tags */
	MAX_IP_OFFSET =
		sizeof(struct ethhdr) + MAX_TAGS * sizeof(struct vlan_hdr),
};

/* Where in the frame an ICMP error is. */
struct icmp_place {
	__u32 header;	/* the ICMP or ICMPv6 header */
	__u32 datagram; /* the UDP payload that it quotes */
};

/* Whether `size` octets from the position on can be read. */
static __always_inline int is_quoted(const struct packet *packet, __u32 size)
{
	return packet->position + size <= packet->end;
}

/* Steps to the packet that an IPv4 ICMP error quotes, and over its header. */
static __always_inline int parse_quote4(struct packet *packet,
					struct qs_tuple *tuple,
					struct icmp_place *place)
{
	struct iphdr *ip = packet->position;
	__u8 *type;

	packet->position += ip->ihl * 4;
	place->header += ip->ihl * 4;
	type = packet->position;
	if (!is_quoted(packet, ICMP_HEADER) || *type != ICMP_UNREACHABLE)
		return QS_VERDICT_pass_not_udp;
	packet->position += ICMP_HEADER;
	ip = packet->position;
	if (!is_quoted(packet, sizeof(*ip)) || ip->version != 4 ||
	    ip->protocol != IPPROTO_UDP ||
	    bpf_ntohs(ip->frag_off) & IPV4_FRAGMENT_OFFSET)
		return QS_VERDICT_pass_not_udp;
	/* The quoted packet went the other way. */
	write_ipv4(tuple->source, ip->daddr);
	write_ipv4(tuple->destination, ip->saddr);
	packet->position += ip->ihl * 4;
	return GO_ON;
}

static __always_inline int parse_quote6(struct packet *packet,
					struct qs_tuple *tuple,
					struct icmp_place *place)
{
	struct ipv6hdr *ip;
	__u8 *type;

	packet->position += sizeof(*ip);
	place->header += sizeof(*ip);
	type = packet->position;
	if (!is_quoted(packet, ICMP_HEADER) ||
	    (*type != ICMP6_UNREACHABLE && *type != ICMP6_TOO_BIG))
		return QS_VERDICT_pass_not_udp;
	packet->position += ICMP_HEADER;
	ip = packet->position;
	if (!is_quoted(packet, sizeof(*ip)) || ip->version != 6 ||
	    ip->nexthdr != IPPROTO_UDP)
		return QS_VERDICT_pass_not_udp;
	write_ipv6(tuple->source, &ip->daddr);
	write_ipv6(tuple->destination, &ip->saddr);
	packet->position += sizeof(*ip);
	return GO_ON;
}

static __always_inline int parse_quoted_ports(struct packet *packet,
					      struct qs_tuple *tuple)
{
	struct udphdr *udp = packet->position;

	if (!is_quoted(packet, sizeof(*udp)))
		return QS_VERDICT_pass_not_udp;
	__builtin_memcpy(tuple->source_port, &udp->dest, 2);
	__builtin_memcpy(tuple->destination_port, &udp->source, 2);
	packet->position += sizeof(*udp);
	return GO_ON;
}

/* Reads the SCID of a long header, which is a terminator's: its DCID, and that
 * of a short header, is the client's. */
static __always_inline int read_quoted_scid(struct packet *packet,
					    struct quic *quic)
{
	__u8 *octets = packet->position;
	__u32 length;

	if (!is_quoted(packet, QUIC_LONG_HEADER_MIN) ||
	    !(octets[0] & QUIC_LONG_HEADER))
		return 0;
	packet->position += QUIC_DCID_OFFSET + octets[5];
	octets = packet->position;
	if (!is_quoted(packet, 1))
		return 0;
	length = octets[0];
	packet->position++;
	if (length > QS_CID_MAX)
		return 0;
	quic->long_header = 1;
	quic->cid_length = length;
	return read_cid(packet, quic) == GO_ON;
}

/*
 * Reads an ICMP or ICMPv6 packet whose IP header is at `offset`. Returns GO_ON
 * if it is an error about a packet from a VIP; then *tuple is that of the
 * packets to the VIP, *place is filled, and quic->cid_length is not 0 if it
 * quotes a CID of ours. A global function: the verifier looks at it once.
 */
__noinline int read_icmp(CONTEXT *ctx, __u32 offset, struct qs_tuple *tuple,
			 struct quic *quic, struct icmp_place *place)
{
	struct packet packet = {
		.position = (void *)(long)ctx->data,
		.end = (void *)(long)ctx->data_end,
	};
	const struct qs_settings *s = find_settings();
	__u32 port_index;
	struct iphdr *ip;
	int verdict;

	if (!s || !tuple || !quic || !place || offset > MAX_IP_OFFSET)
		return QS_VERDICT_drop_internal;
	packet.position += offset;
	ip = packet.position;
	if (!is_quoted(&packet, sizeof(*ip)))
		return QS_VERDICT_pass_not_udp;
	place->header = offset;
	verdict = ip->version == 4 ? parse_quote4(&packet, tuple, place)
				   : parse_quote6(&packet, tuple, place);
	if (verdict == GO_ON)
		verdict = parse_quoted_ports(&packet, tuple);
	if (verdict == GO_ON)
		verdict = find_vip(s, tuple, &port_index);
	if (verdict != GO_ON)
		return QS_VERDICT_pass_not_udp;
	place->datagram = packet.position - (void *)(long)ctx->data;
	if (!read_quoted_scid(&packet, quic))
		quic->cid_length = 0;
	return GO_ON;
}

/* The verdict about such a packet, and the slot of the one that it is for. */
static __always_inline int decide_icmp(CONTEXT *ctx, __u32 offset,
				       struct qs_tuple *tuple,
				       struct quic *quic, __u32 *slot,
				       struct icmp_place *place)
{
	int verdict = read_icmp(ctx, offset, tuple, quic, place);

	if (verdict != GO_ON)
		return verdict;
	if (select_by_cid(quic, slot) == CID_ROUTED)
		return QS_VERDICT_route_icmp;
	verdict = select_by_hash(tuple, slot, 0, 0);
	return verdict == GO_ON ? QS_VERDICT_hash_icmp : QS_VERDICT_pass_icmp;
}

#endif
