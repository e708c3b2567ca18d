/* SPDX-License-Identifier: GPL-2.0-only */
/* IPv4 headers longer than 20 octets. */
#include "tests/bpf/fixture.h"

static const struct fixture fixtures[] = {
	{"longer_than_packet",
	 {ETHERNET(), IPV4(.next = 17, .header_words = 8), OCTETS(8)},
	 QS_VERDICT_pass_truncated,
	 NOBODY},
	{"end_in_the_ports",
	 {ETHERNET(), IPV4(.next = 17, .options = "01010101"), OCTETS(3)},
	 QS_VERDICT_pass_truncated,
	 NOBODY},
	{"nop_4_octets",
	 {ETHERNET(), IPV4(.options = "01010101"), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"router_alert",
	 {ETHERNET(), IPV4(.options = "94040000"), UDP(),
	  SHORT(.dcid = ISSUED(PLAINTEXT, LIVE_B), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_B},
	{"record_route_40_octets",
	 {ETHERNET(),
	  IPV4(.options = "072704"
			  "0000000000000000000000000000000000000000000000000000"
			  "00000000000000000000"
			  "00"),
	  UDP(), SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"with_long_header",
	 {ETHERNET(), IPV4(.options = "01010101"), UDP(),
	  LONG(QUIC_V1, .dcid = FOREIGN(8), .scid = FOREIGN(8), .size = 1200)},
	 QS_VERDICT_hash_initial,
	 NOBODY},
	{"to_others",
	 {ETHERNET(), IPV4(.options = "01010101"), UDP(.port = OTHER_PORT),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_pass_not_vip,
	 NOBODY},
	{"first_fragment",
	 {ETHERNET(), IPV4(.options = "01010101", .fragment = 0x2000), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_drop_fragment,
	 NOBODY},
};

void test_ip_options(void)
{
	RUN_FIXTURES("ip_options", fixtures);
}
