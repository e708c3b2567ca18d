/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures in few characters, for tables; and what a histogram says. Pure. */
#ifndef QS_LBCTL_FORMAT_H
#define QS_LBCTL_FORMAT_H

#include "quicsteer/counters.h"

enum { FORMAT_TEXT = 48 };

/* format_count: "0", "999", "1.2k", "35k", "4.1M". Returns `text`. */
char *format_count(char text[static FORMAT_TEXT], double value);

/* format_rate: the same with one decimal below 100: "0", "0.3", "12.5". */
char *format_rate(char text[static FORMAT_TEXT], double value);

/* format_bytes: "0 B", "999 B", "1.2 KiB", "35 MiB". Returns `text`. */
char *format_bytes(char text[static FORMAT_TEXT], __u64 bytes);

/* format_us: "0us", "250us", "1.2ms", "35ms", "1.5s". Returns `text`. */
char *format_us(char text[static FORMAT_TEXT], double us);

/* format_age: "5.2s", "3m07s", "2h05m", "4d03h". Returns `text`. */
char *format_age(char text[static FORMAT_TEXT], double seconds);

/* format_histogram_count: how many times are in it. */
__u64 format_histogram_count(const struct qs_histogram *histogram);

/*
 * format_quantile: the time, in microseconds, that a share `quantile` (0 to 1)
 * of those in the histogram does not exceed, interpolated in its bucket; that
 * of the last bucket is its lower bound. -1 if the histogram is empty.
 */
double format_quantile(const struct qs_histogram *histogram, double quantile);

#endif
