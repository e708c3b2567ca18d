/* SPDX-License-Identifier: GPL-2.0-only */
/* Addresses that are VIPs, by themselves or by a wildcard. */
#include "tests/bpf/fixture.h"

static const struct fixture fixtures[] = {
	{"same_port_ipv4",
	 {ETHERNET(), IPV4(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"same_port_ipv6",
	 {ETHERNET(), IPV6(), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"ipv4_vip_as_mapped_ipv6",
	 {ETHERNET(), IPV6(.destination = "::ffff:203.0.113.1"), UDP(),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"wildcard_ipv4",
	 {ETHERNET(), IPV4(.destination = "192.0.2.55"),
	  UDP(.port = WILDCARD_PORT),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"wildcard_ipv6",
	 {ETHERNET(), IPV6(.destination = "2001:db8:9::9"),
	  UDP(.port = WILDCARD_PORT),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
	{"wildcard_hash",
	 {ETHERNET(), IPV4(.destination = "192.0.2.55"),
	  UDP(.port = WILDCARD_PORT),
	  LONG(QUIC_V1, .dcid = FOREIGN(8), .size = 1200)},
	 QS_VERDICT_hash_initial,
	 NOBODY},
	{"wildcard_on_a_vips_address",
	 {ETHERNET(), IPV4(), UDP(.port = WILDCARD_PORT),
	  SHORT(.dcid = ISSUED(SINGLE_PASS, LIVE_A), .size = 30)},
	 QS_VERDICT_route_short,
	 LIVE_A},
};

void test_vips(void)
{
	RUN_FIXTURES("vips", fixtures);
}
