/* SPDX-License-Identifier: GPL-2.0-only */
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "terminator/access.h"
#include "terminator/front.h"
#include "terminator/h1_server_private.h"
#include "terminator/http_date.h"

#define STATUS_REASON(number, name, text) \
	case number:                      \
		return #text;

static const char *name_of(unsigned status)
{
	switch (status) {
		HTTP_STATUS_MAP(STATUS_REASON)
	default:
		return "";
	}
}

enum { REASON_SIZE = 48 };

/* "NOT_FOUND" as "Not Found"; what it says is for people only. */
static const char *reason_of(char text[REASON_SIZE], unsigned status)
{
	bool begins = true;
	size_t i;

	snprintf(text, REASON_SIZE, "%s", name_of(status));
	for (i = 0; status != 200 && text[i]; i++) {
		if (text[i] == '_')
			text[i] = ' ';
		else if (!begins && text[i] >= 'A' && text[i] <= 'Z')
			text[i] += 'a' - 'A';
		begins = text[i] == ' ';
	}
	return text;
}

static void add_status(struct text *out, unsigned status)
{
	char line[80], reason[REASON_SIZE];

	snprintf(line, sizeof(line), "HTTP/1.1 %u %s\r\n", status,
		 reason_of(reason, status));
	text_add_string(out, line);
}

static void add(struct text *out, const char *name, const char *value)
{
	text_add_string(out, name);
	text_add(out, ": ", 2);
	text_add_string(out, value);
	text_add(out, "\r\n", 2);
}

static void add_fields(struct text *out, const struct field *fields,
		       size_t count)
{
	for (size_t i = 0; i < count; i++) {
		text_add(out, fields[i].name, fields[i].name_size);
		text_add(out, ": ", 2);
		text_add(out, fields[i].value, fields[i].value_size);
		text_add(out, "\r\n", 2);
	}
}

static void add_alt_svc(struct h1_server *h1)
{
	char text[TCP_ALT_SVC_SIZE];

	if (tcp_conn_alt_svc(h1->conn, text))
		add(&h1->out, "alt-svc", text);
}

static bool is_http_1_0(const struct h1_server *h1)
{
	return h1->parser.http_minor == 0;
}

static void on_interim(void *user, unsigned status, const struct field *fields,
		       size_t count)
{
	struct h1_server *h1 = user;

	/* We have told it to go on ourselves; HTTP/1.0 knows none of them. */
	if (status == 100 || is_http_1_0(h1) || h1->failed)
		return;
	add_status(&h1->out, status);
	add_fields(&h1->out, fields, count);
	text_add(&h1->out, "\r\n", 2);
	tcp_conn_mark(h1->conn);
}

void h1_response_continue(struct h1_server *h1)
{
	add_status(&h1->out, 100);
	text_add(&h1->out, "\r\n", 2);
}

/* How the body is delimited (RFC 9112, 6.3). */
static void add_framing(struct h1_server *h1, unsigned status, bool has_length,
			bool end)
{
	bool head = h1->method.size == 4 && !memcmp(h1->method.data, "HEAD", 4);

	h1->has_body = !end;
	if (has_length)
		return;
	if (end) {
		if (!head && status != 204 && status != 304)
			add(&h1->out, "content-length", "0");
		return;
	}
	if (is_http_1_0(h1)) {
		h1->closing = true;
		return;
	}
	h1->chunked = true;
	add(&h1->out, "transfer-encoding", "chunked");
}

/* What the backend's 101 was in HTTP/2's terms; nothing follows it but what the
 * two have to say. */
static void open_tunnel(struct h1_server *h1, const struct field *fields,
			size_t count)
{
	char accept[WEBSOCKET_ACCEPT_SIZE];

	websocket_accept(accept, h1->websocket_key);
	add_status(&h1->out, 101);
	add(&h1->out, "connection", "upgrade");
	add(&h1->out, "upgrade", "websocket");
	add(&h1->out, "sec-websocket-accept", accept);
	add_fields(&h1->out, fields, count);
	text_add(&h1->out, "\r\n", 2);
	h1->tunnel_open = h1->head_told = h1->has_body = h1->closing = true;
	tcp_conn_mark(h1->conn);
}

static void on_head(void *user, unsigned status, const struct field *fields,
		    size_t count, bool end)
{
	struct h1_server *h1 = user;

	if (h1->failed)
		return;
	if (h1->tunnel && status == 200) {
		open_tunnel(h1, fields, count);
		return;
	}
	add_status(&h1->out, status);
	add_fields(&h1->out, fields, count);
	add_framing(h1, status,
		    front_has_field(fields, count, "content-length"), end);
	if (!front_has_field(fields, count, "alt-svc"))
		add_alt_svc(h1);
	if (h1->draining || (exchange_request_unwanted(h1->exchange) &&
			     h1_request_rest_is_long(h1)))
		h1->closing = true;
	if (h1->closing)
		add(&h1->out, "connection", "close");
	else if (is_http_1_0(h1))
		add(&h1->out, "connection", "keep-alive");
	text_add(&h1->out, "\r\n", 2);
	h1->head_told = true;
	h1->response_done = end;
	tcp_conn_mark(h1->conn);
}

static void on_readable(void *user)
{
	tcp_conn_mark(((struct h1_server *)user)->conn);
}

static void on_request_consumed(void *user, size_t size)
{
	(void)size;
	tcp_conn_mark(((struct h1_server *)user)->conn);
}

