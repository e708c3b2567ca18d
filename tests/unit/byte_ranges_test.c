/* SPDX-License-Identifier: GPL-2.0-only */
/* Ranges and the bodies that they make. */
#include "terminator/byte_ranges.h"
#include "terminator/files_plan.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* "none", "no" or "0-9 20-29" */
static void describe(char *out, size_t size, const char *value, uint64_t of)
{
	struct byte_ranges ranges;
	size_t used = 0;

	switch (byte_ranges_parse(&ranges, value, strlen(value), of)) {
	case BYTE_RANGES_NONE:
		snprintf(out, size, "none");
		return;
	case BYTE_RANGES_UNSATISFIABLE:
		snprintf(out, size, "no");
		return;
	case BYTE_RANGES_SOME:
		break;
	}
	*out = '\0';
	for (size_t i = 0; i < ranges.count; i++)
		used += snprintf(out + used, size - used,
				 "%s%" PRIu64 "-%" PRIu64, i ? " " : "",
				 ranges.list[i].first, ranges.list[i].last);
}

Test(byte_ranges, table)
{
	static const struct {
		const char *value;
		uint64_t size;
		const char *expected;
	} rows[] = {
		{"bytes=0-9", 100, "0-9"},
		{"BYTES=0-9", 100, "0-9"},
		{"bytes=99-", 100, "99-99"},
		{"bytes=100-", 100, "no"},
		{"bytes=-1", 100, "99-99"},
		{"bytes=-1000", 100, "0-99"},
		{"bytes=-0", 100, "no"},
		{"bytes=0-1000", 100, "0-99"},
		{"bytes=0-9,20-29", 100, "0-9 20-29"},
		{"bytes=,0-9 ,\t20-29,", 100, "0-9 20-29"},
		{"bytes=200-,0-9", 100, "0-9"},
		{"bytes=200-,300-", 100, "no"},
		{"bytes=0-18446744073709551616", 100, "0-99"},
		{"bytes=18446744073709551616-", 100, "no"},
		{"bytes=0-0", 1, "0-0"},
		{"bytes=0-0", 0, "no"},
		{"bytes=-1", 0, "none"},
		{"bytes=-0", 0, "no"},
		{"bytes=0-99,0-99", 100, "none"},
		{"bytes=0-50,50-99", 100, "none"},
		{"bytes=9-0", 100, "none"},
		{"bytes=", 100, "none"},
		{"bytes=,", 100, "none"},
		{"bytes=-", 100, "none"},
		{"bytes=a-b", 100, "none"},
		{"bytes=0-9;", 100, "none"},
		{"bytes=0 -9", 100, "none"},
		{"bytes=0--9", 100, "none"},
		{"bytes=+0-9", 100, "none"},
		{"bytes=0-9,x", 100, "none"},
		{"bytes 0-9", 100, "none"},
		{"octets=0-9", 100, "none"},
		{"bytes", 100, "none"},
		{"", 100, "none"},
		{"bytes=0-0,2-2,4-4,6-6,8-8,10-10,12-12,14-14,16-16,18-18,"
		 "20-20,22-22,24-24,26-26,28-28,30-30,32-32",
		 100, "none"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[256];

		describe(text, sizeof(text), rows[i].value, rows[i].size);
		cr_expect_str_eq(text, rows[i].expected, "\"%s\" gives %s",
				 rows[i].value, text);
	}
}

/* What is announced is what comes. */
static void assert_length(const struct files_plan *plan)
{
	char text[FILES_PLAN_TEXT];
	uint64_t length = 0;

	for (size_t i = 0; i <= plan->ranges.count; i++) {
		length += files_plan_before(plan, i, text);
		if (i < plan->ranges.count)
			length += plan->ranges.list[i].last -
				  plan->ranges.list[i].first + 1;
	}
	cr_expect_eq(length, plan->length);
}

Test(byte_ranges, plans)
{
	struct byte_ranges ranges = {.list = {{0, 9}}, .count = 1};
	char text[FILES_PLAN_TEXT];
	struct files_plan plan;

	files_plan_whole(&plan, 0);
	cr_expect_eq(plan.ranges.count, 0);
	assert_length(&plan);
	files_plan_whole(&plan, 1000);
	cr_expect_eq(plan.length, 1000);
	cr_expect_not(plan.partial);
	assert_length(&plan);
	files_plan_ranges(&plan, 1000, &ranges, "text/plain", 1);
	cr_expect(plan.partial && !plan.multipart && plan.length == 10);
	assert_length(&plan);
	ranges.list[1] = (struct byte_range){990, 999};
	ranges.count = 2;
	files_plan_ranges(&plan, 1000, &ranges, "text/plain", 0xabc);
	cr_expect(plan.multipart);
	assert_length(&plan);
	text[files_plan_before(&plan, 1, text)] = '\0';
	cr_expect_str_eq(text, "\r\n--0000000000000abc\r\n"
			       "Content-Type: text/plain\r\n"
			       "Content-Range: bytes 990-999/1000\r\n\r\n");
	text[files_plan_before(&plan, 2, text)] = '\0';
	cr_expect_str_eq(text, "\r\n--0000000000000abc--\r\n");
}
