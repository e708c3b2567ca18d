/* SPDX-License-Identifier: GPL-2.0-only */
/* Sampled decisions: what an event says, and when there is none. */
#include "tests/bpf/fixture.h"

#include <stdio.h>
#include <time.h>

#define ALL_VERDICTS (~0ULL)
#define BIT(verdict) (1ULL << (verdict))

static const struct layer routed[] = {
	ETHERNET(),
	IPV4(),
	UDP(),
	SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30),
	{.kind = LAYER_NONE}};
static const struct layer hashed[] = {
	ETHERNET(),
	IPV6(),
	UDP(),
	LONG(QUIC_V1, .dcid = FOREIGN(9), .scid = FOREIGN(5), .size = 1200),
	{.kind = LAYER_NONE}};
static const struct layer dropped[] = {
	ETHERNET(),
	IPV4(),
	UDP(),
	LONG(QUIC_V1, .dcid = FOREIGN(20), .scid = FOREIGN(5), .size = 100),
	{.kind = LAYER_NONE}};
static const struct layer passed[] = {ETHERNET(),
				      IPV4(),
				      UDP(.port = OTHER_PORT),
				      OCTETS(40),
				      {.kind = LAYER_NONE}};

static struct frame frame;

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

static void sample(__u32 sampling, __u64 verdicts)
{
	world_set_sampling(&world, sampling, verdicts,
			   now_ns() + 60 * 1000000000ULL);
}

/* Sends one packet. Returns the number of events that it made. */
static unsigned int events_of(const struct layer *layers,
			      struct qs_event *event)
{
	static struct run run;

	packet_build(layers, &frame);
	world_steer(&world, frame.octets, frame.size, 1, &run);
	return world_events(&world, event);
}

/* What is wrong with an event about the frame, or NULL. */
static const char *compare(const struct qs_event *event,
			   enum qs_verdict verdict, unsigned int slot,
			   unsigned int cid_length, unsigned int cid_offset)
{
	const struct qs_tuple *tuple = &frame.tuple;

	if (event->verdict != verdict || event->slot != slot)
		return "another verdict or slot";
	if (memcmp(event->source, tuple->source, 16) ||
	    memcmp(event->destination, tuple->destination, 16) ||
	    memcmp(event->source_port, tuple->source_port, 2) ||
	    memcmp(event->destination_port, tuple->destination_port, 2))
		return "another 4-tuple";
	if (event->frame_size != frame.size)
		return "another size";
	if (event->cid_length != cid_length ||
	    memcmp(event->cid, frame.octets + frame.quic + cid_offset,
		   cid_length))
		return "another CID";
	if (event->time_ns > now_ns() ||
	    event->time_ns + 60 * 1000000000ULL < now_ns())
		return "another time";
	return NULL;
}

static void check(const char *name, const struct layer *layers,
		  enum qs_verdict verdict, int is_hashed, unsigned int slot,
		  unsigned int cid_length, unsigned int cid_offset)
{
	struct qs_event event;
	unsigned int count = events_of(layers, &event);
	const char *reason = "not one event";

	if (is_hashed)
		slot = world_hash_slot(&world, &frame.tuple);
	if (count == 1)
		reason = compare(&event, verdict, slot, cid_length, cid_offset);
	report("events", name, !reason, "%s", reason);
}

static void check_none(const char *name, const struct layer *layers)
{
	struct qs_event event;
	unsigned int count = events_of(layers, &event);

	report("events", name, !count, "%u events", count);
}

static void test_share(void)
{
	struct qs_event event;
	unsigned int count = 0, sent = 4000;
	static struct run run;

	sample(4, ALL_VERDICTS);
	packet_build(routed, &frame);
	for (unsigned int i = 0; i < sent; i++) {
		world_steer(&world, frame.octets, frame.size, 1, &run);
		if (i % 100 == 99)
			count += world_events(&world, &event);
	}
	/* 1000, with a deviation of 27 */
	report("events", "one_of_four", count > 800 && count < 1200, "%u of %u",
	       count, sent);
}

void test_events(void)
{
	check_none("off", routed);
	sample(1, ALL_VERDICTS);
	check("routed", routed, QS_VERDICT_route_short, 0, LIVE_A, 20, 1);
	check("hashed", hashed, QS_VERDICT_hash_initial, 1, 0, 9, 6);
	check("dropped", dropped, QS_VERDICT_drop_small_initial, 0, QS_NO_SLOT,
	      20, 6);
	check("passed", passed, QS_VERDICT_pass_not_vip, 0, QS_NO_SLOT, 0, 0);
	sample(1, BIT(QS_VERDICT_hash_initial));
	check("wanted_verdict", hashed, QS_VERDICT_hash_initial, 1, 0, 9, 6);
	check_none("unwanted_verdict", routed);
	test_share();
	world_set_sampling(&world, 1, ALL_VERDICTS, now_ns());
	check_none("time_is_over", routed);
	report("events", "is_off_when_its_time_is_over",
	       !world_sampling(&world), "still on");
}
