/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/metrics_write.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 1 << 16, DIGITS = 20 };

/* Upper bounds in the base unit, as text. */
#define BOUND(us) us,
static const unsigned int bounds_us[] = {QS_HISTOGRAM_BOUNDS(BOUND)};

_Static_assert(sizeof(bounds_us) / sizeof(*bounds_us) ==
		       QS_HISTOGRAM_BUCKETS - 1,
	       "the last bucket has no bound");

static void add_octets(struct metrics_out *out, const char *octets,
		       size_t length)
{
	/* Nothing may have no address, which memcpy does not take. */
	if (!length)
		return;
	if (out->length + length > out->room) {
		size_t room = out->room ? out->room : FIRST_ROOM;
		char *text;

		while (room < out->length + length)
			room *= 2;
		text = realloc(out->text, room);
		if (!text) {
			out->failed = true;
			return;
		}
		out->text = text;
		out->room = room;
	}
	memcpy(out->text + out->length, octets, length);
	out->length += length;
}

static void add(struct metrics_out *out, const char *text)
{
	add_octets(out, text, strlen(text));
}

static void add_number(struct metrics_out *out, __u64 value)
{
	char digits[DIGITS];
	int first = DIGITS;

	do {
		digits[--first] = '0' + value % 10;
		value /= 10;
	} while (value);
	add_octets(out, digits + first, DIGITS - first);
}

/* `scale` is a power of ten. Zeros at the end are left out. */
static void add_decimal(struct metrics_out *out, __u64 value, __u64 scale)
{
	__u64 rest = value % scale;

	add_number(out, value / scale);
	if (!rest)
		return;
	add(out, ".");
	while (rest) {
		scale /= 10;
		add_number(out, rest / scale);
		rest %= scale;
	}
}

void metrics_append(struct metrics_out *out, const struct metrics_out *samples)
{
	add_octets(out, samples->text, samples->length);
}

static void add_name(struct metrics_out *out, const char *name)
{
	if (strncmp(name, "process_", strlen("process_")))
		add(out, "quicsteer_");
	add(out, name);
}

void metrics_label(struct metrics_labels *labels, const char *name,
		   const char *value)
{
	size_t length = strlen(labels->text), need = strlen(name) + 5;

	if (length + need + 2 * strlen(value) > sizeof(labels->text))
		return;
	if (length)
		labels->text[length++] = ',';
	length = stpcpy(labels->text + length, name) - labels->text;
	length = stpcpy(labels->text + length, "=\"") - labels->text;
	for (; *value; value++) {
		if (*value == '"' || *value == '\\' || *value == '\n')
			labels->text[length++] = '\\';
		labels->text[length++] = *value == '\n' ? 'n' : *value;
	}
	strcpy(labels->text + length, "\"");
}

void metrics_head(struct metrics_out *out, const char *name, const char *type,
		  const char *help)
{
	add(out, "# HELP ");
	add_name(out, name);
	add(out, " ");
	add(out, help);
	add(out, "\n# TYPE ");
	add_name(out, name);
	add(out, " ");
	add(out, type);
	add(out, "\n");
}

static void begin_sample(struct metrics_out *out, const char *name,
			 const char *suffix,
			 const struct metrics_labels *labels)
{
	add_name(out, name);
	add(out, suffix);
	if (!labels) {
		add(out, " ");
		return;
	}
	add(out, "{");
	add(out, labels->text);
	add(out, "} ");
}

void metrics_count(struct metrics_out *out, const char *name,
		   const struct metrics_labels *labels, __u64 value)
{
	begin_sample(out, name, "", labels);
	add_number(out, value);
	add(out, "\n");
}

void metrics_micro(struct metrics_out *out, const char *name,
		   const struct metrics_labels *labels, __u64 value)
{
	begin_sample(out, name, "", labels);
	add_decimal(out, value, 1000000);
	add(out, "\n");
}

void metrics_milli(struct metrics_out *out, const char *name,
		   const struct metrics_labels *labels, __u64 value)
{
	begin_sample(out, name, "", labels);
	add_decimal(out, value, 1000);
	add(out, "\n");
}

/* The names and values here are ours: nothing to escape. */
static void begin_with(struct metrics_out *out, const char *name,
		       const char *suffix, const struct metrics_labels *labels,
		       const char *label)
{
	add_name(out, name);
	add(out, suffix);
	add(out, "{");
	if (labels) {
		add(out, labels->text);
		add(out, ",");
	}
	add(out, label);
	add(out, "=\"");
}

void metrics_count_by(struct metrics_out *out, const char *name,
		      const struct metrics_labels *labels, const char *label,
		      const char *label_value, __u64 value)
{
	begin_with(out, name, "", labels, label);
	add(out, label_value);
	add(out, "\"} ");
	add_number(out, value);
	add(out, "\n");
}

void metrics_histogram(struct metrics_out *out, const char *name,
		       const struct metrics_labels *labels,
		       const struct qs_histogram *histogram)
{
	__u64 count = 0;

	for (int i = 0; i < QS_HISTOGRAM_BUCKETS; i++) {
		count += histogram->bucket[i];
		begin_with(out, name, "_bucket", labels, "le");
		if (i < QS_HISTOGRAM_BUCKETS - 1)
			add_decimal(out, bounds_us[i], 1000000);
		else
			add(out, "+Inf");
		add(out, "\"} ");
		add_number(out, count);
		add(out, "\n");
	}
	begin_sample(out, name, "_sum", labels);
	add_decimal(out, histogram->sum_us, 1000000);
	add(out, "\n");
	begin_sample(out, name, "_count", labels);
	add_number(out, count);
	add(out, "\n");
}
