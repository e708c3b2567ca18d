/* SPDX-License-Identifier: GPL-2.0-only */
/* Exchanges with servers that follow a script: what goes wrong, and how the
 * pool of connections behaves. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/upstream_one.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COUNTER(bed, name) ((bed).stats.counters.name)

Test(upstream, backend_urls)
{
	static const struct {
		const char *url;
		int result;
	} rows[] = {
		{"https://127.0.0.1", -EINVAL},
		{"127.0.0.1:80", -EINVAL},
		{"http://", -EINVAL},
		{"http://a.example", -EINVAL},
		{"http://127.0.0.1:", -EINVAL},
		{"http://127.0.0.1:0", -EINVAL},
		{"http://127.0.0.1:65536", -EINVAL},
		{"http://127.0.0.1:-1", -EINVAL},
		{"http://127.0.0.1:80x", -EINVAL},
		{"http://127.0.0.1/path", -EINVAL},
		{"http://::1", -EINVAL},
		{"http://[::1", -EINVAL},
		{"http://[::1]x", -EINVAL},
		{"http://[127.0.0.1]", -EINVAL},
		{"http://127.0.0.1", 0},
		{"http://127.0.0.1:8080/", 0},
		{"http://localhost:8080", 0},
		{"http://[::1]:65535", 0},
		{"http://[::1]", 0},
	};

	bed_open(&bed, NULL);
	for (size_t i = 0; i < COUNT(rows); i++)
		cr_expect_eq(bed_add(&bed, rows[i].url), rows[i].result, "%s",
			     rows[i].url);
	bed_close(&bed);
}

Test(upstream, request_on_the_wire)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP}};
	static const char *const fields[] = {"accept", "*/*", "te", "trailers",
					     NULL};
	static const char expected[] =
		"GET /a?b HTTP/1.1\r\nhost: a.example\r\naccept: */*\r\n"
		"te: trailers\r\nconnection: te\r\nvia: 3.0 test\r\n"
		"x-forwarded-for: 192.0.2.9\r\nx-forwarded-proto: https\r\n"
		"x-forwarded-host: a.example\r\n\r\n";

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 1);
	front_start(&front, &bed, "GET /a?b", fields);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	cr_expect_str_eq(front_body(&front), "hello");
	cr_expect(front_has_field(&front, "via: 1.1 test"));
	cr_expect(front_has_field(&front, "content-length: 5"));
	cr_expect_eq(script.last.size, strlen(expected));
	cr_expect_arr_eq(script.last.data, expected, script.last.size);
	cr_expect_eq(COUNTER(bed, requests), 1);
	cr_expect_eq(COUNTER(bed, responses_2xx), 1);
	cr_expect_eq(COUNTER(bed, upstream_connects), 1);
	finish();
}

static const struct {
	const char *name;
	struct step step;
	unsigned status;
	bool broken;
} failures[] = {
	{"close", {"\r\n\r\n", NULL, STEP_CLOSE}, 502, false},
	{"reset", {"\r\n\r\n", NULL, STEP_RESET}, 502, false},
	{"no HTTP", {"\r\n\r\n", "hello\r\n\r\n", STEP_KEEP}, 502, false},
	{"bad status line",
	 {"\r\n\r\n", "HTTP/1.1 OK 200\r\n\r\n", STEP_KEEP},
	 502,
	 false},
	{"101",
	 {"\r\n\r\n",
	  "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
	  STEP_KEEP},
	 502,
	 false},
	{"close in the head",
	 {"\r\n\r\n", "HTTP/1.1 200 OK\r\nx:", STEP_CLOSE},
	 502,
	 false},
	{"close after 100",
	 {"\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", STEP_CLOSE},
	 502,
	 false},
	{"length and chunks",
	 {"\r\n\r\n",
	  "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"
	  "transfer-encoding: chunked\r\n\r\n",
	  STEP_KEEP},
	 502,
	 false},
	{"close in the body",
	 {"\r\n\r\n", "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell",
	  STEP_CLOSE},
	 200,
	 true},
	{"bad chunk",
	 {"\r\n\r\n",
	  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n",
	  STEP_KEEP},
	 200,
	 true},
	{"close between chunks",
	 {"\r\n\r\n",
	  "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n",
	  STEP_CLOSE},
	 200,
	 true},
};

