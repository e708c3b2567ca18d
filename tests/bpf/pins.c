/* SPDX-License-Identifier: GPL-2.0-only */
/* Handshakes stay where they began, and the key that places new connections. */
#include "tests/bpf/fixture.h"

#include <stdio.h>

enum { INITIAL = 0xc0, ZERO_RTT = 0xd0, HANDSHAKE = 0xe0 };

/* A packet with a long header of the client's port `from`. */
static const char *put_long(int from, __u32 version, int first,
			    enum qs_verdict verdict, unsigned int slot)
{
	static struct frame frame;
	const struct layer layers[] = {
		ETHERNET(),
		IPV4(),
		UDP(.from = from),
		LONG(version, .first = first, .dcid = FOREIGN(8),
		     .scid = FOREIGN(8), .size = 1200),
		{.kind = LAYER_NONE},
	};

	packet_build(layers, &frame);
	return check_frame(&frame, verdict, slot);
}

/* The same port begins another connection: its DCID is a new one. */
static const char *put_another(int from, enum qs_verdict verdict)
{
	static struct frame frame;
	const struct layer layers[] = {
		ETHERNET(),
		IPV4(),
		UDP(.from = from),
		LONG(QUIC_V1, .first = INITIAL,
		     .dcid = {.kind = CID_HEX, .hex = "e7060504030201ff"},
		     .scid = FOREIGN(8), .size = 1200),
		{.kind = LAYER_NONE},
	};

	packet_build(layers, &frame);
	return check_frame(&frame, verdict, 0);
}

static const char *put_short(int from, enum qs_verdict verdict)
{
	static struct frame frame;
	const struct layer layers[] = {
		ETHERNET(),
		IPV4(),
		UDP(.from = from),
		SHORT(.dcid = ISSUED(UNUSED, LIVE_A), .size = 30),
		{.kind = LAYER_NONE},
	};

	packet_build(layers, &frame);
	return check_frame(&frame, verdict, 0);
}

static void expect(const char *name, const char *reason)
{
	report("pins", name, !reason, "%s", reason);
}

static void set_live(__u16 slot)
{
	world_set_live(&world, &slot, 1);
}

static void set_state(__u32 slot, enum qs_terminator_state state)
{
	world_set_terminator(&world, slot, INSTANCE_OF(slot), state);
}

static void test_stays(void)
{
	set_live(LIVE_A);
	expect("begins_where_the_lookup_says",
	       put_long(40001, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
	expect("goes_on_there", put_long(40001, QUIC_V1, HANDSHAKE,
					 QS_VERDICT_hash_handshake, 0));
	set_live(LIVE_B);
	expect("initial_stays", put_long(40001, QUIC_V1, INITIAL,
					 QS_VERDICT_hash_pinned, LIVE_A));
	expect("zero_rtt_stays", put_long(40001, QUIC_V1, ZERO_RTT,
					  QS_VERDICT_hash_pinned, LIVE_A));
	expect("handshake_stays", put_long(40001, QUIC_V1, HANDSHAKE,
					   QS_VERDICT_hash_pinned, LIVE_A));
	expect("unknown_version_stays",
	       put_long(40001, 0x0a0a0a0a, INITIAL, QS_VERDICT_hash_pinned,
			LIVE_A));
	expect("another_client_begins_by_the_lookup",
	       put_long(40002, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
	expect("short_header_goes_by_the_lookup",
	       put_short(40001, QS_VERDICT_hash_short_config));
	expect("short_header_begins_none",
	       put_short(40003, QS_VERDICT_hash_short_config));
	set_live(LIVE_A);
	expect("after_a_short_header",
	       put_long(40003, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
}

static void test_port_used_again(void)
{
	set_live(LIVE_A);
	expect("one_connection_of_a_port",
	       put_long(40006, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
	set_live(LIVE_B);
	expect("the_next_one_goes_by_the_lookup",
	       put_another(40006, QS_VERDICT_hash_initial));
}

static void test_states(void)
{
	set_live(LIVE_B);
	set_state(LIVE_A, QS_TERMINATOR_DRAINING);
	expect("stays_while_it_drains",
	       put_long(40001, QUIC_V1, INITIAL, QS_VERDICT_hash_pinned,
			LIVE_A));
	world_set_live(&world, NULL, 0);
	expect("stays_though_none_gets_new_ones",
	       put_long(40001, QUIC_V1, INITIAL, QS_VERDICT_hash_pinned,
			LIVE_A));
	expect("a_new_one_goes_nowhere",
	       put_long(40004, QUIC_V1, INITIAL, QS_VERDICT_drop_no_terminator,
			0));
	set_live(LIVE_B);
	expect("that_is_not_remembered",
	       put_long(40004, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
	set_state(LIVE_A, QS_TERMINATOR_DEAD);
	expect("begins_again_if_it_died",
	       put_long(40001, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
	set_state(LIVE_A, QS_TERMINATOR_LIVE);
	expect("and_stays_there",
	       put_long(40001, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
}

static void test_ages(void)
{
	set_live(LIVE_A);
	world_age_handshakes(&world, 9);
	expect("stays_after_9_s", put_long(40001, QUIC_V1, INITIAL,
					   QS_VERDICT_hash_pinned, LIVE_B));
	world_age_handshakes(&world, 3);
	expect("not_after_12_s",
	       put_long(40001, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
}

/* Handshakes that are under way at once take nobody's place: with one place
 * for each, about 3 of these would lose theirs. */
static void test_many(void)
{
	const char *reason = NULL;

	for (int from = 42000; from < 43500; from += 250) {
		world_age_handshakes(&world, 20);
		set_live(LIVE_A);
		for (int port = from; port < from + 250 && !reason; port++)
			reason = put_long(port, QUIC_V1, INITIAL,
					  QS_VERDICT_hash_initial, 0);
		set_live(LIVE_B);
		for (int port = from; port < from + 250 && !reason; port++)
			reason = put_long(port, QUIC_V1, INITIAL,
					  QS_VERDICT_hash_pinned, LIVE_A);
	}
	expect("many_at_once_all_stay", reason);
}

/* By the address alone: 40 ports, one terminator; handshakes stay apart. */
static void test_client_ip(void)
{
	static const __u16 live[] = {LIVE_A, LIVE_B, LIVE_C};
	const char *reason = NULL;

	world_set_live(&world, live, sizeof(live) / sizeof(*live));
	world_set_flags(&world, QS_SETTING_HASH_CLIENT_IP);
	for (int port = 41000; port < 41040 && !reason; port++)
		reason = put_long(port, QUIC_V1, INITIAL,
				  QS_VERDICT_hash_initial, 0);
	expect("all_ports_of_a_client_go_to_one", reason);
	world_age_handshakes(&world, 20);
	set_live(LIVE_A);
	expect("client_ip_begins",
	       put_long(41000, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
	set_live(LIVE_B);
	expect("client_ip_stays", put_long(41000, QUIC_V1, INITIAL,
					   QS_VERDICT_hash_pinned, LIVE_A));
	expect("client_ip_another_port",
	       put_long(41001, QUIC_V1, INITIAL, QS_VERDICT_hash_initial, 0));
	world_set_flags(&world, 0);
}

void test_pins(void)
{
	static const __u16 live[] = {LIVE_A, LIVE_B, LIVE_C};

	world_age_handshakes(&world, 20);
	test_stays();
	test_port_used_again();
	test_states();
	test_ages();
	test_many();
	test_client_ip();
	world_age_handshakes(&world, 20);
	world_set_live(&world, live, sizeof(live) / sizeof(*live));
}
