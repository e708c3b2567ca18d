/* SPDX-License-Identifier: GPL-2.0-only */
/* What is recorded of ICMP errors, and that nothing is of other packets. */
#include "tests/bpf/fixture.h"

#include <string.h>

enum { ICMP_SIZE = 8, ALL = QS_ICMP_QUOTED };

static const struct record {
	const char *name;
	struct layer layers[LAYERS_MAX];
	__u8 rest[7]; /* of the ICMP header, behind the type */
	enum qs_icmp_kind kind;
	__u32 mtu;
	unsigned int slot, quoted;
} records[] = {
	{"too_big_short",
	 {ETHERNET(), IPV4(.source = "192.0.2.99", .next = 1), ICMP(3),
	  IPV4(.source = VIP4, .destination = CLIENT4),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT),
	  SHORT(.dcid = FOREIGN(8), .size = 500)},
	 {4, 0, 0, 0, 0, 0x05, 0x14},
	 QS_ICMP_TOO_BIG,
	 1300,
	 QS_NO_SLOT,
	 ALL},
	{"too_big_long_tags_and_options",
	 {ETHERNET(), VLAN(0x88a8), VLAN(0x8100),
	  IPV4(.next = 1, .options = "01010101"), ICMP(3),
	  IPV4(.source = VIP4, .destination = CLIENT4,
	       .options = "0101010101010101"),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = FOREIGN(8),
	       .scid = ISSUED(SINGLE_PASS, LIVE_A), .size = 500)},
	 {4, 0, 0, 0xff, 0xff, 0xff, 0xfe},
	 QS_ICMP_TOO_BIG,
	 0xfffe,
	 LIVE_A,
	 ALL},
	{"unreachable_ipv4",
	 {ETHERNET(), IPV4(.source = "192.0.2.99", .next = 1), ICMP(3),
	  IPV4(.source = VIP4, .destination = CLIENT4),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT),
	  SHORT(.dcid = FOREIGN(8), .size = 500)},
	 {3, 0, 0, 0, 0, 0x05, 0x14},
	 QS_ICMP_UNREACHABLE,
	 0,
	 QS_NO_SLOT,
	 ALL},
	{"too_big_ipv6",
	 {ETHERNET(), IPV6(.source = "2001:db8::99", .next = 58), ICMP(2),
	  IPV6(.source = VIP6, .destination = CLIENT6),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT),
	  LONG(QUIC_V2, .first = 0xe0, .dcid = FOREIGN(20),
	       .scid = ISSUED(FOUR_PASS_EVEN_4, LIVE_B), .size = 60)},
	 {0, 0, 0, 0x12, 0x34, 0x56, 0x78},
	 QS_ICMP_TOO_BIG,
	 0x12345678,
	 LIVE_B,
	 ALL},
	{"unreachable_ipv6",
	 {ETHERNET(), IPV6(.source = "2001:db8::99", .next = 58), ICMP(1),
	  IPV6(.source = VIP6, .destination = CLIENT6),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT),
	  SHORT(.dcid = FOREIGN(8), .size = 500)},
	 {4, 0, 0, 0, 0, 0x05, 0x14},
	 QS_ICMP_UNREACHABLE,
	 0,
	 QS_NO_SLOT,
	 ALL},
	{"quote_of_the_udp_header_alone",
	 {ETHERNET(), IPV4(.source = "192.0.2.99", .next = 1), ICMP(3),
	  IPV4(.source = VIP4, .destination = CLIENT4),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT)},
	 {4, 0, 0, 0, 0, 0x05, 0x14},
	 QS_ICMP_TOO_BIG,
	 1300,
	 QS_NO_SLOT,
	 0},
	{"quote_of_a_short_rest",
	 {ETHERNET(), IPV6(.source = "2001:db8::99", .next = 58), ICMP(2),
	  IPV6(.source = VIP6, .destination = CLIENT6),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT),
	  SHORT(.dcid = FOREIGN(8), .size = 0)},
	 {0, 0, 0, 0, 0, 0x05, 0x14},
	 QS_ICMP_TOO_BIG,
	 1300,
	 QS_NO_SLOT,
	 9},
	{"cid_of_a_dead_terminator",
	 {ETHERNET(), IPV4(.source = "192.0.2.99", .next = 1), ICMP(3),
	  IPV4(.source = VIP4, .destination = CLIENT4),
	  UDP(.from = VIP_PORT, .port = CLIENT_PORT),
	  LONG(QUIC_V1, .dcid = FOREIGN(8), .scid = ISSUED(SINGLE_PASS, DEAD),
	       .size = 60)},
	 {4, 0, 0, 0, 0, 0x05, 0x14},
	 QS_ICMP_TOO_BIG,
	 1300,
	 QS_NO_SLOT,
	 ALL},
};