Test(upstream, broken_answers)
{
	for (size_t i = 0; i < COUNT(failures); i++) {
		bed_open(&bed, NULL);
		script_start(&script, &bed, &failures[i].step, 1);
		front_start(&front, &bed, "GET /", NULL);
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, failures[i].status, "%s: %u",
			     failures[i].name, front.status);
		cr_expect_eq(front.broken, failures[i].broken, "%s",
			     failures[i].name);
		cr_expect_eq(COUNTER(bed, upstream_broken), 1, "%s",
			     failures[i].name);
		cr_expect_eq(COUNTER(bed, responses_5xx), !failures[i].broken);
		bed_run(&bed, script_is_left, &script);
		finish();
	}
}

Test(upstream, reset_is_no_end_of_a_body)
{
	static const struct step steps[] = {
		{"\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nhell", STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 1);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_has_head, &front);
	script_close_peers(&script, true);
	bed_run(&bed, front_done, &front);
	cr_expect(front.broken);
	finish();
}

Test(upstream, own_answers_have_a_body)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_CLOSE},
					    {"\r\n\r\n", NULL, STEP_CLOSE}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 2);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect(front_has_field(&front, "content-type: text/plain"));
	cr_expect(strstr(front_body(&front), "502 Bad Gateway"));
	cr_expect_eq(strlen(front_body(&front)), front.size);
	front_free(&front);
	front_start(&front, &bed, "HEAD /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 502);
	cr_expect(front.head_end, "an answer to HEAD has no body");
	finish();
}

/* Nothing of a malformed request may get to a backend. */
Test(upstream, malformed_requests_stay_here)
{
	static const struct {
		const char *target;
		const char *fields[5];
	} rows[] = {
		{"GET /", {"x", "a\r\nb: c"}},
		{"GET /", {"X", "a"}},
		{"GET /a b", {NULL}},
		{"GET /", {"host", "other"}},
		{"GET /", {"content-length", "5"}},
		{"G(T /", {NULL}},
		{"GET /", {"transfer-encoding", "chunked"}},
		{"GET /", {"x", " a"}},
	};

	bed_open(&bed, NULL);
	script_start(&script, &bed, NULL, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		front_start(&front, &bed, rows[i].target, rows[i].fields);
		cr_expect(front.malformed, "row %zu", i);
		front_free(&front);
	}
	front_start(&front, &bed, "CONNECT /", NULL);
	cr_expect_eq(front.status, 0, "an answer inside exchange_new");
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 501);
	front_free(&front);
	bed_wait(&bed, 20);
	cr_expect_eq(script.connections, 0);
	cr_expect_eq(COUNTER(bed, responses_4xx), 0);
	finish();
}

Test(upstream, connections_are_kept_and_watched)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 3);
	for (size_t i = 0; i < 3; i++) {
		front_start(&front, &bed, "GET /", NULL);
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, 200);
		cr_expect_eq(bed.stats.gauges.upstream_idle, 1);
		front_free(&front);
		if (i == 1)
			script_say(&script, "HTTP/1.1 408 x\r\n\r\n");
		bed_wait(&bed, 10);
		cr_expect_eq(bed.stats.gauges.upstream_idle, i != 1,
			     "octets that nobody asked for");
	}
	cr_expect_eq(script.connections, 2);
	cr_expect_eq(COUNTER(bed, upstream_reuses), 1);
	script_close_peers(&script, false);
	bed_wait(&bed, 10);
	cr_expect_eq(bed.stats.gauges.upstream_idle, 0, "it was closed");
	finish();
}

static void keep_one_for_100_ms(struct qs_config_pool *options)
{
	options->keepalive_connections = 1;
	options->keepalive_ms = 100;
}

