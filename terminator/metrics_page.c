/* SPDX-License-Identifier: GPL-2.0-only */
/* One connection a request: it is asked for every few seconds. */
#include "terminator/metrics_page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "loader/lib/parse.h"
#include "terminator/answer.h"
#include "terminator/exchange_private.h"
#include "terminator/h1_response.h"
#include "terminator/upstream.h"

enum { TIMEOUT_MS = 5000, HANDLES = 2 };

static const char request_text[] = "GET /metrics HTTP/1.1\r\n"
				   "Host: quicsteer\r\n"
				   "Connection: close\r\n\r\n";

struct metrics_page {
	bool on; /* the loader serves them: */
	struct sockaddr_storage address;
	struct qs_prefix_key *allow;
	size_t allow_count;
};

/* What is under way for an exchange. */
struct fetch {
	struct exchange *exchange; /* NULL: it does not wait any more */
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_connect_t connect;
	uv_write_t write;
	unsigned handles; /* not yet closed */
	struct h1_response response;
	bool reading;
	bool more; /* the front was not told of octets that came */
};

static const char *const this_machine[] = {"127.0.0.0/8", "::1"};

static int copy_allow(struct metrics_page *page,
		      const struct qs_config_metrics_page *from)
{
	size_t own = sizeof(this_machine) / sizeof(*this_machine);
	size_t count = from->allow_count ? from->allow_count : own;

	page->allow = calloc(count, sizeof(*page->allow));
	if (!page->allow)
		return -ENOMEM;
	page->allow_count = count;
	for (size_t i = 0; i < count; i++)
		if (from->allow_count)
			page->allow[i] = from->allow[i];
		else
			qs_parse_prefix(this_machine[i], &page->allow[i]);
	return 0;
}

/* A listener on all addresses is asked on this machine's own. */
static void set_address(struct sockaddr_storage *address,
			const struct qs_vip_key *endpoint)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;
	bool any = qs_endpoint_is_any(endpoint);

	if (qs_endpoint_is_v4(endpoint)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(endpoint->port);
		memcpy(&v4->sin_addr, endpoint->address + 12, 4);
		if (any)
			v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return;
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(endpoint->port);
	memcpy(&v6->sin6_addr, endpoint->address, 16);
	if (any)
		v6->sin6_addr = in6addr_loopback;
}

struct metrics_page *metrics_page_new(const struct qs_config *config)
{
	struct metrics_page *page = calloc(1, sizeof(*page));

	if (!page)
		return NULL;
	if (copy_allow(page, &config->terminator.metrics)) {
		metrics_page_free(page);
		return NULL;
	}
	page->on = config->loader.metrics_on;
	set_address(&page->address, &config->loader.metrics);
	return page;
}

void metrics_page_free(struct metrics_page *page)
{
	if (!page)
		return;
	free(page->allow);
	free(page);
}

bool metrics_page_allows(const struct metrics_page *page, const char *address)
{
	struct qs_prefix_key key;

	if (qs_parse_prefix(address, &key))
		return false;
	return qs_prefixes_contain(page->allow, page->allow_count, key.address);
}

static void on_closed(uv_handle_t *handle)
{
	struct fetch *fetch = handle->data;

	if (--fetch->handles)
		return;
	h1_response_free(&fetch->response);
	free(fetch);
}

static void cancel(struct exchange *exchange)
{
	struct fetch *fetch = exchange->work;

	exchange->work = NULL;
	if (!fetch)
		return;
	fetch->exchange = NULL;
	uv_close((uv_handle_t *)&fetch->tcp, on_closed);
	uv_close((uv_handle_t *)&fetch->timer, on_closed);
}

/* Ends the exchange, and with it the work. */
static void fail(struct exchange *exchange, unsigned status, const char *text)
{
	if (exchange->head_told)
		exchange_failed(exchange, EXCHANGE_FAILURE_BROKE_OFF);
	else
		answer_failure(exchange, status, text, NULL, 0);
}

static void fail_unreachable(struct fetch *fetch)
{
	fail(fetch->exchange, 502,
	     "502 Bad Gateway: the loader's metrics cannot be had\n");
}

static void on_timeout(uv_timer_t *timer)
{
	struct fetch *fetch = timer->data;

	fail(fetch->exchange, 504,
	     "504 Gateway Timeout: the loader's metrics did not come\n");
}

static int on_interim(void *user, unsigned status, const struct field *fields,
		      size_t count)
{
	(void)user;
	(void)status;
	(void)fields;
	(void)count;
	return 0;
}

static int on_head(void *user, unsigned status, const struct field *fields,
		   size_t count, bool end)
{
	struct fetch *fetch = user;
	struct field passed[2] = {{"cache-control", 13, "no-store", 8}};
	size_t used = 1;

	if (status != 200)
		return -EPROTO;
	for (size_t i = 0; i < count && used < 2; i++)
		if (field_is(&fields[i], "content-type"))
			passed[used++] = fields[i];
	exchange_got_head(fetch->exchange, status, passed, used,
			  end || fetch->exchange->message.head);
	return 0;
}

