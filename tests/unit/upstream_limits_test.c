/* SPDX-License-Identifier: GPL-2.0-only */
/* Exchanges with servers that follow a script: time, queue, uploads, and ends
 * before the end. */
#include <criterion/criterion.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/upstream_one.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
#define HELLO_AND_CLOSE                                                 \
	"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n" \
	"\r\nhello"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define COUNTER(bed, name) ((bed).stats.counters.name)

/* A TCP socket on loopback that is bound, and listens if `backlog` >= 0. */
static int raw_listener(int backlog, struct sockaddr_in *ret_address)
{
	socklen_t size = sizeof(*ret_address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);

	memset(ret_address, 0, size);
	ret_address->sin_family = AF_INET;
	ret_address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)ret_address, size), 0);
	cr_assert_eq(getsockname(fd, (struct sockaddr *)ret_address, &size), 0);
	if (backlog >= 0)
		cr_assert_eq(listen(fd, backlog), 0);
	return fd;
}

static void add_raw(const struct sockaddr_in *address)
{
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%u",
		 ntohs(address->sin_port));
	cr_assert_eq(bed_add(&bed, url), 0);
}

Test(upstream_limits, no_backends)
{
	bed_open(&bed, NULL);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 503);
	front_free(&front);
	bed_close(&bed);
}

Test(upstream_limits, refused_connections_go_to_the_next_backend)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};
	struct sockaddr_in address;
	int fds[2];

	bed_open(&bed, NULL);
	for (size_t i = 0; i < 2; i++) {
		fds[i] = raw_listener(-1, &address);
		add_raw(&address);
	}
	script_start(&script, &bed, steps, 3);
	for (size_t i = 0; i < 3; i++) {
		front_start(&front, &bed, "GET /", NULL);
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, 200);
		front_free(&front);
	}
	cr_expect_geq(COUNTER(bed, upstream_connect_errors), 2);
	cr_expect_eq(script.step, 3);
	close(fds[0]);
	close(fds[1]);
	finish();
}

Test(upstream_limits, all_connections_refused)
{
	struct sockaddr_in address;
	int fds[3];

	bed_open(&bed, NULL);
	for (size_t i = 0; i < 3; i++) {
		fds[i] = raw_listener(-1, &address);
		add_raw(&address);
	}
	front.upload_open = true;
	front_start(&front, &bed, "POST /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 502);
	cr_expect_eq(COUNTER(bed, upstream_connect_errors), 3,
		     "each backend is tried once");
	front_free(&front);
	bed_close(&bed);
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
}

static void impatient(struct qs_config_pool *options)
{
	options->connect_timeout_ms = 250;
	options->response_timeout_ms = 250;
	options->body_timeout_ms = 250;
}

/* A listener whose queue is full does not answer a SYN. */
Test(upstream_limits, connect_timeout)
{
	struct sockaddr_in address;
	int listener = raw_listener(0, &address);
	int fds[4];

	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fds[i], (struct sockaddr *)&address, sizeof(address));
	}
	bed_open(&bed, impatient);
	add_raw(&address);
	front_start(&front, &bed, "GET /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 504);
	cr_expect_eq(COUNTER(bed, upstream_timeouts), 1);
	front_free(&front);
	bed_close(&bed);
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(listener);
}

Test(upstream_limits, timeouts)
{
	static const struct {
		const char *reply;
		unsigned status;
		bool broken;
	} rows[] = {
		{NULL, 504, false},
		{"HTTP/1.1 100 Continue\r\n\r\n", 504, false},
		{"HTTP/1.1 200 OK\r\n", 504, false},
		{"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell", 200, true},
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		struct step step = {"\r\n\r\n", rows[i].reply, STEP_KEEP};

		bed_open(&bed, impatient);
		script_start(&script, &bed, &step, 1);
		front_start(&front, &bed, "GET /", NULL);
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, rows[i].status, "row %zu", i);
		cr_expect_eq(front.broken, rows[i].broken, "row %zu", i);
		cr_expect_eq(COUNTER(bed, upstream_timeouts), 1, "row %zu", i);
		finish();
	}
}

/* Time that the client takes is not the backend's. */
Test(upstream_limits, slow_clients_do_not_time_out)
{
	static const struct step steps[] = {{"0\r\n\r\n", HELLO, STEP_KEEP}};

	bed_open(&bed, impatient);
	script_start(&script, &bed, steps, 1);
	front.upload_open = true;
	front_start(&front, &bed, "POST /", NULL);
	bed_wait(&bed, 600);
	cr_expect_eq(front.status, 0);
	cr_expect_eq(exchange_request_end(front.exchange, NULL, 0), 0);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 200);
	finish();
}