static void on_broken(void *user)
{
	struct h1_server *h1 = user;

	if (h1->failed)
		return;
	h1->broken = true;
	h1->conn->tcp->stats->counters.streams_reset_by_us++;
	tcp_conn_mark(h1->conn);
}

const struct exchange_front h1_response_front = {
	.interim = on_interim,
	.head = on_head,
	.readable = on_readable,
	.request_consumed = on_request_consumed,
	.broken = on_broken,
};

/* What exchanges count of theirs. A head that was too slow is counted by who
 * watched it, and one that is only sent elsewhere is a good one. */
static void count_own(struct h1_server *h1, unsigned status)
{
	struct qs_terminator_stats *stats = h1->conn->tcp->stats;

	if (status >= 500)
		stats->counters.responses_5xx++;
	else if (status >= 400)
		stats->counters.responses_4xx++;
	else
		stats->counters.responses_3xx++;
	if (status == 414)
		stats->counters.limit_uri++;
	else if (status == 431)
		stats->counters.limit_header++;
	else if (status == 400 || status == 417 || status == 501 ||
		 status == 505)
		stats->counters.requests_malformed++;
}

/* An exchange has a line of its own. */
static void note_own(const struct h1_server *h1, unsigned status, size_t size)
{
	char address[INET6_ADDRSTRLEN];
	struct exchange_request request = {
		.method = {.value = h1->method.data,
			   .value_size = h1->method.size},
		.path = {.value = h1->target.data,
			 .value_size = h1->target.size},
		.fields = h1->fields.fields,
		.field_count = h1->fields.count,
		.protocol = QS_PROTOCOL_h1,
		.peer_address = udp_address_text(&h1->conn->peer, address),
	};

	for (size_t i = 0; i < h1->fields.count; i++)
		if (field_is(&h1->fields.fields[i], "host"))
			request.authority = h1->fields.fields[i];
	if (!h1->exchange)
		access_own(h1->conn->tcp->router, &request, status, size);
}

void h1_response_own(struct h1_server *h1, unsigned status,
		     const char *location)
{
	char body[80], reason[REASON_SIZE], length[8], date[HTTP_DATE_SIZE];
	bool head = h1->method.size == 4 && !memcmp(h1->method.data, "HEAD", 4);

	h1->closing = true;
	limits_unwatch(&h1->sender);
	tcp_conn_mark(h1->conn);
	if (h1->head_told) {
		h1->broken = true;
		return;
	}
	count_own(h1, status);
	snprintf(body, sizeof(body), "%u %s\n", status,
		 reason_of(reason, status));
	snprintf(length, sizeof(length), "%zu", strlen(body));
	add_status(&h1->out, status);
	add(&h1->out, "date", http_date_write(date, time(NULL)));
	if (location)
		add(&h1->out, "location", location);
	add(&h1->out, "content-type", "text/plain");
	add(&h1->out, "content-length", length);
	add_alt_svc(h1);
	add(&h1->out, "connection", "close");
	text_add(&h1->out, "\r\n", 2);
	if (!head)
		text_add_string(&h1->out, body);
	note_own(h1, status, head ? 0 : strlen(body));
	h1->head_told = true;
	h1->has_body = false;
	h1->response_done = true;
	h1->failed = true;
}

static size_t take_out(struct h1_server *h1, uint8_t *data, size_t size)
{
	size_t n = h1->out.size - h1->out_at;

	if (n > size)
		n = size;
	if (n)
		memcpy(data, h1->out.data + h1->out_at, n);
	h1->out_at += n;
	if (h1->out_at == h1->out.size) {
		text_clear(&h1->out);
		h1->out_at = 0;
	}
	return n;
}

/* "8000\r\n" before, "\r\n" behind. */
enum { CHUNK_BEFORE = 6, CHUNK_AROUND = CHUNK_BEFORE + 2 };

static size_t take_chunk(struct h1_server *h1, uint8_t *data, size_t size)
{
	char before[16];
	size_t n;

	_Static_assert(TCP_OUT_SIZE <= 0xffff, "four digits");
	if (size <= CHUNK_AROUND)
		return 0;
	n = front_take_body(h1->exchange, data + CHUNK_BEFORE,
			    size - CHUNK_AROUND);
	if (!n)
		return 0;
	snprintf(before, sizeof(before), "%04x\r\n", (unsigned)n);
	memcpy(data, before, CHUNK_BEFORE);
	memcpy(data + CHUNK_BEFORE + n, "\r\n", 2);
	return n + CHUNK_AROUND;
}

static void end_body(struct h1_server *h1)
{
	const struct field *trailers;
	size_t count;

	if (!exchange_at_end(h1->exchange, &trailers, &count))
		return;
	if (h1->chunked) {
		text_add_string(&h1->out, "0\r\n");
		add_fields(&h1->out, trailers, count);
		text_add(&h1->out, "\r\n", 2);
	}
	h1->response_done = true;
}

size_t h1_response_output(struct h1_server *h1, uint8_t *data, size_t size)
{
	size_t done = take_out(h1, data, size);

	if (!h1->exchange || !h1->head_told || !h1->has_body ||
	    h1->response_done || h1->broken || h1->out.size)
		return done;
	if (h1->chunked)
		done += take_chunk(h1, data + done, size - done);
	else
		done += front_take_body(h1->exchange, data + done, size - done);
	end_body(h1);
	return done + take_out(h1, data + done, size - done);
}
