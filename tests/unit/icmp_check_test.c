/* SPDX-License-Identifier: GPL-2.0-only */
/* Which ICMP errors are believed. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/icmp_check.h"

static const uint8_t dcid[8] = {1, 2, 3, 4, 5, 6, 7, 8};
static const uint8_t scid[5] = {11, 12, 13, 14, 15};

static size_t long_header(uint8_t *to)
{
	static const uint8_t start[] = {0xe0, 0, 0, 0, 1, sizeof(dcid)};

	memcpy(to, start, 6);
	memcpy(to + 6, dcid, 8);
	to[14] = sizeof(scid);
	memcpy(to + 15, scid, 5);
	to[20] = 0xff;
	return 21;
}

Test(icmp_check, short_header)
{
	uint8_t quoted[12] = {0x40};
	struct icmp_cid cid;

	memcpy(quoted + 1, dcid, 8);
	icmp_quoted_dcid(quoted, 12, 8, &cid);
	cr_assert(icmp_is_cid(&cid, dcid, 8));
	cr_assert_not(icmp_is_cid(&cid, dcid, 7));
	quoted[8] ^= 1;
	cr_assert_not(icmp_is_cid(&cid, dcid, 8));
	cr_assert_not(icmp_quoted_scid(quoted, 12, &cid));
}

Test(icmp_check, what_is_cut_off_cannot_disagree)
{
	uint8_t quoted[12] = {0x40};
	struct icmp_cid cid;

	memcpy(quoted + 1, dcid, 8);
	icmp_quoted_dcid(quoted, 5, 8, &cid);
	cr_assert_eq(cid.known, 4);
	cr_assert(icmp_is_cid(&cid, dcid, 8));
	quoted[4] ^= 1;
	cr_assert_not(icmp_is_cid(&cid, dcid, 8));
	icmp_quoted_dcid(quoted, 0, 8, &cid);
	cr_assert(icmp_is_cid(&cid, dcid, 8));
}

Test(icmp_check, client_without_cids)
{
	uint8_t quoted[12] = {0x40};
	struct icmp_cid cid;

	icmp_quoted_dcid(quoted, 12, 0, &cid);
	cr_assert(icmp_is_cid(&cid, dcid, 0));
}

Test(icmp_check, long_header)
{
	uint8_t quoted[21];
	size_t size = long_header(quoted);
	struct icmp_cid cid;

	icmp_quoted_dcid(quoted, size, 3, &cid);
	cr_assert(icmp_is_cid(&cid, dcid, 8));
	cr_assert(icmp_quoted_scid(quoted, size, &cid));
	cr_assert_eq(cid.size, 5);
	cr_assert_eq(memcmp(cid.octets, scid, 5), 0);
}

Test(icmp_check, long_header_cut_anywhere)
{
	uint8_t whole[21];
	size_t size = long_header(whole), i;
	struct icmp_cid cid;

	for (i = 0; i <= size; i++) {
		/* So that a read behind it is found. */
		uint8_t *quoted = malloc(i);

		memcpy(quoted, whole, i);
		icmp_quoted_dcid(quoted, i, 8, &cid);
		cr_assert(icmp_is_cid(&cid, dcid, 8), "cut at %zu", i);
		cr_assert_eq(icmp_quoted_scid(quoted, i, &cid), i >= 20);
		free(quoted);
	}
}

Test(icmp_check, impossible_lengths)
{
	uint8_t quoted[48];
	struct icmp_cid cid;

	memset(quoted, 0xff, sizeof(quoted));
	icmp_quoted_dcid(quoted, 48, 8, &cid);
	cr_assert_eq(cid.size, 255);
	cr_assert_eq(cid.known, 42);
	cr_assert_not(icmp_is_cid(&cid, dcid, 8));
	cr_assert_not(icmp_quoted_scid(quoted, 48, &cid));
}

Test(icmp_check, mtu)
{
	size_t payload = 0;

	cr_assert_eq(icmp_judge_mtu(1300, true, 1444, &payload),
		     ICMP_MTU_TAKEN);
	cr_assert_eq(payload, 1272);
	cr_assert_eq(icmp_judge_mtu(1300, false, 1444, &payload),
		     ICMP_MTU_TAKEN);
	cr_assert_eq(payload, 1252);
	cr_assert_eq(icmp_judge_mtu(1228, true, 1444, &payload),
		     ICMP_MTU_TAKEN);
	cr_assert_eq(payload, 1200);
}

Test(icmp_check, mtu_out_of_bounds)
{
	size_t payload = 7;

	cr_assert_eq(icmp_judge_mtu(1227, true, 1444, &payload),
		     ICMP_MTU_TOO_SMALL);
	cr_assert_eq(icmp_judge_mtu(1247, false, 1444, &payload),
		     ICMP_MTU_TOO_SMALL);
	cr_assert_eq(icmp_judge_mtu(0, true, 1444, &payload),
		     ICMP_MTU_TOO_SMALL);
	cr_assert_eq(icmp_judge_mtu(1472, true, 1444, &payload),
		     ICMP_MTU_TOO_LARGE);
	cr_assert_eq(icmp_judge_mtu(0xffffffff, false, 1444, &payload),
		     ICMP_MTU_TOO_LARGE);
	cr_assert_eq(icmp_judge_mtu(1228, true, 1200, &payload),
		     ICMP_MTU_TOO_LARGE);
	cr_assert_eq(payload, 7);
}