Test(upstream_limits, backend_that_does_not_read)
{
	bed_open(&bed, impatient);
	script_start(&script, &bed, NULL, 0);
	script.deaf = true;
	front.upload_size = 64 << 20;
	front_start(&front, &bed, "POST /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 504);
	cr_expect_lt(front.sent_before_head, 32 << 20);
	cr_expect_leq(bed.most_held, EXCHANGE_REQUEST_WINDOW + 100,
		      "the window and the text of the answer");
	finish();
}

static void one_connection(struct qs_config_pool *options)
{
	options->max_connections = 1;
	options->response_timeout_ms = 500;
}

Test(upstream_limits, queue)
{
	static const struct step steps[] = {
		{"\r\n\r\n", NULL, STEP_KEEP},
		{"\r\n\r\n", HELLO_AND_CLOSE, STEP_KEEP},
		{"\r\n\r\n", HELLO, STEP_KEEP}};
	struct front others[2] = {0};

	bed_open(&bed, one_connection);
	script_start(&script, &bed, steps, 3);
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&others[0], &bed, "GET /2", NULL);
	front_start(&others[1], &bed, "GET /3", NULL);
	bed_wait(&bed, 30);
	cr_expect_eq(script.step, 1, "the others wait");
	cr_expect_eq(script.connections, 1);
	script_say(&script, HELLO);
	bed_run(&bed, front_done, &front);
	bed_run(&bed, front_done, &others[1]);
	cr_expect(others[0].complete, "in their order");
	cr_expect_eq(others[0].status, 200);
	cr_expect_eq(others[1].status, 200);
	cr_expect_eq(script.connections, 2);
	front_free(&others[0]);
	front_free(&others[1]);
	finish();
}

/* A connection that is free again is for those who wait. */
Test(upstream_limits, nobody_jumps_the_queue)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};
	struct front others[2] = {0};

	bed_open(&bed, one_connection);
	script_start(&script, &bed, steps, 3);
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&others[0], &bed, "GET /2", NULL);
	bed_wait(&bed, 20);
	script_say(&script, HELLO);
	bed_run(&bed, front_done, &front);
	front_start(&others[1], &bed, "GET /3", NULL);
	bed_run(&bed, front_done, &others[0]);
	cr_expect(!front_done(&others[1]));
	bed_run(&bed, front_done, &others[1]);
	cr_expect_eq(script.connections, 1);
	front_free(&others[0]);
	front_free(&others[1]);
	finish();
}

Test(upstream_limits, queue_has_a_deadline)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP}};
	static const char slow[] =
		"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nh";
	struct front second = {0};

	bed_open(&bed, one_connection);
	script_start(&script, &bed, steps, 1);
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&second, &bed, "GET /2", NULL);
	bed_wait(&bed, 20);
	script_say(&script, slow);
	bed_run(&bed, front_done, &second);
	cr_expect_eq(second.status, 503);
	cr_expect(front_has_field(&second, "retry-after: 1"));
	cr_expect_eq(front.status, 200);
	cr_expect(!front_done(&front));
	front_free(&second);
	finish();
}

/* The server answers before it has the body: the answer goes through, and the
 * client may send all of the rest. */
