/* SPDX-License-Identifier: GPL-2.0-only */
/* Prometheus' text format. */
#include "loader/metrics_write.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct metrics_out out;

static void tear_down(void)
{
	free(out.text);
	out = (struct metrics_out){};
}

TestSuite(metrics_write, .fini = tear_down);

static void expect(const char *text)
{
	cr_assert(!out.failed);
	cr_expect(out.length == strlen(text) &&
			  (!out.length || !memcmp(out.text, text, out.length)),
		  "%.*s", (int)out.length, out.text);
	out.length = 0;
}

Test(metrics_write, append)
{
	struct metrics_out none = {}, some = {};

	metrics_append(&out, &none);
	expect("");
	metrics_count_by(&some, "a_total", NULL, "by", "this", 3);
	metrics_append(&out, &some);
	metrics_append(&out, &none);
	free(some.text);
	expect("quicsteer_a_total{by=\"this\"} 3\n");
}

Test(metrics_write, head)
{
	metrics_head(&out, "a_total", "counter", "Help.");
	expect("# HELP quicsteer_a_total Help.\n"
	       "# TYPE quicsteer_a_total counter\n");
	metrics_head(&out, "process_b", "gauge", "Help.");
	expect("# HELP process_b Help.\n# TYPE process_b gauge\n");
}

Test(metrics_write, numbers)
{
	struct metrics_labels labels = {};

	metrics_label(&labels, "x", "y");
	metrics_count(&out, "a", NULL, 0);
	expect("quicsteer_a 0\n");
	metrics_count(&out, "a", &labels, ~0ULL);
	expect("quicsteer_a{x=\"y\"} 18446744073709551615\n");
	metrics_micro(&out, "a", NULL, 0);
	expect("quicsteer_a 0\n");
	metrics_micro(&out, "a", NULL, 1);
	expect("quicsteer_a 0.000001\n");
	metrics_micro(&out, "a", NULL, 12345600);
	expect("quicsteer_a 12.3456\n");
	metrics_micro(&out, "a", NULL, 7000000);
	expect("quicsteer_a 7\n");
	metrics_milli(&out, "a", NULL, 1050);
	expect("quicsteer_a 1.05\n");
	metrics_count_by(&out, "a", &labels, "by", "cid", 3);
	expect("quicsteer_a{x=\"y\",by=\"cid\"} 3\n");
	metrics_count_by(&out, "a", NULL, "by", "cid", 3);
	expect("quicsteer_a{by=\"cid\"} 3\n");
}

Test(metrics_write, labels_are_escaped)
{
	struct metrics_labels labels = {};

	metrics_label(&labels, "a", "b\"c\\d\ne");
	metrics_label(&labels, "f", "");
	cr_expect_str_eq(labels.text, "a=\"b\\\"c\\\\d\\ne\",f=\"\"");
}

Test(metrics_write, a_label_that_does_not_fit_is_left_out)
{
	struct metrics_labels labels = {};
	char value[METRICS_LABELS];

	memset(value, '"', sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	metrics_label(&labels, "a", value);
	cr_expect_str_eq(labels.text, "");
	value[METRICS_LABELS / 2 - 3] = '\0';
	metrics_label(&labels, "a", value);
	cr_expect_eq(strlen(labels.text), 2 * (METRICS_LABELS / 2 - 3) + 4);
}

Test(metrics_write, histogram_is_cumulative_and_in_seconds)
{
	struct qs_histogram histogram = {.sum_us = 20000250};

	histogram.bucket[0] = 2;
	histogram.bucket[1] = 3;
	histogram.bucket[QS_HISTOGRAM_BUCKETS - 1] = 1;
	metrics_histogram(&out, "a_seconds", NULL, &histogram);
	expect("quicsteer_a_seconds_bucket{le=\"0.00025\"} 2\n"
	       "quicsteer_a_seconds_bucket{le=\"0.0005\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.001\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.0025\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.005\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.01\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.025\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.05\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.1\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.25\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"0.5\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"1\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"2.5\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"5\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"10\"} 5\n"
	       "quicsteer_a_seconds_bucket{le=\"+Inf\"} 6\n"
	       "quicsteer_a_seconds_sum 20.00025\n"
	       "quicsteer_a_seconds_count 6\n");
}

Test(metrics_write, grows)
{
	for (int i = 0; i < 100000; i++)
		metrics_count(&out, "a", NULL, 1234567);
	cr_assert(!out.failed);
	cr_expect_eq(out.length, 100000 * strlen("quicsteer_a 1234567\n"));
}
