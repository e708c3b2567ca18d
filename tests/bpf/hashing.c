/* SPDX-License-Identifier: GPL-2.0-only */
/* New connections: the 4-tuple alone decides, and evenly. */
#include "tests/bpf/fixture.h"

#include <stdio.h>

/* Puts an Initial through the XDP program. Returns the slot in its metadata,
 * which check_frame() has compared with that of the 4-tuple, or -1. */
static int initial_slot(const char *source, unsigned int port,
			unsigned int dcid_length, __u32 version)
{
	static struct frame frame;
	const struct layer layers[] = {
		ETHERNET(),
		IPV4(.source = source),
		UDP(.from = port),
		LONG(version, .dcid = FOREIGN(dcid_length),
		     .scid = FOREIGN(dcid_length), .size = 1200),
		{.kind = LAYER_NONE},
	};

	packet_build(layers, &frame);
	if (check_frame(&frame,
			version == QUIC_V1 ? QS_VERDICT_hash_initial
					   : QS_VERDICT_hash_version,
			0))
		return -1;
	return world_hash_slot(&world, &frame.tuple);
}

static void test_stays(void)
{
	int slot = initial_slot(CLIENT4, CLIENT_PORT, 8, QUIC_V1);
	int right = slot >= 0;

	for (unsigned int length = 0; length < 256; length += 5)
		right &=
			initial_slot(CLIENT4, CLIENT_PORT, length,
				     length <= QS_CID_MAX ? QUIC_V1
							  : 0x0a0a0a0a) == slot;
	right &= initial_slot(CLIENT4, CLIENT_PORT, 8, 0x0a0a0a0a) == slot;
	report("hashing", "same_tuple_stays_whatever_the_dcid", right,
	       "another slot than %d", slot);
}

static void test_spread(void)
{
	unsigned int count[QS_MAX_TERMINATORS] = {0};
	unsigned int n = 0, wrong = 0;
	char source[32];
	int slot;

	for (unsigned int host = 1; host <= 10; host++)
		for (unsigned int port = 40000; port < 40060; port++, n++) {
			snprintf(source, sizeof(source), "198.51.100.%u", host);
			slot = initial_slot(source, port, 8, QUIC_V1);
			if (slot < 0)
				wrong++;
			else
				count[slot]++;
		}
	printf("# hashing: %u 4-tuples on 3 terminators: %u, %u, %u\n", n,
	       count[LIVE_A], count[LIVE_B], count[LIVE_C]);
	/* 200 each; the deviation is 11.5 */
	report("hashing", "spreads_over_the_live_ones",
	       !wrong && count[LIVE_A] > 130 && count[LIVE_B] > 130 &&
		       count[LIVE_C] > 130 &&
		       count[LIVE_A] + count[LIVE_B] + count[LIVE_C] == n,
	       "%u went wrong", wrong);
}

void test_hashing(void)
{
	test_stays();
	test_spread();
}
