/* SPDX-License-Identifier: GPL-2.0-only */
/* What is counted of pools and backends, in the memory that others read. */
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/upstream_rows.h"

#define HELLO "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { ROW = 7, SCAN_MS = 120 };

static struct bed bed;
static struct script server;
static struct front front;
static struct qs_backend_stats *const stats = &proxy.backend[ROW];
static struct qs_pool_stats *const pool = &proxy.pool[0];

static void begin(const struct step *steps, size_t count)
{
	rows_open(&bed);
	script_listen(&server, &bed, steps, count);
	rows_fill(ROW, "a", &server, 100);
	rows_pools(&bed, "a");
}

static void finish(void)
{
	front_free(&front);
	script_stop(&server);
	bed_close(&bed);
	for (size_t i = 0; i < QS_BACKEND_GAUGE_COUNT; i++)
		cr_expect_eq(stats->gauge[i], 0, "gauge %zu", i);
}

static uint64_t times(const struct qs_histogram *histogram)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < QS_HISTOGRAM_BUCKETS; i++)
		sum += histogram->bucket[i];
	return sum;
}

Test(upstream_stats, one_request)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP}};

	begin(steps, 1);
	cr_expect_eq(stats->id, rows[ROW].id);
	cr_expect_str_eq(pool->name, "a");
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 20);
	cr_expect_eq(stats->gauges.in_flight, 1);
	cr_expect_eq(stats->gauges.connections, 1);
	cr_expect_eq(stats->gauges.connections_idle, 0);
	cr_expect_eq(times(&stats->response), 0);
	script_say(&server, HELLO);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(stats->counters.requests, 1);
	cr_expect_eq(stats->counters.responses_2xx, 1);
	cr_expect_eq(stats->counters.connects, 1);
	cr_expect_eq(stats->counters.bytes_sent, server.received);
	cr_expect_eq(stats->counters.bytes_received, strlen(HELLO));
	cr_expect_eq(stats->gauges.in_flight, 0);
	cr_expect_eq(stats->gauges.connections_idle, 1);
	cr_expect_eq(times(&stats->response), 1);
	cr_expect_geq(stats->response.sum_us, 10000);
	cr_expect_eq(pool->responses[QS_PROTOCOL_h3][QS_STATUS_200], 1);
	cr_expect_eq(pool->bytes_sent, 5);
	cr_expect_eq(times(&pool->duration), 1);
	cr_expect_geq(pool->duration.sum_us, stats->response.sum_us);
	cr_expect_eq(pool->cancelled[QS_PROTOCOL_h3], 0);
	finish();
}

static bool is_uploaded(void *unused)
{
	(void)unused;
	return front.consumed == front.upload_size;
}

/* More than a socket takes at once. */
Test(upstream_stats, large_bodies)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP}};

	begin(steps, 1);
	front.upload_size = 32 << 20;
	front_start(&front, &bed, "POST /", NULL);
	bed_run(&bed, is_uploaded, NULL);
	bed_wait(&bed, 100);
	cr_expect_eq(pool->bytes_received, 32 << 20);
	cr_expect_gt(stats->counters.bytes_sent, 32 << 20);
	cr_expect_eq(stats->counters.bytes_sent, server.received);
	finish();
}

Test(upstream_stats, classes_and_rows)
{
	static const struct {
		const char *reply;
		enum qs_backend_counter counter;
		enum qs_status_row row;
	} cases[] = {
		{"HTTP/1.1 204 x\r\n\r\n", QS_BACKEND_COUNTER_responses_2xx,
		 QS_STATUS_204},
		{"HTTP/1.1 304 x\r\n\r\n", QS_BACKEND_COUNTER_responses_3xx,
		 QS_STATUS_304},
		{"HTTP/1.1 418 x\r\ncontent-length: 0\r\n\r\n",
		 QS_BACKEND_COUNTER_responses_4xx, QS_STATUS_OTHER_4XX},
		{"HTTP/1.1 103 x\r\n\r\nHTTP/1.1 500 x\r\n"
		 "content-length: 0\r\n\r\n",
		 QS_BACKEND_COUNTER_responses_5xx, QS_STATUS_500},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct step step = {"\r\n\r\n", cases[i].reply, STEP_KEEP};

		begin(&step, 1);
		rows_get(&bed);
		for (size_t k = 0; k < 4; k++) {
			size_t counter = QS_BACKEND_COUNTER_responses_2xx + k;

			cr_expect_eq(stats->counter[counter],
				     counter == cases[i].counter,
				     "case %zu, counter %zu", i, counter);
		}
		for (size_t k = 0; k < QS_STATUS_ROW_COUNT; k++)
			cr_expect_eq(pool->responses[QS_PROTOCOL_h3][k],
				     k == cases[i].row, "case %zu, row %zu", i,
				     k);
		cr_expect_eq(times(&pool->duration), 1);
		finish();
	}
}

Test(upstream_stats, refused)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(fd, (struct sockaddr *)&address, size), 0);
	getsockname(fd, (struct sockaddr *)&address, &size);
	begin(NULL, 0);
	rows[ROW].port = ntohs(address.sin_port);
	rows[ROW].id++;
	bed_wait(&bed, SCAN_MS);
	cr_expect_eq(rows_get(&bed), 502);
	cr_expect_eq(stats->counters.connect_errors, 1);
	cr_expect_eq(stats->counters.requests, 0);
	cr_expect_eq(pool->responses[QS_PROTOCOL_h3][QS_STATUS_502], 1);
	finish();
	close(fd);
}