static int on_body(void *user, const void *data, size_t size)
{
	struct fetch *fetch = user;

	/* HEAD: the loader is asked all the same, for the status. */
	if (fetch->exchange->message.head)
		return 0;
	fetch->more = true;
	return exchange_got_body(fetch->exchange, data, size);
}

static const struct h1_response_events events = {
	.interim = on_interim, .head = on_head, .body = on_body};

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
	struct fetch *fetch = handle->data;

	(void)suggested;
	/* After a cancellation nothing is read any more. */
	*buffer = fetch->exchange
			  ? uv_buf_init(fetch->exchange->shared->read_buffer,
					UPSTREAM_READ_SIZE)
			  : uv_buf_init(NULL, 0);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
	struct fetch *fetch = stream->data;
	struct exchange *exchange = fetch->exchange;
	int result;

	if (!size || !exchange)
		return;
	uv_timer_again(&fetch->timer);
	fetch->more = false;
	if (size > 0)
		result = h1_response_feed(&fetch->response, buffer->base, size);
	else
		result = size == UV_EOF ? h1_response_finish(&fetch->response)
					: -EPROTO;
	if (result == 1) {
		exchange_got_end(exchange, NULL, 0);
		return;
	}
	if (result < 0) {
		fail_unreachable(fetch);
		return;
	}
	if (!body_space(&exchange->response_body)) {
		uv_read_stop(stream);
		uv_timer_stop(&fetch->timer);
		fetch->reading = false;
	}
	if (fetch->more)
		exchange_got_more(exchange);
}

static void start_reading(struct fetch *fetch)
{
	fetch->reading = true;
	uv_read_start((uv_stream_t *)&fetch->tcp, on_alloc, on_read);
	uv_timer_start(&fetch->timer, on_timeout, TIMEOUT_MS, TIMEOUT_MS);
}

static void on_written(uv_write_t *write, int status)
{
	struct fetch *fetch = write->handle->data;

	if (status < 0 && fetch->exchange)
		fail_unreachable(fetch);
}

static void on_connected(uv_connect_t *connect, int status)
{
	struct fetch *fetch = connect->handle->data;
	uv_buf_t buffer =
		uv_buf_init((char *)request_text, sizeof(request_text) - 1);

	if (!fetch->exchange)
		return;
	if (status < 0 || uv_write(&fetch->write, (uv_stream_t *)&fetch->tcp,
				   &buffer, 1, on_written) < 0) {
		fail_unreachable(fetch);
		return;
	}
	start_reading(fetch);
}

static void refuse(struct later_work *work)
{
	fail(exchange_of_later(work), 403,
	     "403 Forbidden: terminator.metrics.allow does not name you\n");
}

static void tell_unreachable(struct later_work *work)
{
	fail(exchange_of_later(work), 502,
	     "502 Bad Gateway: the loader's metrics cannot be had\n");
}

static int start(struct exchange *exchange, const struct metrics_page *page)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));
	uv_loop_t *loop = exchange->shared->loop;

	if (!fetch)
		return -ENOMEM;
	uv_tcp_init(loop, &fetch->tcp);
	uv_timer_init(loop, &fetch->timer);
	fetch->tcp.data = fetch;
	fetch->timer.data = fetch;
	fetch->handles = HANDLES;
	fetch->exchange = exchange;
	exchange->work = fetch;
	h1_response_init(&fetch->response, &events, fetch,
			 exchange->shared->via_response);
	h1_response_begin(&fetch->response, false);
	uv_timer_start(&fetch->timer, on_timeout, TIMEOUT_MS, TIMEOUT_MS);
	if (uv_tcp_connect(&fetch->connect, &fetch->tcp,
			   (const struct sockaddr *)&page->address,
			   on_connected) < 0)
		exchange_defer(exchange, tell_unreachable);
	return 0;
}

static int begin(struct exchange *exchange,
		 const struct exchange_request *request)
{
	const struct metrics_page *page = exchange->route->metrics;

	if (!metrics_page_allows(page, request->peer_address)) {
		exchange_defer(exchange, refuse);
		return 0;
	}
	if (!exchange->message.safe) {
		exchange_defer(exchange, answer_refuse_method);
		return 0;
	}
	if (!page->on) {
		exchange_defer(exchange, tell_unreachable);
		return 0;
	}
	return start(exchange, page);
}

static void response_space(struct exchange *exchange)
{
	struct fetch *fetch = exchange->work;
	const struct body *body = &exchange->response_body;

	if (fetch && !fetch->reading && body_is_low(body) &&
	    exchange->head_told)
		start_reading(fetch);
}

const struct exchange_handler metrics_handler = {
	.begin = begin,
	.response_space = response_space,
	.cancel = cancel,
};
