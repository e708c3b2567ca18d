/* SPDX-License-Identifier: GPL-2.0-only */
/* Exchanges with the real test backend, a process of its own: whole bodies both
 * ways, and the memory they take. */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/backend/pattern.h"
#include "tests/unit/upstream_bed.h"

enum {
	LARGE = 256 << 20,
	READ_SIZE = 64 * 1024, /* what one read may add to a full window */
	IDLE_TIMEOUT = 3000,   /* ms */
};

static struct bed bed;
static struct front front;
static pid_t backend;

/* The backend stands beside the directory of this program. */
static void exec_backend(int output)
{
	char path[4096];
	ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 64);
	char *end;

	path[size < 0 ? 0 : size] = '\0';
	end = strrchr(path, '/');
	strcpy(end ? end : path, "/../bin/quicsteer-backend");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(output, STDOUT_FILENO);
	execl(path, path, "--listen", "127.0.0.1:0", "--name", "b1",
	      (char *)NULL);
	_exit(127);
}

static void start_backend(void)
{
	char line[128];
	char url[160];
	FILE *output;
	int fds[2];

	cr_assert_eq(pipe(fds), 0);
	backend = fork();
	cr_assert_geq(backend, 0);
	if (backend == 0)
		exec_backend(fds[1]);
	close(fds[1]);
	output = fdopen(fds[0], "r");
	cr_assert(fgets(line, sizeof(line), output),
		  "quicsteer-backend does not start");
	fclose(output);
	line[strcspn(line, "\n")] = '\0';
	snprintf(url, sizeof(url), "http://%s", strrchr(line, ' ') + 1);
	cr_assert_eq(bed_add(&bed, url), 0, "%s", url);
}

static void set_idle_timeout(struct qs_config_pool *options)
{
	options->body_timeout_ms = IDLE_TIMEOUT;
}

static void begin(void)
{
	bed_open(&bed, set_idle_timeout);
	start_backend();
}

static void finish(void)
{
	int status;

	front_free(&front);
	bed_close(&bed);
	kill(backend, SIGTERM);
	cr_assert_eq(waitpid(backend, &status, 0), backend);
	cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
		  "the backend ended with %x", status);
}

TestSuite(upstream_backend, .init = begin, .fini = finish, .timeout = 60);

static void get(const char *target)
{
	front_start(&front, &bed, target, NULL);
	bed_run(&bed, front_done, &front);
}

static uint64_t pattern_checksum(uint64_t size)
{
	uint64_t hash = PATTERN_HASH_START;
	unsigned char piece[4096];

	for (uint64_t at = 0; at < size; at += sizeof(piece)) {
		size_t part =
			size - at < sizeof(piece) ? size - at : sizeof(piece);

		pattern_fill(piece, at, part);
		hash = pattern_hash(hash, piece, part);
	}
	return hash;
}

static void expect_upload_seen(uint64_t size)
{
	char expected[128];

	snprintf(expected, sizeof(expected),
		 "{\"size\":%" PRIu64 ",\"fnv1a64\":\"%016" PRIx64
		 "\",\"trailers\":{}}\n",
		 size, pattern_checksum(size));
	cr_expect_eq(front.status, 200);
	cr_expect_str_eq(front_body(&front), expected);
}

