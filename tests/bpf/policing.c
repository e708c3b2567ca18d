/* SPDX-License-Identifier: GPL-2.0-only */
/* Denied and allowed prefixes, and limits of new connections: what they stop,
 * and what they never touch. */
#include "tests/bpf/fixture.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LONG_NS = 4000000000, SHORT_NS = 300000000 };

static const struct qs_limit no_limit;

static struct qs_prefix_key prefix(const char *address, __u32 length)
{
	struct qs_prefix_key key = {.length = length};

	packet_address(address, key.address);
	return key;
}

static const char *initial(const char *source, int port,
			   unsigned int dcid_length, enum qs_verdict verdict)
{
	static struct frame frame;
	const struct layer ip4 = IPV4(.source = source);
	const struct layer ip6 = IPV6(.source = source);
	const struct layer layers[] = {
		ETHERNET(),
		strchr(source, ':') ? ip6 : ip4,
		UDP(.from = port),
		LONG(QUIC_V1, .dcid = FOREIGN(dcid_length), .size = 1200),
		{.kind = LAYER_NONE},
	};

	packet_build(layers, &frame);
	return check_frame(&frame, verdict, NOBODY);
}

/* An Initial from a port of its own, so that each is another handshake. */
static const char *initial_from(const char *source, enum qs_verdict verdict)
{
	static int port = 1024;

	return initial(source, port++, 8, verdict);
}

/* `whole` times an Initial that passes, then one that ends by `verdict`. */
static const char *expect_limit(const char *source, unsigned int whole,
				enum qs_verdict verdict)
{
	const char *reason = NULL;

	while (whole-- && !reason)
		reason = initial_from(source, QS_VERDICT_hash_initial);
	return reason ? reason : initial_from(source, verdict);
}

static void check(const char *name, const char *reason)
{
	report("policing", name, !reason, "%s", reason);
}

#define CLIENT_V4 "192.0.2.77"
#define CLIENT_V6 "2001:db8:5:6::7"

/* From CLIENT_V4, which no new connection may be from by now. */
static const struct fixture untouched[] = {
	{"routed_short_header_is_untouched",
	 {ETHERNET(), IPV4(.source = CLIENT_V4), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"routed_initial_is_untouched",
	 {ETHERNET(), IPV4(.source = CLIENT_V4), UDP(),
	  LONG(QUIC_V1, .dcid = ISSUED(SINGLE_PASS, LIVE_A), .scid = FOREIGN(8),
	       .size = 1200)},
	 QS_VERDICT_route_long,
	 LIVE_A},
	{"hashed_short_header_is_untouched",
	 {ETHERNET(), IPV4(.source = CLIENT_V4), UDP(),
	  SHORT(.dcid = ISSUED(UNUSED, LIVE_A), .size = 30)},
	 QS_VERDICT_hash_short_config,
	 NOBODY},
	{"zero_rtt_is_untouched",
	 {ETHERNET(), IPV4(.source = CLIENT_V4), UDP(.from = 999),
	  LONG(QUIC_V1, .first = 0xd0, .dcid = FOREIGN(8), .scid = FOREIGN(8),
	       .size = 1200)},
	 QS_VERDICT_hash_zero_rtt,
	 NOBODY},
	{"handshake_is_untouched",
	 {ETHERNET(), IPV4(.source = CLIENT_V4), UDP(.from = 999),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = FOREIGN(8), .scid = FOREIGN(8),
	       .size = 100)},
	 QS_VERDICT_hash_handshake,
	 NOBODY},
};

static const struct fixture unknown_version[] = {
	{"unknown_version_counts_too",
	 {ETHERNET(), IPV4(.source = CLIENT_V4), UDP(.from = 998),
	  LONG(0x1a2a3a4a, .dcid = FOREIGN(8), .scid = FOREIGN(8),
	       .size = 1200)},
	 QS_VERDICT_drop_denied,
	 NOBODY},
};

