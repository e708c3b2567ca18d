/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs all features; the first ones are about malformed packets. */
#include "tests/bpf/fixture.h"

int main(void)
{
	if (fixtures_open())
		return 1;
	test_truncated();
	test_udp_length();
	test_fragments();
	test_unroutable();
	test_not_for_us();
	test_vlan();
	test_ip_options();
	test_drop_options();
	test_icmp();
	test_icmp_record();
	test_extension_headers();
	test_terminators();
	test_cid_lengths();
	test_long_headers();
	test_short_headers();
	test_encodings();
	test_vips();
	test_impossible();
	test_policing();
	test_events();
	test_hashing();
	test_pins();
	test_deliver();
	print_figures();
	world_close(&world);
	return failures() != 0;
}
