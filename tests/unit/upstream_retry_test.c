/* SPDX-License-Identifier: GPL-2.0-only */
/* Requests that their first backend fails. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/upstream_rows.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
#define UNAVAILABLE "HTTP/1.1 503 No\r\ncontent-length: 2\r\n\r\nno"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { BAD_ROW = 3, GOOD_ROW = 4, OTHER_ROW = 5 };

static const struct step closes = {"\r\n\r\n", NULL, STEP_CLOSE};
static const struct step hangs = {"\r\n\r\n", NULL, STEP_KEEP};
static const struct step answers = {"\r\n\r\n", HELLO, STEP_KEEP};
static const struct step refuses = {"\r\n\r\n", UNAVAILABLE, STEP_KEEP};

static struct bed bed;
static struct script bad, good;
static struct front front;
static struct qs_pool_stats *const pool = &proxy.pool[0];

/* Pool "a" of a bad backend, which comes first, and a good one. */
static void begin(const struct step *step, struct qs_config_retries retries)
{
	rows_open(&bed);
	bed.options.retries = retries;
	script_listen(&bad, &bed, step, 1);
	script_listen(&good, &bed, &answers, 1);
	bad.repeat = good.repeat = true;
	rows_fill(BAD_ROW, "a", &bad, 60000);
	rows_fill(GOOD_ROW, "a", &good, 1);
	rows_pools(&bed, "a");
}

static void finish(void)
{
	front_free(&front);
	script_stop(&bad);
	script_stop(&good);
	bed_close(&bed);
}

static const struct qs_config_retries usual = {
	.attempts = 2, .budget = 200, .minimum = 10};

static unsigned get(const char *target)
{
	unsigned status;

	front_free(&front);
	front_start(&front, &bed, target, NULL);
	bed_run(&bed, front_done, &front);
	status = front.status;
	cr_expect(!front.broken);
	return status;
}

Test(upstream_retry, safe_requests_go_to_another_backend)
{
	static const char *const safe[] = {"GET /", "HEAD /", "OPTIONS /",
					   "DELETE /", "PUT /"};

	begin(&closes, usual);
	for (size_t i = 0; i < COUNT(safe); i++)
		cr_expect_eq(get(safe[i]), 200, "%s", safe[i]);
	cr_expect_eq(bad.answers, COUNT(safe));
	cr_expect_eq(good.answers, COUNT(safe));
	cr_expect_eq(pool->counters.retries_broken, COUNT(safe));
	cr_expect_eq(proxy.backend[BAD_ROW].counters.retries, COUNT(safe));
	cr_expect_eq(proxy.backend[BAD_ROW].counters.broken, COUNT(safe));
	finish();
}

