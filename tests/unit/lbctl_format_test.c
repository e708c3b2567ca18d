/* SPDX-License-Identifier: GPL-2.0-only */
/* lbctl's figures, its tables, and what it reads from histograms. */
#include "loader/lbctl/format.h"
#include "loader/lbctl/grid.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static char text[FORMAT_TEXT];

Test(format, counts)
{
	cr_expect_str_eq(format_count(text, 0), "0");
	cr_expect_str_eq(format_count(text, 999), "999");
	cr_expect_str_eq(format_count(text, 1000), "1.0k");
	cr_expect_str_eq(format_count(text, 9940), "9.9k");
	cr_expect_str_eq(format_count(text, 12345), "12k");
	cr_expect_str_eq(format_count(text, 999499), "999k");
	cr_expect_str_eq(format_count(text, 999500), "1.0M");
}

Test(format, rates)
{
	cr_expect_str_eq(format_rate(text, 0), "0");
	cr_expect_str_eq(format_rate(text, 0.3), "0.3");
	cr_expect_str_eq(format_rate(text, 12.46), "12.5");
	cr_expect_str_eq(format_rate(text, 99.96), "100");
	cr_expect_str_eq(format_rate(text, 4321), "4.3k");
}

Test(format, octets_and_times)
{
	cr_expect_str_eq(format_bytes(text, 0), "0 B");
	cr_expect_str_eq(format_bytes(text, 1536), "1.5 KiB");
	cr_expect_str_eq(format_bytes(text, 35 << 20), "35 MiB");
	cr_expect_str_eq(format_us(text, 250), "250us");
	cr_expect_str_eq(format_us(text, 1234), "1.2ms");
	cr_expect_str_eq(format_us(text, 35000), "35ms");
	cr_expect_str_eq(format_us(text, 2e6), "2.0s");
	cr_expect_str_eq(format_us(text, 2e9), "2000s");
	cr_expect_str_eq(format_age(text, 5.21), "5.2s");
	cr_expect_str_eq(format_age(text, 187), "3m07s");
	cr_expect_str_eq(format_age(text, 7500), "2h05m");
	cr_expect_str_eq(format_age(text, 4 * 86400 + 3 * 3600), "4d03h");
}

Test(format, quantiles_of_nothing_and_of_the_last_bucket)
{
	struct qs_histogram histogram = {};

	cr_expect_eq(format_quantile(&histogram, 0.5), -1);
	histogram.bucket[QS_HISTOGRAM_BUCKETS - 1] = 3;
	cr_expect_eq(format_quantile(&histogram, 0.5), 10000000);
	cr_expect_eq(format_histogram_count(&histogram), 3);
}

Test(format, quantiles_lie_in_their_bucket)
{
	/* 100 times up to 250 us, 100 from 500 us to 1 ms. */
	struct qs_histogram histogram = {.bucket = {100, 0, 100}};

	cr_expect_float_eq(format_quantile(&histogram, 0.25), 125, 0.1);
	cr_expect_float_eq(format_quantile(&histogram, 0.5), 250, 0.1);
	cr_expect_float_eq(format_quantile(&histogram, 0.75), 750, 0.1);
	cr_expect_float_eq(format_quantile(&histogram, 0.99), 990, 0.1);
	cr_expect_float_eq(format_quantile(&histogram, 1), 1000, 0.1);
}

static const struct grid_column columns[] = {
	{"NAME", false, 0}, {"N", true, 0}, {"REASON", false, 4}};

/* What a table of two rows looks like at `width`. */
static char *print(size_t width)
{
	struct grid grid;
	char *printed;
	size_t size;
	FILE *stream = open_memstream(&printed, &size);

	grid_init(&grid, columns, 3);
	grid_add(&grid, "web-1");
	grid_add(&grid, "%d", 5);
	grid_add(&grid, "refused");
	grid_add(&grid, "b");
	grid_add(&grid, "%d", 1200);
	grid_add(&grid, "%s", "");
	cr_expect_eq(grid_print(&grid, stream, width), 0);
	grid_clear(&grid);
	fclose(stream);
	return printed;
}

Test(grid, columns_are_as_wide_as_what_is_in_them)
{
	char *printed = print(GRID_NO_LIMIT);

	cr_expect_str_eq(printed, "NAME     N REASON\n"
				  "web-1    5 refused\n"
				  "b     1200 \n");
	free(printed);
}

Test(grid, only_what_may_be_cut_is_cut)
{
	char *printed = print(16);

	cr_expect_str_eq(printed, "NAME     N REAS~\n"
				  "web-1    5 refu~\n"
				  "b     1200 \n");
	free(printed);
	printed = print(3);
	cr_expect_str_eq(printed, "NAME     N REA~\n"
				  "web-1    5 ref~\n"
				  "b     1200 \n");
	free(printed);
}
