/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prometheus' text format into memory. Without printf: a scrape writes
 * thousands of lines. A failure for want of memory shows at the end.
 */
#ifndef QS_LOADER_METRICS_WRITE_H
#define QS_LOADER_METRICS_WRITE_H

#include "quicsteer/counters.h"

#include <stdbool.h>
#include <stddef.h>

enum { METRICS_LABELS = 320 };

struct metrics_out {
	char *text; /* owned by who reads it; no NUL at its end */
	size_t length, room;
	bool failed;
};

/* Labels as they stand between braces, such as pool="web",backend="b1". */
struct metrics_labels {
	char text[METRICS_LABELS];
};

/* metrics_label: adds a label; its value is escaped. */
void metrics_label(struct metrics_labels *labels, const char *name,
		   const char *value);

/*
 * metrics_head: HELP and TYPE of the metric whose samples follow. `name` is
 * without "quicsteer_", which all have, but for those that begin with
 * "process_".
 */
void metrics_head(struct metrics_out *out, const char *name, const char *type,
		  const char *help);

/* metrics_append: samples that were written to another metrics_out. */
void metrics_append(struct metrics_out *out, const struct metrics_out *samples);

/*
 * metrics_count, metrics_micro, metrics_milli: a sample, whole or in millionths
 * (µs as seconds) or thousandths. `labels` may be NULL.
 */
void metrics_count(struct metrics_out *out, const char *name,
		   const struct metrics_labels *labels, __u64 value);
void metrics_micro(struct metrics_out *out, const char *name,
		   const struct metrics_labels *labels, __u64 value);
void metrics_milli(struct metrics_out *out, const char *name,
		   const struct metrics_labels *labels, __u64 value);

/* metrics_count_by: metrics_count() with one label more. */
void metrics_count_by(struct metrics_out *out, const char *name,
		      const struct metrics_labels *labels, const char *label,
		      const char *label_value, __u64 value);

/* metrics_histogram: buckets in seconds, sum and count. */
void metrics_histogram(struct metrics_out *out, const char *name,
		       const struct metrics_labels *labels,
		       const struct qs_histogram *histogram);

#endif