static const struct layer of_others[] = {
	ETHERNET(),
	IPV4(.source = "192.0.2.99", .next = 1),
	ICMP(3),
	IPV4(.source = VIP4, .destination = CLIENT4),
	UDP(.from = OTHER_PORT, .port = CLIENT_PORT),
	SHORT(.dcid = FOREIGN(8), .size = 500),
	{.kind = LAYER_NONE}};
static const struct layer no_icmp[] = {
	ETHERNET(),
	IPV4(),
	UDP(),
	SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30),
	{.kind = LAYER_NONE}};

static struct frame frame;
static struct run run;

static void build(const struct record *record)
{
	packet_build(record->layers, &frame);
	memcpy(frame.octets + frame.ip - ICMP_SIZE + 1, record->rest,
	       sizeof(record->rest));
}

static int is_end(const __u8 address[16], const __u8 port[2],
		  const char *wanted, __u16 wanted_port)
{
	__u8 octets[16];

	packet_address(wanted, octets);
	return !memcmp(address, octets, 16) &&
	       (port[0] << 8 | port[1]) == wanted_port;
}

/* What is wrong with the only record, or NULL. */
static const char *compare(const struct record *record,
			   const struct qs_icmp_error *error)
{
	static const __u8 zeros[QS_ICMP_QUOTED];
	int is_ipv4 = (frame.octets[frame.ip] >> 4) == 4;

	if (error->kind != record->kind || error->code != record->rest[0])
		return "another kind or code";
	if (error->mtu != record->mtu)
		return "another MTU";
	if (error->slot != record->slot)
		return "another slot";
	if (!is_end(error->vip, error->vip_port, is_ipv4 ? VIP4 : VIP6,
		    VIP_PORT) ||
	    !is_end(error->client, error->client_port,
		    is_ipv4 ? CLIENT4 : CLIENT6, CLIENT_PORT))
		return "another path";
	if (error->quoted_size != record->quoted)
		return "another number of octets";
	if (memcmp(error->quoted, frame.octets + frame.udp + 8,
		   record->quoted) ||
	    memcmp(error->quoted + record->quoted, zeros,
		   QS_ICMP_QUOTED - record->quoted))
		return "other octets";
	return NULL;
}

static void check_record(const struct record *record)
{
	const char *reason = "not one record";
	struct qs_icmp_error error;

	build(record);
	world_steer(&world, frame.octets, frame.size, 1, &run);
	if (world_icmp_errors(&world, &error) == 1)
		reason = compare(record, &error);
	if (run.action != XDP_PASS)
		reason = "it was not passed";
	report("icmp_record", record->name, !reason, "%s", reason);
}

static void check_none(const char *name, const struct layer *layers)
{
	struct qs_icmp_error error;
	unsigned int count;

	packet_build(layers, &frame);
	world_steer(&world, frame.octets, frame.size, 1, &run);
	count = world_icmp_errors(&world, &error);
	report("icmp_record", name, !count, "%u records", count);
}

/* The tc program, behind XDP and alone. */
static void check_deliver(void)
{
	const char *reason = "not one record";
	struct qs_icmp_error error;
	unsigned int count;

	build(&records[0]);
	world_deliver(&world, frame.octets, frame.size, &run);
	count = world_icmp_errors(&world, &error);
	report("icmp_record", "tc_behind_xdp", !count, "%u records", count);
	world_set_attach_mode(&world, QS_ATTACH_TC);
	world_deliver(&world, frame.octets, frame.size, &run);
	if (world_icmp_errors(&world, &error) == 1)
		reason = compare(&records[0], &error);
	report("icmp_record", "tc_alone", !reason, "%s", reason);
	world_set_attach_mode(&world, QS_ATTACH_NONE);
}

static void check_full(void)
{
	__u64 before = world_icmp_ring_full(&world), full;
	struct qs_icmp_error error;
	unsigned int kept;

	build(&records[0]);
	world_steer(&world, frame.octets, frame.size, 1000, &run);
	full = world_icmp_ring_full(&world) - before;
	kept = world_icmp_errors(&world, &error);
	report("icmp_record", "ring_full", full && kept && full + kept == 1000,
	       "%llu dropped and %u kept of 1000", full, kept);
}

void test_icmp_record(void)
{
	struct qs_icmp_error error;

	world_icmp_errors(&world, &error); /* those of other tests */
	for (unsigned int i = 0; i < sizeof(records) / sizeof(*records); i++)
		check_record(&records[i]);
	check_none("of_others", of_others);
	check_none("no_icmp", no_icmp);
	check_deliver();
	check_full();
}
