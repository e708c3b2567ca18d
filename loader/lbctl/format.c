/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/format.h"

#include <stdio.h>

#define BOUND(bound) bound,
static const double bounds_us[] = {QS_HISTOGRAM_BOUNDS(BOUND)};

/* Three digits at most, and a letter for powers of `base`. */
static char *scale(char *text, double value, double base,
		   const char *const *units, const char *gap)
{
	int unit = 0;

	while (value >= 999.5 && units[unit + 1]) {
		value /= base;
		unit++;
	}
	snprintf(text, FORMAT_TEXT, "%.*f%s%s", unit && value < 9.95 ? 1 : 0,
		 value, gap, units[unit]);
	return text;
}

char *format_count(char text[static FORMAT_TEXT], double value)
{
	static const char *const units[] = {"", "k", "M", "G", "T", "P", NULL};

	return scale(text, value, 1000, units, "");
}

char *format_rate(char text[static FORMAT_TEXT], double value)
{
	if (value >= 99.95)
		return format_count(text, value);
	snprintf(text, FORMAT_TEXT, value < 0.05 ? "0" : "%.1f", value);
	return text;
}

char *format_bytes(char text[static FORMAT_TEXT], __u64 bytes)
{
	static const char *const units[] = {"B",   "KiB", "MiB", "GiB",
					    "TiB", "PiB", NULL};

	return scale(text, bytes, 1024, units, " ");
}

char *format_us(char text[static FORMAT_TEXT], double us)
{
	static const char *const units[] = {"us", "ms", "s", NULL};

	return scale(text, us, 1000, units, "");
}

char *format_age(char text[static FORMAT_TEXT], double seconds)
{
	unsigned long whole = seconds;

	if (seconds < 60)
		snprintf(text, FORMAT_TEXT, "%.1fs", seconds);
	else if (whole < 3600)
		snprintf(text, FORMAT_TEXT, "%lum%02lus", whole / 60,
			 whole % 60);
	else if (whole < 86400)
		snprintf(text, FORMAT_TEXT, "%luh%02lum", whole / 3600,
			 whole / 60 % 60);
	else
		snprintf(text, FORMAT_TEXT, "%lud%02luh", whole / 86400,
			 whole / 3600 % 24);
	return text;
}

__u64 format_histogram_count(const struct qs_histogram *histogram)
{
	__u64 count = 0;

	for (int i = 0; i < QS_HISTOGRAM_BUCKETS; i++)
		count += histogram->bucket[i];
	return count;
}

double format_quantile(const struct qs_histogram *histogram, double quantile)
{
	double wanted = quantile * format_histogram_count(histogram);
	double below = 0, lower = 0;

	if (!format_histogram_count(histogram))
		return -1;
	for (int i = 0; i < QS_HISTOGRAM_BUCKETS - 1; i++) {
		double count = histogram->bucket[i];
		double upper = bounds_us[i];

		if (count && below + count >= wanted)
			return lower +
			       (upper - lower) * (wanted - below) / count;
		below += count;
		lower = upper;
	}
	return lower;
}
