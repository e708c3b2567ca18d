/* SPDX-License-Identifier: GPL-2.0-only */
/* In which bucket and row a time and a status code count. */
#include "quicsteer/measure.h"

#include <criterion/criterion.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

Test(measure, buckets)
{
	static const struct {
		__u64 us;
		unsigned bucket;
	} rows[] = {
		{0, 0},		{250, 0},	  {251, 1},   {500, 1},
		{501, 2},	{10000, 5},	  {10001, 6}, {10000000, 14},
		{10000001, 15}, {1ULL << 40, 15},
	};
	struct qs_histogram histogram;

	for (size_t i = 0; i < COUNT(rows); i++) {
		histogram = (struct qs_histogram){0};
		qs_histogram_add(&histogram, rows[i].us);
		cr_expect_eq(histogram.sum_us, rows[i].us);
		for (unsigned k = 0; k < QS_HISTOGRAM_BUCKETS; k++)
			cr_expect_eq(histogram.bucket[k], k == rows[i].bucket,
				     "%llu us, bucket %u",
				     (unsigned long long)rows[i].us, k);
	}
}

Test(measure, status_rows)
{
	static const struct {
		unsigned status;
		enum qs_status_row row;
	} rows[] = {
		{200, QS_STATUS_200},	    {203, QS_STATUS_OTHER_2XX},
		{299, QS_STATUS_OTHER_2XX}, {300, QS_STATUS_OTHER_3XX},
		{304, QS_STATUS_304},	    {404, QS_STATUS_404},
		{418, QS_STATUS_OTHER_4XX}, {500, QS_STATUS_500},
		{504, QS_STATUS_504},	    {505, QS_STATUS_OTHER_5XX},
		{599, QS_STATUS_OTHER_5XX},
	};

	for (size_t i = 0; i < COUNT(rows); i++)
		cr_expect_eq(qs_status_row(rows[i].status), rows[i].row, "%u",
			     rows[i].status);
}