Test(upstream, idle_connections_have_limits)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP},
					    {"\r\n\r\n", NULL, STEP_KEEP}};
	struct front second = {0};

	bed_open(&bed, keep_one_for_100_ms);
	script_start(&script, &bed, steps, 2);
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&second, &bed, "GET /2", NULL);
	while (script.step < 2)
		uv_run(&bed.loop, UV_RUN_ONCE);
	script_say(&script, HELLO);
	bed_run(&bed, front_done, &front);
	bed_run(&bed, front_done, &second);
	cr_expect_eq(bed.stats.gauges.upstream_idle, 1);
	bed_run(&bed, script_is_left, &script);
	cr_expect_eq(bed.stats.gauges.upstream_idle, 0);
	front_free(&second);
	finish();
}

static const char *const no_fields[] = {NULL};

/* The second request meets a connection that the server closes without an
 * answer. */
static const struct {
	const char *name;
	const char *target;
	uint64_t upload_size;
	bool upload_open;
	unsigned status;
	unsigned retries;
} stale[] = {
	{"GET", "GET /", 0, false, 200, 1},
	{"DELETE", "DELETE /", 0, false, 200, 1},
	{"POST without body", "POST /", 0, false, 502, 0},
	{"POST whose body was begun", "POST /", 10, true, 502, 0},
	{"PUT whose body was begun", "PUT /", 10, true, 502, 0},
	{"POST whose body is to come", "POST /", 0, true, 200, 1},
};

Test(upstream, stale_connections)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", NULL, STEP_CLOSE},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};

	for (size_t i = 0; i < COUNT(stale); i++) {
		bed_open(&bed, NULL);
		script_start(&script, &bed, steps, 3);
		front_start(&front, &bed, "GET /first", no_fields);
		bed_run(&bed, front_done, &front);
		front_free(&front);
		front.upload_size = stale[i].upload_size;
		front.upload_open = stale[i].upload_open;
		front_start(&front, &bed, stale[i].target, NULL);
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, stale[i].status, "%s: %u",
			     stale[i].name, front.status);
		cr_expect_eq(COUNTER(bed, upstream_retries), stale[i].retries,
			     "%s", stale[i].name);
		cr_expect_eq(script.step, 2 + stale[i].retries, "%s",
			     stale[i].name);
		finish();
	}
}

/* The server has begun to answer: it may have done what was asked. */
Test(upstream, no_retry_after_an_interim_response)
{
	static const struct step steps[] = {
		{"\r\n\r\n", HELLO, STEP_KEEP},
		{"\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", STEP_CLOSE},
		{"\r\n\r\n", HELLO, STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 3);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	front_free(&front);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 502);
	cr_expect_eq(COUNTER(bed, upstream_retries), 0);
	finish();
}

Test(upstream, retries_only_once)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", NULL, STEP_CLOSE},
					    {"\r\n\r\n", NULL, STEP_CLOSE},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 4);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	front_free(&front);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 502);
	cr_expect_eq(script.step, 3);
	finish();
}

/* A request that cannot be sent twice does not go out on a connection whose end
 * is there to be read. */
Test(upstream, post_avoids_a_connection_that_was_closed)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 2);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	front_free(&front);
	script_close_peers(&script, false);
	front_start(&front, &bed, "POST /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	cr_expect_eq(script.connections, 2);
	finish();
}

Test(upstream, backends_take_turns)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};
	struct script scripts[3];

	bed_open(&bed, NULL);
	for (size_t i = 0; i < 3; i++)
		script_start(&scripts[i], &bed, steps, 2);
	for (size_t i = 0; i < 6; i++) {
		front_start(&front, &bed, "GET /", NULL);
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, 200);
		cr_expect_eq(scripts[i % 3].step, 1 + i / 3);
		front_free(&front);
	}
	cr_expect_eq(COUNTER(bed, upstream_reuses), 3);
	for (size_t i = 0; i < 3; i++)
		script_stop(&scripts[i]);
	bed_close(&bed);
}