Test(upstream_backend, large_download)
{
	char target[64];

	snprintf(target, sizeof(target), "GET /bytes/%d", LARGE);
	front_start(&front, &bed, target, NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	cr_expect(front.complete && front.pattern);
	cr_expect_eq(front.size, LARGE);
	cr_expect_leq(bed.most_held, EXCHANGE_RESPONSE_WINDOW + READ_SIZE);
	printf("# download of %d MiB held at most %" PRIu64 " octets\n",
	       LARGE >> 20, bed.most_held);
}

Test(upstream_backend, slow_reader)
{
	struct iovec vector;
	uint64_t held;

	front.hold = true;
	front_start(&front, &bed, "GET /bytes/50000000", NULL);
	bed_run(&bed, front_has_head, &front);
	bed_wait(&bed, IDLE_TIMEOUT + 200);
	cr_expect_geq(bed.stats.gauges.body_bytes_held,
		      EXCHANGE_RESPONSE_WINDOW);
	cr_expect_leq(bed.stats.gauges.body_bytes_held,
		      EXCHANGE_RESPONSE_WINDOW + READ_SIZE);
	held = bed.stats.gauges.body_bytes_held;
	exchange_peek(front.exchange, &vector, 1);
	front_take(&front, vector.iov_len);
	bed_wait(&bed, 50);
	cr_expect_eq(bed.stats.gauges.body_bytes_held, held - vector.iov_len,
		     "reading goes on only when half is free");
	front.hold = false;
	front_read(&front);
	bed_run(&bed, front_done, &front);
	cr_expect(front.complete && front.pattern);
	cr_expect_eq(front.size, 50000000);
}

Test(upstream_backend, large_upload_in_chunks)
{
	front.upload_size = LARGE;
	front_start(&front, &bed, "POST /upload", NULL);
	bed_run(&bed, front_done, &front);
	expect_upload_seen(LARGE);
	cr_expect_eq(front.consumed, LARGE);
	cr_expect_leq(bed.most_held, EXCHANGE_REQUEST_WINDOW + 1024);
	printf("# upload of %d MiB held at most %" PRIu64 " octets\n",
	       LARGE >> 20, bed.most_held);
}

Test(upstream_backend, upload_with_length)
{
	static const char *const fields[] = {"content-length", "10000000",
					     NULL};

	front.upload_size = 10000000;
	front_start(&front, &bed, "PUT /upload", fields);
	bed_run(&bed, front_done, &front);
	expect_upload_seen(10000000);
	front_free(&front);
	get("GET /");
	cr_expect_eq(bed.stats.counters.upstream_reuses, 1);
}

Test(upstream_backend, echo)
{
	front.upload_size = 64 << 20;
	front_start(&front, &bed, "POST /echo", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect(front.complete && front.pattern);
	cr_expect_eq(front.size, 64 << 20);
	cr_expect_leq(bed.most_held, EXCHANGE_REQUEST_WINDOW +
					     EXCHANGE_RESPONSE_WINDOW +
					     READ_SIZE);
}

/* A client that does not read its echo is not let send for ever. */
Test(upstream_backend, echo_with_a_slow_reader)
{
	front.upload_size = 64 << 20;
	front.hold = true;
	front_start(&front, &bed, "POST /echo", NULL);
	bed_wait(&bed, IDLE_TIMEOUT + 200);
	cr_expect_lt(front.upload_sent, 32 << 20);
	front.hold = false;
	front_read(&front);
	bed_run(&bed, front_done, &front);
	cr_expect(front.complete && front.pattern);
	cr_expect_eq(front.size, 64 << 20);
}

Test(upstream_backend, request_trailers)
{
	static const struct field trailers[] = {{"x-sum", 5, "12", 2},
						{"expires", 7, "0", 1}};

	front.upload_open = true;
	front_start(&front, &bed, "POST /upload", NULL);
	front.upload_sent = 3;
	cr_assert_eq(exchange_request_body(front.exchange, "abc", 3), 0);
	cr_assert_eq(exchange_request_end(front.exchange, trailers, 2), 0);
	bed_run(&bed, front_done, &front);
	cr_expect(strstr(front_body(&front), "\"trailers\":{\"x-sum\":\"12\"}"),
		  "%s", front.body.data);
}

Test(upstream_backend, response_trailers)
{
	char expected[64];

	get("GET /chunked/3000000");
	cr_expect(front.complete && front.pattern);
	cr_expect_eq(front.size, 3000000);
	snprintf(expected, sizeof(expected), "x-checksum: %016" PRIx64 "\n",
		 front.hash);
	cr_expect_eq(front.trailers.size, strlen(expected));
	cr_expect_arr_eq(front.trailers.data, expected, front.trailers.size);
}

Test(upstream_backend, interim_responses)
{
	static const char *const expect[] = {"expect", "100-continue", NULL};

	get("GET /early-hints");
	cr_expect_eq(front.interim_count, 1);
	cr_expect_eq(front.interims[0], 103);
	cr_expect_eq(front.status, 200);
	front_free(&front);
	front.upload_size = 10;
	front_start(&front, &bed, "POST /upload", expect);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.interim_count, 1);
	cr_expect_eq(front.interims[0], 100);
	expect_upload_seen(10);
	cr_expect_eq(bed.stats.counters.responses_1xx, 2);
}

Test(upstream_backend, answers_without_body)
{
	static const struct {
		const char *target;
		unsigned status;
		const char *field;
	} rows[] = {
		{"HEAD /bytes/1000", 200, "content-length: 1000"},
		{"HEAD /chunked/1000", 200, "x-backend: b1"},
		{"GET /bytes/0", 200, "content-length: 0"},
		{"GET /status/204", 204, "x-backend: b1"},
		{"GET /status/304", 304, "x-backend: b1"},
		{"GET /status/404", 404, "content-length: 0"},
		{"GET /status/500", 500, "via: 1.1 test"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		get(rows[i].target);
		cr_expect_eq(front.status, rows[i].status, "%s",
			     rows[i].target);
		cr_expect(front.head_end, "%s", rows[i].target);
		cr_expect_eq(front.size, 0, "%s", rows[i].target);
		cr_expect(front_has_field(&front, rows[i].field), "%s",
			  rows[i].target);
		front_free(&front);
	}
	cr_expect_eq(bed.stats.counters.upstream_connects, 1);
}

Test(upstream_backend, backend_sees_our_fields)
{
	get("GET /?x=1");
	cr_expect(strstr(front_body(&front), "GET /?x=1\nhost: a.example\n"));
	cr_expect(strstr(front.body.data, "\nx-forwarded-for: 192.0.2.9\n"));
	cr_expect(strstr(front.body.data, "\nvia: 3.0 test\n"));
}

Test(upstream_backend, misbehaviour)
{
	get("GET /reset");
	cr_expect_eq(front.status, 502);
	front_free(&front);
	get("GET /malformed");
	cr_expect_eq(front.status, 502);
	front_free(&front);
	get("GET /broken/100000");
	cr_expect_eq(front.status, 200);
	cr_expect(front.broken && front.pattern);
	cr_expect_eq(bed.stats.counters.upstream_broken, 3);
}

Test(upstream_backend, time_passes)
{
	get("GET /slow/50");
	cr_expect_eq(front.status, 200);
	front_free(&front);
	get("GET /drip/20/2");
	cr_expect(front.complete && front.pattern);
	cr_expect_eq(front.size, 20);
	front_free(&front);
	get("GET /close");
	cr_expect_eq(bed.stats.gauges.upstream_idle, 0);
	front_free(&front);
	front_start(&front, &bed, "GET /hang", NULL);
	bed_wait(&bed, 50);
	cr_expect_eq(front.status, 0);
}

enum { MANY = 200 };

static bool all_done(void *data)
{
	struct front *fronts = data;

	for (size_t i = 0; i < MANY; i++)
		if (!front_done(&fronts[i]))
			return false;
	return true;
}

Test(upstream_backend, many_at_once)
{
	struct front *fronts = calloc(MANY, sizeof(*fronts));

	for (size_t i = 0; i < MANY; i++)
		front_start(&fronts[i], &bed, "GET /bytes/30000", NULL);
	bed_run(&bed, all_done, fronts);
	for (size_t i = 0; i < MANY; i++) {
		cr_expect(fronts[i].complete && fronts[i].pattern);
		cr_expect_eq(fronts[i].size, 30000);
		front_free(&fronts[i]);
	}
	cr_expect_eq(bed.stats.counters.responses_2xx, MANY);
	cr_expect_leq(bed.stats.gauges.upstream_idle,
		      bed.options.keepalive_connections);
	free(fronts);
}
