/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Packets that end at every offset, in three ways: cut on the wire, cut with
 * an IP length that agrees, and with a UDP length that agrees too.
 */
#include "tests/bpf/fixture.h"

#include <stdio.h>

struct base {
	const char *name;
	struct layer layers[LAYERS_MAX];
	enum qs_verdict verdict; /* of the whole packet */
	unsigned int slot;
	unsigned int needed; /* octets of QUIC that must be there */
};

/* In a long header both CIDs must be whole, in a short one ours. */
static const struct base bases[] = {
	{"short_ipv4",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 25)},
	 QS_VERDICT_route_short,
	 LIVE_A,
	 1 + 17},
	{"short_ipv6",
	 {ETHERNET(), IPV6(), UDP(),
	  SHORT(.dcid = ISSUED(PLAINTEXT, LIVE_B), .size = 25)},
	 QS_VERDICT_route_short,
	 LIVE_B,
	 1 + 13},
	{"short_four_pass",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_ODD_3, LIVE_C), .size = 25)},
	 QS_VERDICT_route_short,
	 LIVE_C,
	 1 + 10},
	{"short_20_octets",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = LISTED(FOUR_PASS_ODD_4, listed_live), .size = 9)},
	 QS_VERDICT_route_short,
	 LIVE_B,
	 1 + 20},
	{"short_config_not_in_use",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(UNUSED, LIVE_A), .size = 9)},
	 QS_VERDICT_hash_short_config,
	 0,
	 1 + 1},
	{"long_issued",
	 {ETHERNET(), IPV4(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = ISSUED(SINGLE_PASS, LIVE_A),
	       .scid = FOREIGN(8), .size = 25)},
	 QS_VERDICT_route_long,
	 LIVE_A,
	 7 + 17 + 8},
	{"long_foreign_ipv6",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = FOREIGN(8), .scid = FOREIGN(5),
	       .size = 25)},
	 QS_VERDICT_hash_handshake,
	 0,
	 7 + 8 + 5},
	{"long_unknown_version",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(0x0a0a0a0a, .dcid = FOREIGN(255), .scid = FOREIGN(255),
	       .size = 5)},
	 QS_VERDICT_hash_version,
	 0,
	 7 + 255 + 255},
	{"ip_options",
	 {ETHERNET(), IPV4(.options = "0101010101010101"), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 5)},
	 QS_VERDICT_route_short,
	 LIVE_A,
	 1 + 17},
	{"extension_headers",
	 {ETHERNET(), IPV6(), EXTENSION(0, 8), EXTENSION(60, 24), FRAGMENT(0),
	  UDP(), SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 5)},
	 QS_VERDICT_route_short,
	 LIVE_A,
	 1 + 17},
};

enum mode { CUT, CUT_AND_IP, CUT_AND_UDP, MODES };

static const char *const mode_names[MODES] = {"cut", "ip_length_agrees",
					      "udp_length_agrees"};

static void put16(struct frame *frame, unsigned int at, unsigned int x)
{
	frame->octets[at] = x >> 8;
	frame->octets[at + 1] = x;
}

/* Ends a frame at `size` octets. Lengths whose fields are cut away stay. */
static void cut(struct frame *frame, unsigned int size, enum mode mode)
{
	int ipv6 = frame->octets[frame->ip] >> 4 == 6;

	frame->size = size;
	if (mode >= CUT_AND_IP && !ipv6)
		put16(frame, frame->ip + 2, size - frame->ip);
	if (mode >= CUT_AND_IP && ipv6 && size >= frame->ip + 40)
		put16(frame, frame->ip + 4, size - frame->ip - 40);
	if (mode >= CUT_AND_UDP && size >= frame->udp + 8)
		put16(frame, frame->udp + 4, size - frame->udp);
}

static enum qs_verdict expected(const struct base *base,
				const struct frame *frame, enum mode mode)
{
	/* An IP packet that says it is longer is the kernel's to drop. */
	if (mode == CUT || frame->size < frame->udp + 4)
		return QS_VERDICT_pass_truncated;
	if (mode == CUT_AND_IP || frame->size < frame->udp + 8)
		return QS_VERDICT_drop_udp_length;
	if (frame->size < frame->quic + base->needed)
		return QS_VERDICT_drop_truncated;
	return base->verdict;
}

static unsigned int test_base(const struct base *base, enum mode mode)
{
	static struct frame whole, frame;
	const char *reason = NULL;
	unsigned int size;
	char name[80];

	packet_build(base->layers, &whole);
	for (size = 14; size < whole.size && !reason; size++) {
		frame = whole;
		cut(&frame, size, mode);
		reason = check_frame(&frame, expected(base, &frame, mode),
				     base->slot);
	}
	snprintf(name, sizeof(name), "%s_%s", base->name, mode_names[mode]);
	report("truncated", name, !reason, "at octet %u: %s", size - 1, reason);
	return size - 14;
}

void test_truncated(void)
{
	unsigned int frames = 0;

	for (unsigned int i = 0; i < sizeof(bases) / sizeof(*bases); i++)
		for (enum mode mode = 0; mode < MODES; mode++)
			frames += test_base(&bases[i], mode);
	printf("# truncated: %u frames\n", frames);
}
