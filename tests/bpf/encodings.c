/* SPDX-License-Identifier: GPL-2.0-only */
/* Each encoding, odd and even lengths, CIDs at the very end of the packet. */
#include "tests/bpf/fixture.h"

#include <stdio.h>
#include <stdlib.h>

static const struct fixture fixtures[] = {
	{"single_pass_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_C), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_C},
	{"single_pass_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = ISSUED(SINGLE_PASS, LIVE_B),
	       .scid = FOREIGN(8), .size = 30)},
	 QS_VERDICT_route_long,
	 LIVE_B},
	{"single_pass_last_octets_of_packet",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A))},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"plaintext_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(PLAINTEXT, LIVE_C), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_C},
	{"plaintext_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = ISSUED(PLAINTEXT, LIVE_B),
	       .scid = FOREIGN(8), .size = 30)},
	 QS_VERDICT_route_long,
	 LIVE_B},
	{"plaintext_last_octets_of_packet",
	 {ETHERNET(), IPV4(), UDP(), SHORT(.dcid = ISSUED(PLAINTEXT, LIVE_A))},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"four_pass_odd_3_passes_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_ODD_3, LIVE_C), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_C},
	{"four_pass_odd_3_passes_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = ISSUED(FOUR_PASS_ODD_3, LIVE_B),
	       .scid = FOREIGN(8), .size = 30)},
	 QS_VERDICT_route_long,
	 LIVE_B},
	{"four_pass_odd_3_passes_last_octets_of_packet",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_ODD_3, LIVE_A))},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"four_pass_even_4_passes_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_EVEN_4, LIVE_C), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_C},
	{"four_pass_even_4_passes_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = ISSUED(FOUR_PASS_EVEN_4, LIVE_B),
	       .scid = FOREIGN(8), .size = 30)},
	 QS_VERDICT_route_long,
	 LIVE_B},
	{"four_pass_even_4_passes_last_octets_of_packet",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_EVEN_4, LIVE_A))},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"four_pass_even_3_passes_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_EVEN_3, LIVE_C), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_C},
	{"four_pass_even_3_passes_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = ISSUED(FOUR_PASS_EVEN_3, LIVE_B),
	       .scid = FOREIGN(8), .size = 30)},
	 QS_VERDICT_route_long,
	 LIVE_B},
	{"four_pass_even_3_passes_last_octets_of_packet",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_EVEN_3, LIVE_A))},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"four_pass_odd_4_passes_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = LISTED(FOUR_PASS_ODD_4, listed_live), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_B},
	{"four_pass_odd_4_passes_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0,
	       .dcid = LISTED(FOUR_PASS_ODD_4, listed_live), .scid = FOREIGN(8),
	       .size = 30)},
	 QS_VERDICT_route_long,
	 LIVE_B},
	{"four_pass_odd_4_passes_last_octets_of_packet",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = LISTED(FOUR_PASS_ODD_4, listed_live))},
	 QS_VERDICT_route_short,
	 LIVE_B},
	{"literal_draft_vector_single_pass_unknown",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = HEX("504dd2d05a7b0de9b2b9907afb5ecf8cc3"), .size = 30)},
	 QS_VERDICT_hash_short_server,
	 NOBODY},
};

/* All 120 legal pairs of lengths, listed server IDs, encrypted and not, some
 * random CIDs each. */
static const char *check_pair(unsigned int server_id_length,
			      unsigned int nonce_length, int encrypted)
{
	__u8 octets[16], server_id[16] = {0};
	struct frame frame;
	struct qs_cid_config config;
	const struct layer layers[] = {
		ETHERNET(),
		IPV6(),
		UDP(),
		SHORT(.dcid = LISTED(UNUSED, server_id)),
		{.kind = LAYER_NONE},
	};
	const char *reason;

	for (unsigned int i = 0; i < 16; i++) {
		octets[i] = random() >> 7;
		if (i < server_id_length)
			server_id[i] = random() >> 7;
	}
	qs_cid_config_init(&config, server_id_length, nonce_length,
			   encrypted ? octets : NULL, QS_CONFIG_LISTED);
	packet_configs[UNUSED] = config;
	world_set_config(&world, UNUSED, &config);
	world_list_server(&world, UNUSED, server_id, LIVE_C);
	packet_build(layers, &frame);
	reason = check_frame(&frame, QS_VERDICT_route_short, LIVE_C);
	world_unlist_server(&world, UNUSED, server_id);
	return reason;
}

static void test_pairs(void)
{
	static const struct qs_cid_config unused;
	unsigned int pairs = 0, checked = 0, right = 0;
	unsigned int server_id, nonce;

	srandom(3);
	for (server_id = 1; server_id <= QS_SERVER_ID_MAX; server_id++)
		for (nonce = QS_NONCE_MIN; server_id + nonce <= QS_BODY_MAX;
		     nonce++, pairs++)
			for (int i = 0; i < 10; i++, checked++)
				right += !check_pair(server_id, nonce, i < 8);
	world_set_config(&world, UNUSED, &unused);
	packet_configs[UNUSED] = packet_configs[SINGLE_PASS];
	printf("# encodings: %u CIDs of %u pairs of lengths\n", checked, pairs);
	report("encodings", "all_length_pairs",
	       right == checked && pairs == 120, "%u of %u CIDs, %u pairs",
	       right, checked, pairs);
}

void test_encodings(void)
{
	RUN_FIXTURES("encodings", fixtures);
	test_pairs();
}
