/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tc ingress program: gives the skb to the socket of the terminator that
 * the XDP program named in the metadata. Where there is no metadata (a driver
 * without room for it, or no XDP at all) it decides itself, by the same code.
 */
#define CONTEXT struct __sk_buff
#include "bpf/count.bpf.h"
#include "bpf/decide.bpf.h"
#include "bpf/events.bpf.h"
#include "bpf/icmp_record.bpf.h"

char _license[] SEC("license") = "GPL";

enum {
	TC_ACT_UNSPEC = -1, /* go on with the next program, as TCX_NEXT */
	TC_ACT_SHOT = 2,
	/* Ethernet, IPv6 with extension headers, UDP, a DCID of 255 octets */
	HEADERS_MAX = 1024,
};

static __always_inline int count_delivery(enum qs_delivery delivery)
{
	struct qs_deliveries *counters;
	__u32 zero = 0;

	counters = bpf_map_lookup_elem(&deliveries, &zero);
	if (counters)
		counters->count[delivery]++;
	switch (delivery) {
	case QS_DELIVERY_metadata:
	case QS_DELIVERY_decoded:
	case QS_DELIVERY_not_ours:
		return TC_ACT_UNSPEC;
	default:
		return TC_ACT_SHOT;
	}
}

/* Whether the XDP program wrote metadata, and the socket in it. */
static __always_inline int read_metadata(struct __sk_buff *skb, __u32 *index)
{
	struct qs_metadata *metadata = (void *)(long)skb->data_meta;

	if ((void *)(metadata + 1) > (void *)(long)skb->data ||
	    metadata->magic != QS_METADATA_MAGIC)
		return 0;
	*index = metadata->socket;
	return 1;
}

/* Gives the skb to the socket; `how` is counted if that succeeds. */
static __always_inline int assign(struct __sk_buff *skb, __u32 index,
				  enum qs_delivery how)
{
	struct bpf_sock *socket;
	long error;

	socket = bpf_map_lookup_elem(&sockets, &index);
	if (!socket)
		return count_delivery(QS_DELIVERY_no_socket);
	error = bpf_sk_assign(skb, socket, 0);
	bpf_sk_release(socket);
	return count_delivery(error ? QS_DELIVERY_refused : how);
}

/* Where XDP runs, it has counted the packet already. What GRO merged has lost
 * the headers of all its packets but one. A global function: the verifier looks
 * at it once, and not once for each way to it. */
__noinline int count_alone(struct __sk_buff *skb, int verdict, __u32 slot,
			   const struct qs_tuple *tuple,
			   const struct quic *quic)
{
	__u32 packets = skb->gso_segs ? skb->gso_segs : 1;
	const struct qs_settings *s = find_settings();

	if (!s || !tuple || !quic || s->attach_mode != QS_ATTACH_TC)
		return 0;
	count_verdict(verdict, packets);
	sample(s, tuple, quic, slot, verdict, skb->len);
	if (is_steered(verdict))
		count_traffic(slot, verdict, packets, skb->len);
	return 0;
}

SEC("tc")
int quicsteer_deliver(struct __sk_buff *skb)
{
	const struct qs_settings *s = find_settings();
	struct target target = {.slot = QS_NO_SLOT};
	struct qs_tuple tuple = {};
	struct quic quic = {};
	__u32 index;
	int verdict;

	if (read_metadata(skb, &index))
		return assign(skb, index, QS_DELIVERY_metadata);

	if (!s || bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len
								: HEADERS_MAX))
		return count_delivery(QS_DELIVERY_not_ours);
	verdict = decide(skb, s, skb->len, &target, &tuple, &quic);
	count_alone(skb, verdict, target.slot, &tuple, &quic);
	if (is_steered(verdict))
		return assign(skb,
			      QS_SOCKET_INDEX(target.slot, target.port_index),
			      QS_DELIVERY_decoded);
	/* Where XDP is attached, it has noted it before. */
	if (s->attach_mode == QS_ATTACH_TC)
		note_icmp(skb, verdict, &target, &tuple);
	return count_delivery(is_passed(verdict) ? QS_DELIVERY_not_ours
						 : QS_DELIVERY_undecided);
}