Test(upstream_stats, connect_timeout)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t size = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int fds[4];

	/* A listener whose queue is full does not answer a SYN. */
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	cr_assert_eq(bind(listener, (struct sockaddr *)&address, size), 0);
	cr_assert_eq(listen(listener, 0), 0);
	getsockname(listener, (struct sockaddr *)&address, &size);
	for (size_t i = 0; i < COUNT(fds); i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		connect(fds[i], (struct sockaddr *)&address, size);
	}
	begin(NULL, 0);
	bed.options.connect_timeout_ms = 100;
	rows_pools(&bed, "a");
	rows[ROW].port = ntohs(address.sin_port);
	rows[ROW].id++;
	bed_wait(&bed, SCAN_MS);
	cr_expect_eq(rows_get(&bed), 504);
	cr_expect_eq(stats->counters.connect_timeouts, 1);
	cr_expect_eq(stats->counters.connect_errors, 0);
	finish();
	for (size_t i = 0; i < COUNT(fds); i++)
		close(fds[i]);
	close(listener);
}

Test(upstream_stats, response_timeout)
{
	begin(NULL, 0);
	bed.options.response_timeout_ms = 100;
	rows_pools(&bed, "a");
	cr_expect_eq(rows_get(&bed), 504);
	cr_expect_eq(stats->counters.response_timeouts, 1);
	cr_expect_eq(stats->counters.requests, 1);
	cr_expect_eq(times(&stats->response), 0);
	finish();
}

Test(upstream_stats, broken)
{
	static const struct step steps[] = {{"\r\n\r\n", "x", STEP_RESET}};

	begin(steps, 1);
	cr_expect_eq(rows_get(&bed), 502);
	cr_expect_eq(stats->counters.broken, 1);
	cr_expect_eq(stats->counters.responses_2xx, 0);
	finish();
}

Test(upstream_stats, retried)
{
	static const struct step steps[] = {{"\r\n\r\n", HELLO, STEP_KEEP},
					    {"\r\n\r\n", NULL, STEP_CLOSE},
					    {"\r\n\r\n", HELLO, STEP_KEEP}};

	begin(steps, 3);
	cr_expect_eq(rows_get(&bed), 200);
	cr_expect_eq(rows_get(&bed), 200);
	cr_expect_eq(stats->counters.retries, 1);
	cr_expect_eq(stats->counters.requests, 3);
	cr_expect_eq(stats->counters.broken, 0);
	finish();
}

/* The client went away before there was an answer. */
Test(upstream_stats, cancelled)
{
	begin(NULL, 0);
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 20);
	front_free(&front);
	cr_expect_eq(pool->cancelled[QS_PROTOCOL_h3], 1);
	cr_expect_eq(stats->gauges.in_flight, 0);
	cr_expect_eq(times(&pool->duration), 0);
	finish();
}

/* Figures of one holder of the row are never the next one's. */
Test(upstream_stats, a_row_is_given_to_another)
{
	static const struct step steps[] = {{"\r\n\r\n", NULL, STEP_KEEP}};
	struct script next;

	begin(steps, 1);
	front_start(&front, &bed, "GET /", NULL);
	bed_wait(&bed, 20);
	cr_expect_eq(stats->counters.requests, 1);
	script_listen(&next, &bed, NULL, 0);
	rows_fill(ROW, "a", &next, 100);
	bed_wait(&bed, SCAN_MS);
	cr_expect_eq(stats->id, rows[ROW].id);
	cr_expect_eq(stats->counters.requests, 0);
	cr_expect_eq(stats->gauges.in_flight, 0);
	script_say(&server, HELLO);
	bed_run(&bed, front_done, &front);
	cr_expect_eq(stats->counters.responses_2xx, 0);
	cr_expect_eq(stats->gauges.connections, 0);
	cr_expect_eq(pool->responses[QS_PROTOCOL_h3][QS_STATUS_200], 1,
		     "the pool is the same");
	script_stop(&next);
	finish();
}

Test(upstream_stats, pools_keep_their_rows)
{
	begin(NULL, 0);
	rows_pools(&bed, "bca");
	cr_expect_str_eq(proxy.pool[0].name, "a");
	cr_expect_str_eq(proxy.pool[1].name, "b");
	cr_expect_str_eq(proxy.pool[2].name, "c");
	rows_pools(&bed, "c");
	rows_pools(&bed, "ca");
	cr_expect_str_eq(proxy.pool[0].name, "a");
	cr_expect_str_eq(proxy.pool[2].name, "c");
	/* All rows but those of a and c go to others in the end. */
	for (char name = 'd'; name <= 'z'; name++)
		rows_pools(&bed, (char[]){'c', 'a', name, '\0'});
	for (char name = 'A'; name <= 'Z'; name++)
		rows_pools(&bed, (char[]){'c', 'a', name, '\0'});
	cr_expect_str_eq(proxy.pool[0].name, "a");
	cr_expect_str_eq(proxy.pool[2].name, "c");
	finish();
}

/* IDs of our own rows are not those of healthd's. */
Test(upstream_stats, own_rows)
{
	rows_open(&bed);
	script_start(&server, &bed, NULL, 0);
	cr_expect_eq(proxy.backend[0].id, 1ULL << 32 | 1);
	cr_expect_str_eq(pool->name, "default");
	finish();
}
