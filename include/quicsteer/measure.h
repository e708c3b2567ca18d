/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a measured time and a status code are counted: in which bucket of a
 * histogram, in which row (counters.h). Pure; for userspace.
 */
#ifndef QUICSTEER_MEASURE_H
#define QUICSTEER_MEASURE_H

#include "quicsteer/counters.h"

#define QS_COUNT_BOUND(bound) +1
_Static_assert(QS_HISTOGRAM_BUCKETS == 1 QS_HISTOGRAM_BOUNDS(QS_COUNT_BOUND),
	       "one bucket for each bound, and one for all above");

/* qs_histogram_add counts a time of `us` microseconds. */
static inline void qs_histogram_add(struct qs_histogram *histogram, __u64 us)
{
#define QS_BOUND(bound) bound,
	static const __u64 bounds[] = {QS_HISTOGRAM_BOUNDS(QS_BOUND)};
#undef QS_BOUND
	unsigned i = 0;

	while (i < QS_HISTOGRAM_BUCKETS - 1 && us > bounds[i])
		i++;
	histogram->bucket[i]++;
	histogram->sum_us += us;
}

/* qs_status_row tells in which row a response of status 200 to 599 counts. */
static inline enum qs_status_row qs_status_row(unsigned status)
{
#define QS_STATUS_CASE(number) \
	case number:           \
		return QS_STATUS_##number;
	switch (status) {
		QS_STATUS_CODES(QS_STATUS_CASE)
	default:
		return status < 300   ? QS_STATUS_OTHER_2XX
		       : status < 400 ? QS_STATUS_OTHER_3XX
		       : status < 500 ? QS_STATUS_OTHER_4XX
				      : QS_STATUS_OTHER_5XX;
	}
#undef QS_STATUS_CASE
}

#endif