Test(upstream_limits, early_response)
{
	static const struct step steps[] = {
		{"\r\n\r\n",
		 "HTTP/1.1 413 Content Too Large\r\ncontent-length: 5\r\n\r\n"
		 "hello",
		 STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 1);
	front.upload_size = 64 << 20;
	front_start(&front, &bed, "POST /", NULL);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(front.status, 413);
	cr_expect_str_eq(front_body(&front), "hello");
	cr_expect_eq(front.result, 0);
	cr_expect_eq(front.upload_sent, 64 << 20);
	cr_expect_eq(front.consumed, 64 << 20);
	cr_expect_leq(bed.most_held, EXCHANGE_REQUEST_WINDOW + 5);
	bed_run(&bed, script_is_left, &script);
	cr_expect_lt(script.received, 8 << 20);
	cr_expect_eq(exchange_request_held(front.exchange), 0);
	finish();
}

Test(upstream_limits, declared_length)
{
	static const char *const fields[] = {"content-length", "5", NULL};
	static const struct step steps[] = {{"12345", HELLO, STEP_KEEP}};

	for (size_t size = 4; size <= 6; size++) {
		bed_open(&bed, NULL);
		script_start(&script, &bed, steps, 1);
		front.upload_open = true;
		front_start(&front, &bed, "POST /", fields);
		bed_wait(&bed, 5);
		front.upload_sent = size;
		cr_expect_eq(
			exchange_request_body(front.exchange, "123456", size),
			size > 5 ? -EMSGSIZE : 0);
		if (size < 6)
			cr_expect_eq(
				exchange_request_end(front.exchange, NULL, 0),
				size < 5 ? -EPROTO : 0);
		bed_wait(&bed, 20);
		cr_expect_eq(front.status, size == 5 ? 200 : 0);
		cr_expect_eq(script.open, size == 5, "cancelled upstream");
		finish();
	}
}

/* More octets, or a bad trailer, could follow and make it malformed. */
Test(upstream_limits, whole_request_waits_for_its_end)
{
	static const struct {
		const char *fields[3];
		const char *until; /* the backend has got all */
		size_t size;
	} rows[] = {
		{{"content-length", "5"}, "hello", 5},
		{{"content-length", "1"}, "\r\n\r\nh", 1},
		{{"content-length", "0"}, "\r\n\r\n", 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct step steps[] = {{rows[i].until, HELLO, STEP_KEEP}};

		bed_open(&bed, NULL);
		script_start(&script, &bed, steps, 1);
		front.upload_open = true;
		front_start(&front, &bed, "POST /", rows[i].fields);
		front.upload_sent = rows[i].size;
		cr_assert_eq(exchange_request_body(front.exchange, "hello",
						   rows[i].size),
			     0);
		bed_wait(&bed, 20);
		cr_expect_eq(script.step, 0, "row %zu went out whole", i);
		cr_expect_eq(exchange_request_end(front.exchange, NULL, 0), 0);
		bed_run(&bed, front_done, &front);
		cr_expect_eq(front.status, 200, "row %zu", i);
		finish();
	}
}

Test(upstream_limits, request_window)
{
	static char octets[EXCHANGE_REQUEST_WINDOW];

	bed_open(&bed, NULL);
	script_start(&script, &bed, NULL, 0);
	front.upload_open = true;
	front_start(&front, &bed, "POST /", NULL);
	front.upload_sent = sizeof(octets);
	cr_expect_eq(
		exchange_request_body(front.exchange, octets, sizeof(octets)),
		0);
	cr_expect_eq(exchange_request_body(front.exchange, octets, 1),
		     -EMSGSIZE);
	cr_expect_eq(exchange_request_held(front.exchange), sizeof(octets));
	finish();
}

Test(upstream_limits, bad_trailer)
{
	struct field trailer = {"x", 1, "\r\n", 2};

	bed_open(&bed, NULL);
	script_start(&script, &bed, NULL, 0);
	front.upload_open = true;
	front_start(&front, &bed, "POST /", NULL);
	bed_wait(&bed, 10);
	cr_expect_eq(exchange_request_end(front.exchange, &trailer, 1),
		     -EPROTO);
	bed_run(&bed, script_is_left, &script);
	finish();
}

/* Frees the exchange after so many turns of the loop, whatever it is at. */
static void cancel_after(unsigned turns, uint64_t upload_size)
{
	static const struct step steps[] = {
		{"\r\n\r\n",
		 "HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\n"
		 "content-length: 10\r\n\r\nhello",
		 STEP_KEEP}};

	bed_open(&bed, NULL);
	script_start(&script, &bed, steps, 1);
	front.upload_size = upload_size;
	front_start(&front, &bed, "POST /", NULL);
	for (unsigned i = 0; i < turns; i++)
		uv_run(&bed.loop, UV_RUN_NOWAIT);
	front_free(&front);
	cr_expect_eq(bed.stats.gauges.requests_open, 0);
	cr_expect_eq(bed.stats.gauges.body_bytes_held, 0);
	bed_run(&bed, script_is_left, &script);
	finish();
}

Test(upstream_limits, cancel_at_every_stage)
{
	for (unsigned turns = 0; turns < 12; turns++) {
		cancel_after(turns, 0);
		cancel_after(turns, 100);
		cancel_after(turns, 4 << 20);
	}
}

Test(upstream_limits, cancel_while_waiting)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP}};
	struct front others[2] = {0};

	bed_open(&bed, one_connection);
	script_start(&script, &bed, steps, 1);
	front_start(&front, &bed, "GET /1", NULL);
	front_start(&others[0], &bed, "GET /2", NULL);
	front_start(&others[1], &bed, "CONNECT /", NULL);
	front_free(&others[0]);
	front_free(&others[1]);
	bed_wait(&bed, 10);
	finish();
}
