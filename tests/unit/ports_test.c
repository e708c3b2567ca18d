/* SPDX-License-Identifier: GPL-2.0-only */
#include <criterion/criterion.h>

#include "loader/ports.h"

/* VIPs of these ports, up to a 0. */
static unsigned int assign(struct ports *ports, const __u16 *wanted)
{
	struct qs_vip_key vips[QS_MAX_VIPS] = {};
	size_t count = 0;

	for (; wanted[count]; count++)
		vips[count].port = wanted[count];
	return ports_assign(ports, vips, count);
}

#define ASSIGN(ports, ...) assign(ports, (const __u16[]){__VA_ARGS__, 0})

Test(ports, each_port_gets_one_index)
{
	struct ports ports = {};

	cr_assert_eq(ASSIGN(&ports, 443, 443, 8443, 443), 3);
	cr_assert_eq(ports.port[0], 443);
	cr_assert_eq(ports.port[1], 8443);
	cr_assert_eq(ports.port[2], 0);
	cr_assert_eq(ports_index(&ports, 8443), 1);
	cr_assert_eq(ports_index(&ports, 9443), -1);
}

Test(ports, a_wanted_port_keeps_its_index)
{
	struct ports ports = {{1, 2, 3}};

	cr_assert_eq(ASSIGN(&ports, 3, 2, 1), 0);
	cr_assert_eq(ASSIGN(&ports, 3), 3);
	cr_assert_eq(ports.port[0], 0);
	cr_assert_eq(ports.port[1], 0);
	cr_assert_eq(ports.port[2], 3);
}

Test(ports, an_unused_index_goes_before_a_freed_one)
{
	struct ports ports = {{1, 2}};

	cr_assert_eq(ASSIGN(&ports, 2, 9), 5);
	cr_assert_eq(ports.port[0], 0);
	cr_assert_eq(ports.port[2], 9);
}

Test(ports, freed_indices_do_when_all_are_used)
{
	struct ports ports = {{1, 2, 3, 4, 5, 6, 7, 8}};

	cr_assert_eq(ASSIGN(&ports, 11, 12, 13, 14, 15, 16, 17, 8), 0x7f);
	cr_assert_eq(ports.port[0], 11);
	cr_assert_eq(ports.port[6], 17);
	cr_assert_eq(ports.port[7], 8);
}
