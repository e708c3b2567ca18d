/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures of cost, for information: nothing is asserted about them. */
#include "tests/bpf/fixture.h"

#include <stdio.h>

enum { ROUNDS = 5, REPEAT = 100000 };

static const struct cost {
	const char *name;
	struct layer layers[LAYERS_MAX];
} costs[] = {
	{"not UDP", {ETHERNET(), IPV4(.next = 6), OCTETS(40)}},
	{"not a VIP",
	 {ETHERNET(), IPV4(), UDP(.port = OTHER_PORT), OCTETS(40)}},
	{"short, plaintext",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(PLAINTEXT, LIVE_A), .size = 1100)}},
	{"short, single pass",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 1100)}},
	{"short, four pass with 3 AES",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_ODD_3, LIVE_A), .size = 1100)}},
	{"short, four pass with 4 AES",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_EVEN_4, LIVE_A), .size = 1100)}},
	{"Initial, hashed",
	 {ETHERNET(), IPV4(), UDP(),
	  LONG(QUIC_V1, .dcid = FOREIGN(8), .scid = FOREIGN(8), .size = 1200)}},
};

/* The least of some rounds: other work on the machine only adds. */
static __u32 nanoseconds(const struct layer *layers)
{
	static struct frame frame;
	static struct run run;
	__u32 least = ~0U;

	packet_build(layers, &frame);
	for (int i = 0; i < ROUNDS; i++) {
		world_steer(&world, frame.octets, frame.size, REPEAT, &run);
		if (run.nanoseconds < least)
			least = run.nanoseconds;
	}
	return least;
}

static void print_log(const char *program, const char *log)
{
	printf("# verifier: %s: %.*s\n", program,
	       log ? (int)strcspn(log, "\n") : 0, log ? log : "");
}

void print_figures(void)
{
	print_log("quicsteer_steer", world_steer_log());
	print_log("quicsteer_deliver", world_deliver_log());
	for (unsigned int i = 0; i < sizeof(costs) / sizeof(*costs); i++)
		printf("# cost: %s: %u ns\n", costs[i].name,
		       nanoseconds(costs[i].layers));
}