Test(upstream_retry, what_is_not_safe_stays)
{
	begin(&closes, usual);
	cr_expect_eq(get("POST /"), 502);
	cr_expect_eq(get("PATCH /"), 502);
	front_free(&front);
	front.upload_size = 10;
	front_start(&front, &bed, "PUT /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 502, "its body was sent");
	cr_expect_eq(good.answers, 0);
	finish();
}

Test(upstream_retry, a_response_that_began_is_not_replaced)
{
	static const struct step half = {"\r\n\r\n",
					 "HTTP/1.1 200 OK\r\nx:", STEP_CLOSE};

	begin(&half, usual);
	cr_expect_eq(get("GET /"), 502);
	cr_expect_eq(good.answers, 0);
	finish();
}

Test(upstream_retry, none_by_option)
{
	begin(&closes,
	      (struct qs_config_retries){.attempts = 0, .minimum = 10});
	cr_expect_eq(get("GET /"), 502);
	cr_expect_eq(good.answers, 0);
	finish();
}

Test(upstream_retry, so_many_attempts)
{
	struct script other;

	begin(&closes,
	      (struct qs_config_retries){.attempts = 1, .minimum = 10});
	script_listen(&other, &bed, &closes, 1);
	other.repeat = true;
	rows_fill(OTHER_ROW, "a", &other, 60000);
	bed_wait(&bed, 120);
	cr_expect_eq(get("GET /"), 502);
	cr_expect_eq(bad.answers + other.answers, 2);
	script_stop(&other);
	finish();
}

Test(upstream_retry, the_budget_ends)
{
	unsigned failed = 0;

	begin(&closes, (struct qs_config_retries){
			       .attempts = 2, .budget = 100, .minimum = 5});
	for (unsigned i = 0; i < 100; i++)
		failed += get("GET /") == 502;
	cr_expect_eq(failed, 90);
	cr_expect_eq(pool->counters.retries_broken, 10);
	cr_expect_eq(pool->counters.retries_over_budget, 90);
	finish();
}

/* Nothing was sent, so every request may go on, and costs no budget. */
Test(upstream_retry, refused_connections)
{
	begin(&closes, (struct qs_config_retries){.attempts = 1});
	uv_close((uv_handle_t *)&bad.listener, NULL);
	for (unsigned i = 0; i < 20; i++)
		cr_expect_eq(get("POST /"), 200);
	cr_expect_eq(pool->counters.retries_connect, 20);
	front_free(&front);
	script_stop(&good);
	bed_close(&bed);
}

Test(upstream_retry, on_status)
{
	begin(&refuses, (struct qs_config_retries){.attempts = 1,
						   .minimum = 10,
						   .statuses = {{502, 503}},
						   .status_count = 1});
	cr_expect_eq(get("GET /"), 200);
	cr_expect_str_eq(front_body(&front), "hello");
	cr_expect_eq(get("POST /"), 503);
	cr_expect_str_eq(front_body(&front), "no");
	cr_expect_eq(pool->counters.retries_status, 1);
	cr_expect_eq(pool->responses[QS_PROTOCOL_h3][QS_STATUS_503], 1);
	rows[GOOD_ROW].effective = 0;
	cr_expect_eq(get("GET /"), 503, "there is no other");
	cr_expect_str_eq(front_body(&front), "no");
	finish();
}

Test(upstream_retry, on_timeout)
{
	struct qs_config_retries retries = usual;

	retries.on_timeout = true;
	begin(&hangs, retries);
	bed.options.response_timeout_ms = 60;
	rows_pools(&bed, "a");
	cr_expect_eq(get("GET /"), 200);
	cr_expect_eq(get("POST /"), 504);
	cr_expect_eq(pool->counters.retries_timeout, 1);
	bed.options.retries.on_timeout = false;
	rows_pools(&bed, "a");
	cr_expect_eq(get("GET /"), 504);
	finish();
}

/* Also that of a response which has begun, and however often octets come. */
Test(upstream_retry, total_timeout)
{
	static const struct step drips = {
		"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n",
		STEP_KEEP};

	begin(&hangs, usual);
	bed.options.total_timeout_ms = 80;
	rows_pools(&bed, "a");
	cr_expect_eq(get("GET /"), 504);
	bad.steps = &drips;
	front_free(&front);
	front_start(&front, &bed, "GET /", NULL);
	for (unsigned i = 0; i < 40 && !front_done(&front); i++) {
		bed_wait(&bed, 10);
		script_say(&bad, "x");
	}
	cr_expect_eq(front.status, 200);
	cr_expect(front.broken);
	cr_expect_eq(pool->counters.total_timeouts, 2);
	finish();
}

Test(upstream_retry, the_queue_is_bounded)
{
	struct front waiting = {0};

	begin(&hangs, usual);
	rows[GOOD_ROW].effective = 0;
	bed.options.max_connections = 1;
	bed.options.queue = (struct qs_config_queue){1, 100};
	rows_pools(&bed, "a");
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&waiting, &bed, "GET /2", NULL);
	bed_wait(&bed, 20);
	cr_expect(!front_done(&waiting));
	{
		struct front refused = {0};

		front_start(&refused, &bed, "GET /3", NULL);
		bed_run(&bed, front_done, &refused);
		cr_expect_eq(refused.status, 503);
		cr_expect(front_has_field(&refused, "retry-after: 1"));
		cr_expect(!front_done(&waiting), "at once");
		front_free(&refused);
	}
	bed_run(&bed, front_done, &waiting);
	cr_expect_eq(waiting.status, 503);
	cr_expect(front_has_field(&waiting, "retry-after: 1"));
	cr_expect_eq(pool->counters.queue_full, 1);
	cr_expect_eq(pool->counters.queue_timeouts, 1);
	front_free(&waiting);
	finish();
}
