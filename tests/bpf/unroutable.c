/* SPDX-License-Identifier: GPL-2.0-only */
/* CIDs that name nobody (draft-ietf-quic-load-balancers-21, 4.1): steered by
 * the hash. */
#include "tests/bpf/fixture.h"

/* Of 8 octets, of which the last four should be zero: FOUR_PASS_EVEN_4. */
static const __u8 not_assigned[16] = {0, LIVE_A, INSTANCE_OF(LIVE_A) >> 8,
				      INSTANCE_OF(LIVE_A) & 0xff, 1};
static const __u8 last_octet[16] = {
	0, LIVE_A, INSTANCE_OF(LIVE_A) >> 8, INSTANCE_OF(LIVE_A) & 0xff, 0, 0,
	0, 1};

static const struct fixture fixtures[] = {
	{"config_not_in_use_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(UNUSED, LIVE_A), .size = 30)},
	 QS_VERDICT_hash_short_config,
	 NOBODY},
	{"config_not_in_use_one_octet",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(UNUSED, LIVE_A, .length = 1))},
	 QS_VERDICT_hash_short_config,
	 NOBODY},
	{"config_not_in_use_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .dcid = ISSUED(UNUSED, LIVE_A), .size = 1200)},
	 QS_VERDICT_hash_initial,
	 NOBODY},
	{"reserved_config_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(RESERVED, LIVE_A), .size = 30)},
	 QS_VERDICT_hash_short_config,
	 NOBODY},
	{"reserved_config_long",
	 {ETHERNET(), IPV4(), UDP(),
	  LONG(QUIC_V1, .first = 0xe0, .dcid = ISSUED(RESERVED, LIVE_A),
	       .size = 30)},
	 QS_VERDICT_hash_handshake,
	 NOBODY},
	{"slot_beyond_all_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, 256), .size = 30)},
	 QS_VERDICT_hash_short_server,
	 NOBODY},
	{"slot_beyond_all_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V2, .first = 0xd0, .dcid = ISSUED(SINGLE_PASS, 65535),
	       .size = 1200)},
	 QS_VERDICT_hash_initial,
	 NOBODY},
	{"not_of_assigned_form",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = LISTED(FOUR_PASS_EVEN_4, not_assigned), .size = 30)},
	 QS_VERDICT_hash_short_server,
	 NOBODY},
	{"not_of_assigned_form_last_octet",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = LISTED(FOUR_PASS_EVEN_4, last_octet), .size = 30)},
	 QS_VERDICT_hash_short_server,
	 NOBODY},
	{"not_listed_short",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = LISTED(FOUR_PASS_ODD_4, listed_nowhere), .size = 30)},
	 QS_VERDICT_hash_short_server,
	 NOBODY},
	{"not_listed_long",
	 {ETHERNET(), IPV6(), UDP(),
	  LONG(QUIC_V1, .first = 0xd0,
	       .dcid = LISTED(FOUR_PASS_ODD_4, listed_nowhere), .size = 1200)},
	 QS_VERDICT_hash_zero_rtt,
	 NOBODY},
	{"assigned_form_where_only_lists_count",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(FOUR_PASS_ODD_4, LIVE_A), .size = 30)},
	 QS_VERDICT_hash_short_server,
	 NOBODY},
	{"listed_under_another_config",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = LISTED(FOUR_PASS_EVEN_3, listed_live), .size = 30)},
	 QS_VERDICT_hash_short_server,
	 NOBODY},
};

void test_unroutable(void)
{
	RUN_FIXTURES("unroutable", fixtures);
}
