/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decisions shown to lbctl events through a ring buffer: one of so many, of the
 * verdicts that it wants, while it runs. It renews event_end_ns; where it was
 * killed, the first packet after that time switches the sampling off.
 */
#ifndef QUICSTEER_EVENTS_BPF_H
#define QUICSTEER_EVENTS_BPF_H

#include "bpf/maps.bpf.h"
#include "bpf/quic.bpf.h"

static __always_inline void fill_event(struct qs_event *event,
				       const struct qs_tuple *tuple,
				       const struct quic *quic)
{
	__u64 last;

	__builtin_memcpy(event->source, tuple->source, 16);
	__builtin_memcpy(event->destination, tuple->destination, 16);
	__builtin_memcpy(event->source_port, tuple->source_port, 2);
	__builtin_memcpy(event->destination_port, tuple->destination_port, 2);
	event->cid_length =
		quic->cid_length < QS_CID_MAX ? quic->cid_length : QS_CID_MAX;
	event->cid[0] = quic->cid_first;
	qs_store_be64(event->cid + 1, quic->body.word[0]);
	qs_store_be64(event->cid + 9, quic->body.word[1]);
	last = quic->body.word[2];
	event->cid[17] = last >> 56;
	event->cid[18] = last >> 48;
	event->cid[19] = last >> 40;
}

/* Whether this decision is to be shown. */
static __always_inline int is_sampled(struct qs_settings *s, __u32 verdict,
				      __u64 now)
{
	__u32 every = s->event_sampling;

	if (now >= s->event_end_ns) {
		s->event_sampling = 0;
		return 0;
	}
	if (!every || !(s->event_verdicts >> (verdict & 63) & 1))
		return 0;
	return every == 1 || bpf_get_prandom_u32() % every == 0;
}

/* A global function: the verifier looks at it once. */
__noinline int record_event(const struct qs_tuple *tuple,
			    const struct quic *quic, __u32 slot, __u32 verdict,
			    __u32 size)
{
	__u64 now = bpf_ktime_get_ns();
	struct qs_settings *s;
	struct qs_event *event;
	__u32 zero = 0;

	s = bpf_map_lookup_elem(&settings, &zero);
	if (!s || !tuple || !quic || !is_sampled(s, verdict, now))
		return 0;
	event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);
	if (!event) {
		__sync_fetch_and_add(&s->events_lost, 1);
		return 0;
	}
	event->time_ns = now;
	event->slot = slot;
	event->verdict = verdict;
	event->frame_size = size;
	fill_event(event, tuple, quic);
	bpf_ringbuf_submit(event, 0);
	return 0;
}

/* All that this costs while nobody looks. */
static __always_inline void sample(const struct qs_settings *s,
				   const struct qs_tuple *tuple,
				   const struct quic *quic, __u32 slot,
				   __u32 verdict, __u32 size)
{
	if (__builtin_expect(s->event_sampling != 0, 0))
		record_event(tuple, quic, slot, verdict, size);
}

#endif
