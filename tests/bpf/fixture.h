/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One packet, and all that must come of it: action, octets, the one verdict
 * that is counted, the terminator and its traffic counters.
 */
#ifndef TESTS_BPF_FIXTURE_H
#define TESTS_BPF_FIXTURE_H

#include <linux/bpf.h>

#include "tests/bpf/packet.h"
#include "tests/bpf/world.h"

/* The slots of the fixtures' world. */
enum {
	NOBODY = 0,
	LIVE_A = 1,
	LIVE_B = 2,
	LIVE_C = 255,
	DRAINING = 7,
	DEAD = 8,
	FREE = 9,
};

/* Its configurations, by config ID. */
enum {
	SINGLE_PASS = 0,      /* 4 and 12 octets, assigned */
	PLAINTEXT = 1,	      /* 4 and 8 octets, assigned */
	FOUR_PASS_ODD_3 = 2,  /* 4 and 5 octets, assigned: 3 passes */
	FOUR_PASS_EVEN_4 = 3, /* 8 and 6 octets, assigned: 4 passes */
	FOUR_PASS_ODD_4 = 4,  /* 10 and 9 octets, listed: 4 passes */
	FOUR_PASS_EVEN_3 = 5, /* 9 and 9 octets, both: 3 passes */
	UNUSED = 6,
	RESERVED = 7, /* in the map, though no program may look at it */
};

/* Server IDs that are listed, and their slots LIVE_B, DEAD and FREE. */
extern const __u8 listed_live[16], listed_dead[16], listed_free[16];
/* One that is not listed, but of the length that its configuration wants. */
extern const __u8 listed_nowhere[16];
/* In FOUR_PASS_EVEN_3: listed for LIVE_C and of no assigned form; listed for
 * LIVE_B and of LIVE_A's assigned form; listed for LIVE_B and of DEAD's. */
extern const __u8 listed_only[16], listed_and_live[16], listed_and_dead[16];

enum { WILDCARD_PORT = 8443, OTHER_PORT = 8444 };

struct fixture {
	const char *name;
	struct layer layers[LAYERS_MAX];
	enum qs_verdict verdict;
	unsigned int slot; /* of route_ verdicts; else NOBODY */
};

extern struct world world;

/* Makes the world above. Returns 0 or -errno. */
int fixtures_open(void);

/* Reports the result of a check that is no fixture. */
void report(const char *feature, const char *name, int right,
	    const char *format, ...) __attribute__((format(printf, 4, 5)));

/*
 * Puts a frame through the XDP program and checks all that must come of it.
 * `slot` matters for route_ verdicts and hash_pinned; for the other hash_
 * verdicts it is computed.
 * Returns NULL, or what is wrong, in a static buffer.
 */
const char *check_frame(const struct frame *frame, enum qs_verdict verdict,
			unsigned int slot);

/* Runs fixtures and reports each as "feature.name". */
void run_fixtures(const char *feature, const struct fixture *fixtures,
		  unsigned int n);

#define RUN_FIXTURES(feature, fixtures) \
	run_fixtures(feature, fixtures, sizeof(fixtures) / sizeof(*(fixtures)))

/* The number of checks that failed. */
unsigned int failures(void);

/* The features: each a file of this folder. */
void test_fragments(void);
void test_truncated(void);
void test_udp_length(void);
void test_not_for_us(void);
void test_vlan(void);
void test_ip_options(void);
void test_drop_options(void);
void test_icmp(void);
void test_icmp_record(void);
void test_extension_headers(void);
void test_unroutable(void);
void test_terminators(void);
void test_cid_lengths(void);
void test_long_headers(void);
void test_short_headers(void);
void test_encodings(void);
void test_vips(void);
void test_impossible(void);
void test_policing(void);
void test_events(void);
void test_hashing(void);
void test_pins(void);
void test_deliver(void);
void print_figures(void);

#endif