static void test_denied(void)
{
	struct qs_prefix_key v4 = prefix("192.0.2.64", 96 + 26);
	struct qs_prefix_key v6 = prefix("2001:db8:5::", 48);

	world_add_prefix(&world, 0, &v4);
	world_add_prefix(&world, 0, &v6);
	check("denied_but_not_in_force",
	      initial_from(CLIENT_V4, QS_VERDICT_hash_initial));
	world_set_flags(&world, QS_SETTING_DENY);
	check("denied_ipv4", initial_from(CLIENT_V4, QS_VERDICT_drop_denied));
	check("denied_ipv6", initial_from(CLIENT_V6, QS_VERDICT_drop_denied));
	check("not_denied_ipv4",
	      initial_from("192.0.2.63", QS_VERDICT_hash_initial));
	check("not_denied_ipv6",
	      initial_from("2001:db8:6::7", QS_VERDICT_hash_initial));
	RUN_FIXTURES("policing", untouched);
	RUN_FIXTURES("policing", unknown_version);

	world_add_prefix(&world, 1, &v4);
	world_set_flags(&world, QS_SETTING_ALLOW_ONLY);
	check("allowed", initial_from(CLIENT_V4, QS_VERDICT_hash_initial));
	check("not_allowed_ipv4",
	      initial_from("192.0.2.63", QS_VERDICT_drop_denied));
	check("not_allowed_ipv6",
	      initial_from(CLIENT_V6, QS_VERDICT_drop_denied));
	world_set_flags(&world, QS_SETTING_ALLOW_ONLY | QS_SETTING_DENY);
	check("denied_though_allowed",
	      initial_from(CLIENT_V4, QS_VERDICT_drop_denied));
	world_set_flags(&world, 0);
	world_remove_prefix(&world, 1, &v4);
	world_remove_prefix(&world, 0, &v4);
	world_remove_prefix(&world, 0, &v6);
}

static __u64 now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* One passes in each interval. Where the machine slept through an interval
 * between two packets, what they met says nothing. */
static const char *comes_back(void)
{
	const struct qs_limit one = {SHORT_NS, 1};
	const char *reason = NULL;
	__u64 began;

	world_set_limits(&world, one, no_limit, 32, 64);
	for (unsigned int passes = 0, tries = 0; passes < 2 && tries < 100;
	     tries++) {
		began = now_ns();
		reason = expect_limit(CLIENT_V4, 1,
				      QS_VERDICT_drop_source_limit);
		if (!reason)
			passes++;
		else if (now_ns() - began < SHORT_NS)
			break;
		usleep(SHORT_NS / 1000 + 1000);
	}
	return reason;
}

static void test_source_limit(void)
{
	const struct qs_limit three = {LONG_NS, 3};

	world_set_limits(&world, three, no_limit, 32, 64);
	check("source_limit",
	      expect_limit(CLIENT_V4, 3, QS_VERDICT_drop_source_limit));
	check("source_limit_of_a_neighbour",
	      expect_limit("192.0.2.78", 3, QS_VERDICT_drop_source_limit));
	check("source_limit_ipv6",
	      expect_limit(CLIENT_V6, 3, QS_VERDICT_drop_source_limit));
	check("source_limit_of_the_prefix_ipv6",
	      initial_from("2001:db8:5:6:ffff::1",
			   QS_VERDICT_drop_source_limit));
	check("source_limit_of_the_next_prefix_ipv6",
	      initial_from("2001:db8:5:7::7", QS_VERDICT_hash_initial));
	for (unsigned int i = 0; i < 4; i++)
		RUN_FIXTURES("policing", untouched);

	world_set_limits(&world, three, no_limit, 24, 128);
	check("source_limit_24",
	      expect_limit(CLIENT_V4, 3, QS_VERDICT_drop_source_limit));
	check("source_limit_24_of_a_neighbour",
	      initial_from("192.0.2.1", QS_VERDICT_drop_source_limit));
	check("source_limit_24_of_others",
	      initial_from("192.0.3.77", QS_VERDICT_hash_initial));
	check("source_limit_128",
	      expect_limit(CLIENT_V6, 3, QS_VERDICT_drop_source_limit));
	check("source_limit_128_of_a_neighbour",
	      initial_from("2001:db8:5:6::8", QS_VERDICT_hash_initial));

	check("source_limit_comes_back_by_time", comes_back());
}

/* The DCID of port 99's second handshake below, and then other octets. */
static const struct fixture again[] = {
	{"what_follows_the_dcid_is_none_of_it",
	 {ETHERNET(), IPV4(.source = CLIENT_V4), UDP(.from = 99),
	  LONG(QUIC_V1, .dcid = FOREIGN(10), .scid = FOREIGN(20),
	       .size = 1200)},
	 QS_VERDICT_hash_initial,
	 NOBODY},
};

/* Initials without an SCID: other octets than the CID's follow it at once. */
static void test_same_handshake(void)
{
	const struct qs_limit one = {LONG_NS, 1};
	const char *reason;

	world_set_limits(&world, one, no_limit, 32, 64);
	reason = initial(CLIENT_V4, 99, 20, QS_VERDICT_hash_initial);
	for (int i = 0; i < 3 && !reason; i++)
		reason = initial(CLIENT_V4, 99, 20, QS_VERDICT_hash_initial);
	check("same_handshake_is_charged_once", reason);
	check("other_dcid_is_another_handshake",
	      initial(CLIENT_V4, 99, 19, QS_VERDICT_drop_source_limit));
	check("other_port_is_another_handshake",
	      initial(CLIENT_V4, 98, 20, QS_VERDICT_drop_source_limit));
	world_set_limits(&world, one, one, 32, 64);
	check("dropped_handshake_is_not_remembered",
	      expect_limit(CLIENT_V4, 1, QS_VERDICT_drop_source_limit));
	reason = initial(CLIENT_V6, 97, 9, QS_VERDICT_drop_global_limit);
	if (!reason)
		reason =
			initial(CLIENT_V6, 97, 9, QS_VERDICT_drop_source_limit);
	check("dropped_by_all_is_not_remembered", reason);

	world_set_limits(&world, one, one, 32, 64);
	check("handshake_of_10_octets",
	      initial(CLIENT_V4, 99, 10, QS_VERDICT_hash_initial));
	RUN_FIXTURES("policing", again);
}

static void test_global_limit(void)
{
	const struct qs_limit two = {LONG_NS, 2}, five = {LONG_NS, 5};
	const char *reason;

	world_set_limits(&world, no_limit, two, 32, 64);
	reason = initial_from(CLIENT_V4, QS_VERDICT_hash_initial);
	if (!reason)
		reason = initial_from(CLIENT_V6, QS_VERDICT_hash_initial);
	if (!reason)
		reason = initial_from("192.0.2.78",
				      QS_VERDICT_drop_global_limit);
	check("global_limit", reason);
	RUN_FIXTURES("policing", untouched);

	world_set_limits(&world, two, five, 32, 64);
	check("both_limits_source_first",
	      expect_limit(CLIENT_V4, 2, QS_VERDICT_drop_source_limit));
	reason = expect_limit(CLIENT_V6, 2, QS_VERDICT_drop_source_limit);
	if (!reason)
		reason = expect_limit("192.0.2.78", 1,
				      QS_VERDICT_drop_global_limit);
	check("both_limits_then_global", reason);
	world_set_limits(&world, no_limit, no_limit, 32, 64);
	check("no_limit", initial_from(CLIENT_V4, QS_VERDICT_hash_initial));
}

void test_policing(void)
{
	test_denied();
	test_source_limit();
	test_same_handshake();
	test_global_limit();
}
