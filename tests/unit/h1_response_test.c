/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h1_response.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * Events are noted as text, one a line:
 *   103 link: x            interim, then its fields but for Via, with ", "
 *   200 name: value        head; "200!" if it is the end
 *   [octets]               body, pieces joined
 *   +name: value           trailer
 *   ok / ok close / more / bad
 */
struct record {
	struct text text;
	bool in_body;
	bool via_seen; /* in every section so far */
};

struct row {
	const char *name;
	const char *octets;
	bool head_method;
	bool closes; /* the connection ends behind the octets */
	const char *expected;
};

#define OK_5 "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n"
#define CHUNKED "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"

static const struct row rows[] = {
	{"reversed status line", "HTTP/1.1 OK 200\r\n\r\n", .expected = "bad"},
	{"no HTTP", "SSH-2.0-OpenSSH_9\r\n", .expected = "bad"},
	{"HTTP/2 version", "HTTP/2.0 200 OK\r\ncontent-length: 0\r\n\r\n",
	 .expected = "bad"},
	{"HTTP/0.9 version", "HTTP/0.9 200 OK\r\n\r\n", .expected = "bad"},
	{"HTTP/1.2 version", "HTTP/1.2 200 OK\r\n\r\n", .expected = "bad"},
	{"a request", "GET / HTTP/1.1\r\n\r\n", .expected = "bad"},
	{"status 099", "HTTP/1.1 099 x\r\n\r\n", .expected = "bad"},
	{"status 600", "HTTP/1.1 600 x\r\n\r\n", .expected = "bad"},
	{"status 1000", "HTTP/1.1 1000 x\r\n\r\n", .expected = "bad"},
	{"status 101",
	 "HTTP/1.1 101 x\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n",
	 .expected = "bad"},
	{"status 101 without upgrade", "HTTP/1.1 101 x\r\n\r\n",
	 .expected = "bad"},
	{"control octet in the reason phrase",
	 "HTTP/1.1 200 O\001K\r\ncontent-length: 0\r\n\r\n", .expected = "bad"},
	{"empty line first", "\r\n" OK_5 "\r\nhello", .expected = "bad"},
	{"chunks of 204",
	 "HTTP/1.1 204 x\r\ntransfer-encoding: chunked\r\n\r\n",
	 .expected = "bad"},
	{"chunks of an interim response",
	 "HTTP/1.1 103 x\r\ntransfer-encoding: chunked\r\n\r\n" OK_5
	 "\r\nhello",
	 .expected = "bad"},
	{"lines that end in LF", "HTTP/1.1 200 OK\ncontent-length: 0\n\n",
	 .expected = "bad"},
	{"bare CR in a value", OK_5 "x: a\rb\r\n\r\n", .expected = "bad"},
	{"folded line", OK_5 "x: a\r\n b\r\n\r\n", .expected = "bad"},
	{"space before the colon", OK_5 "x : a\r\n\r\n", .expected = "bad"},
	{"empty name", OK_5 ": a\r\n\r\n", .expected = "bad"},
	{"control octet in a value", OK_5 "x: a\001\r\n\r\n",
	 .expected = "bad"},
	{"line without colon", OK_5 "x\r\n\r\n", .expected = "bad"},
	{"two lengths", OK_5 "content-length: 5\r\n\r\nhello",
	 .expected = "bad"},
	{"two other lengths", OK_5 "content-length: 6\r\n\r\nhello",
	 .expected = "bad"},
	{"list of lengths", "HTTP/1.1 200 OK\r\ncontent-length: 5, 5\r\n\r\n",
	 .expected = "bad"},
	{"signed length", "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
	 .expected = "bad"},
	{"length over 64 bits",
	 "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551621\r\n\r\n",
	 .expected = "bad"},
	{"length and chunks", OK_5 "transfer-encoding: chunked\r\n\r\n",
	 .expected = "bad"},
	{"gzip, chunked",
	 "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
	 .expected = "bad"},
	{"gzip as transfer coding",
	 "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n",
	 .expected = "bad"},
	{"chunked twice",
	 "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n"
	 "transfer-encoding: chunked\r\n\r\n",
	 .expected = "bad"},
	{"chunks in HTTP/1.0",
	 "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n",
	 .expected = "bad"},
	{"chunk size is no number", CHUNKED "x\r\n", .expected = "200 \nbad"},
	{"chunk size is too big", CHUNKED "10000000000000005\r\n",
	 .expected = "200 \nbad"},
	{"negative chunk size", CHUNKED "-5\r\n", .expected = "200 \nbad"},
	{"chunk size 0x5", CHUNKED "0x5\r\nhello\r\n", .expected = "200 \nbad"},
	{"chunk longer than its size", CHUNKED "3\r\nhello\r\n",
	 .expected = "200 \n[hel]\nbad"},
	{"chunk line ends in LF", CHUNKED "5\nhello\r\n",
	 .expected = "200 \nbad"},
	{"length as trailer", CHUNKED "0\r\ncontent-length: 0\r\n\r\n",
	 .expected = "200 \nbad"},
	{"bad trailer", CHUNKED "0\r\nx y: z\r\n\r\n", .expected = "200 \nbad"},
	{"nothing, then the end", "", .closes = true, .expected = "bad"},
	{"ends in the status line", "HTTP/1.1 2", .closes = true,
	 .expected = "bad"},
	{"ends in the fields", OK_5, .closes = true, .expected = "bad"},
	{"ends after an interim response", "HTTP/1.1 100 x\r\n\r\n",
	 .closes = true, .expected = "100 \nbad"},
	{"ends in the body", OK_5 "\r\nhell", .closes = true,
	 .expected = "200 content-length: 5\n[hell]\nbad"},
	{"ends in a chunk", CHUNKED "5\r\nhel", .closes = true,
	 .expected = "200 \n[hel]\nbad"},
	{"ends between chunks", CHUNKED "5\r\nhello\r\n", .closes = true,
	 .expected = "200 \n[hello]\nbad"},
	{"ends in the trailers", CHUNKED "0\r\nx: y\r\n", .closes = true,
	 .expected = "200 \nbad"},

	{"length", OK_5 "\r\nhello",
	 .expected = "200 content-length: 5\n[hello]\nok"},
	{"needs more", OK_5 "\r\nhell",
	 .expected = "200 content-length: 5\n[hell]\nmore"},
	{"length 0", "HTTP/1.1 404 \r\ncontent-length: 0\r\n\r\n",
	 .expected = "404! content-length: 0\nok"},
	{"no reason phrase", "HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n",
	 .expected = "200! content-length: 0\nok"},
	{"chunks and trailers",
	 CHUNKED "5;a=b\r\nhello\r\n3\r\n, w\r\n0\r\nX-Sum: 12\r\n"
		 "Set-Cookie: 9\r\nConnection: x\r\nx-b: \r\n\r\n",
	 .expected = "200 \n[hello, w]\n+x-sum: 12\n+x-b: \nok"},
	{"no chunk", CHUNKED "0\r\n\r\n", .expected = "200 \nok"},
	{"until the end", "HTTP/1.1 200 OK\r\n\r\nhello", .closes = true,
	 .expected = "200 \n[hello]\nok close"},
	{"until the end, empty", "HTTP/1.0 200 OK\r\n\r\n", .closes = true,
	 .expected = "200 \nok close"},
	{"HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 5\r\n\r\nhello",
	 .expected = "200 content-length: 5\n[hello]\nok close"},
	{"HTTP/1.0 keep-alive",
	 "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n"
	 "content-length: 5\r\n\r\nhello",
	 .expected = "200 content-length: 5\n[hello]\nok"},
	{"connection: close", OK_5 "connection: close\r\n\r\nhello",
	 .expected = "200 content-length: 5\n[hello]\nok close"},
	{"octets behind the response", OK_5 "\r\nhelloHTTP/1.1",
	 .expected = "200 content-length: 5\n[hello]\nok close"},
	{"octets behind the last chunk", CHUNKED "0\r\n\r\nx",
	 .expected = "200 \nok close"},
	{"HEAD", OK_5 "\r\n", .head_method = true,
	 .expected = "200! content-length: 5\nok"},
	{"HEAD with chunks", CHUNKED, .head_method = true,
	 .expected = "200! \nok"},
	{"HEAD without framing", "HTTP/1.1 200 OK\r\nx: y\r\n\r\n",
	 .head_method = true, .expected = "200! x: y\nok"},
	{"204", "HTTP/1.1 204 x\r\nx: y\r\n\r\n", .expected = "204! x: y\nok"},
	{"204 with length", "HTTP/1.1 204 x\r\ncontent-length: 5\r\n\r\n",
	 .expected = "204! \nok"},
	{"204 with a body", "HTTP/1.1 204 x\r\ncontent-length: 5\r\n\r\nhello",
	 .expected = "204! \nok close"},
	{"304 keeps its length",
	 "HTTP/1.1 304 x\r\ncontent-length: 5\r\netag: \"a\"\r\n\r\n",
	 .expected = "304! content-length: 5, etag: \"a\"\nok"},
	{"interim responses",
	 "HTTP/1.1 100 Continue\r\n\r\n"
	 "HTTP/1.1 103 x\r\nlink: a\r\nlink: b\r\n\r\n"
	 "HTTP/1.1 150 x\r\ncontent-length: 5\r\n\r\n" OK_5 "\r\nhello",
	 .expected = "100 \n103 link: a, link: b\n150 \n"
		     "200 content-length: 5\n[hello]\nok"},
	{"connection-specific fields",
	 OK_5 "Connection: X-Hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: 2\r\n"
	      "Proxy-Connection: 3\r\nUpgrade: h2c\r\nTE: x\r\nX-End: 4\r\n"
	      "\r\nhello",
	 .expected = "200 content-length: 5, x-end: 4\n[hello]\nok"},
	{"names are lowered, values are trimmed, order is kept",
	 OK_5 "X-A: \t 1 \t\r\nSet-Cookie: b\r\nset-cookie: c\r\nx-d:\r\n"
	      "\r\nhello",
	 .expected = "200 content-length: 5, x-a: 1, set-cookie: b, "
		     "set-cookie: c, x-d: \n[hello]\nok"},
};

static void note(struct record *record, const char *text)
{
	if (record->in_body)
		text_add_string(&record->text, "]\n");
	record->in_body = false;
	text_add_string(&record->text, text);
}

static void note_field(struct record *record, const struct field *field)
{
	text_add(&record->text, field->name, field->name_size);
	text_add_string(&record->text, ": ");
	text_add(&record->text, field->value, field->value_size);
}

static void note_section(struct record *record, unsigned status, bool end,
			 const struct field *fields, size_t count)
{
	char line[16];

	cr_assert_geq(count, 1);
	if (!field_is(&fields[count - 1], "via") ||
	    memcmp(fields[count - 1].value, "1.1 test", 8) != 0)
		record->via_seen = false;
	snprintf(line, sizeof(line), "%u%s ", status, end ? "!" : "");
	note(record, line);
	for (size_t i = 0; i + 1 < count; i++) {
		text_add_string(&record->text, i ? ", " : "");
		note_field(record, &fields[i]);
	}
	text_add_string(&record->text, "\n");
}

static int on_interim(void *user, unsigned status, const struct field *fields,
		      size_t count)
{
	note_section(user, status, false, fields, count);
	return 0;
}

static int on_head(void *user, unsigned status, const struct field *fields,
		   size_t count, bool end)
{
	note_section(user, status, end, fields, count);
	return 0;
}

static int on_body(void *user, const void *data, size_t size)
{
	struct record *record = user;

	if (!record->in_body)
		text_add_string(&record->text, "[");
	record->in_body = true;
	text_add(&record->text, data, size);
	return 0;
}

static const struct h1_response_events events = {
	.interim = on_interim, .head = on_head, .body = on_body};

static void note_end(struct record *record, const struct h1_response *response,
		     int result)
{
	note(record, "");
	for (size_t i = 0; result == 1 && i < response->fields.count; i++) {
		text_add_string(&record->text, "+");
		note_field(record, &response->fields.fields[i]);
		text_add_string(&record->text, "\n");
	}
	if (result == 1)
		note(record, response->keep_alive ? "ok" : "ok close");
	else if (result == 0)
		note(record, "more");
	else
		note(record, result == -EPROTO ? "bad" : "other error");
}

/* Feeds the octets in pieces of `size`; what is behind the response comes with
 * its last octet in any case. */
static void run_row(const struct row *row, size_t size)
{
	struct record record = {.via_seen = true};
	struct h1_response response;
	size_t length = strlen(row->octets);
	int result = 0;

	h1_response_init(&response, &events, &record, "1.1 test");
	h1_response_begin(&response, row->head_method);
	for (size_t at = 0; at < length && result == 0; at += size) {
		size_t left = length - at;

		result = h1_response_feed(&response, row->octets + at,
					  left < size ? left : size);
		if (result == 1 && left > size)
			response.keep_alive = false;
	}
	if (row->closes && result == 0)
		result = h1_response_finish(&response);
	note_end(&record, &response, result);
	text_add(&record.text, "", 1);
	cr_expect_str_eq(record.text.data, row->expected,
			 "%s, in pieces of %zu: %s", row->name, size,
			 record.text.data);
	cr_expect(record.via_seen, "%s: Via is missing", row->name);
	text_free(&record.text);
	h1_response_free(&response);
}

Test(h1_response, rows_whole_and_in_pieces)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t size = 1; size <= 1024; size *= 2)
			run_row(&rows[i], size);
}

Test(h1_response, nul_octets_are_malformed)
{
	static const char value[] = OK_5 "x: a\0b\r\n\r\n";
	static const char name[] = OK_5 "x\0y: a\r\n\r\n";
	struct record record = {0};
	struct h1_response response;

	h1_response_init(&response, &events, &record, "1.1 test");
	h1_response_begin(&response, false);
	cr_expect_eq(h1_response_feed(&response, value, sizeof(value) - 1),
		     -EPROTO);
	h1_response_begin(&response, false);
	cr_expect_eq(h1_response_feed(&response, name, sizeof(name) - 1),
		     -EPROTO);
	cr_expect_eq(record.text.size, 0, "a head was told");
	h1_response_free(&response);
}

/* Feeds a start and then the same piece for ever. Returns how often until the
 * reader gave up, at most `limit`. */
static size_t feed_endless(const char *start, const char *piece, size_t limit)
{
	struct record record = {0};
	struct h1_response response;
	int result;
	size_t times = 0;

	h1_response_init(&response, &events, &record, "1.1 test");
	h1_response_begin(&response, false);
	result = h1_response_feed(&response, start, strlen(start));
	while (result == 0 && times < limit) {
		result = h1_response_feed(&response, piece, strlen(piece));
		times++;
	}
	cr_expect(times == limit || result == -EPROTO);
	h1_response_free(&response);
	text_free(&record.text);
	return times;
}

Test(h1_response, endless_sections_are_malformed)
{
	cr_expect_leq(feed_endless("HTTP/1.1 200 OK\r\n", "x: y\r\n", 100000),
		      H1_RESPONSE_FIELDS_MAX + 2, "fields");
	cr_expect_leq(feed_endless("HTTP/1.1 200 OK\r\nx: ",
				   "aaaaaaaaaaaaaaaaaaaaaaaaa", 100000),
		      H1_RESPONSE_HEAD_MAX / 25 + 1, "a value");
	cr_expect_leq(feed_endless("HTTP/1.1 200 OK\r\nx",
				   "aaaaaaaaaaaaaaaaaaaaaaaaa", 100000),
		      H1_RESPONSE_HEAD_MAX / 25 + 1, "a name");
	cr_expect_leq(feed_endless("HTTP/1.1 200 O",
				   "aaaaaaaaaaaaaaaaaaaaaaaaa", 100000),
		      H1_RESPONSE_HEAD_MAX / 25 + 1, "a reason phrase");
	cr_expect_leq(feed_endless(CHUNKED "0\r\n", "x: y\r\n", 100000),
		      H1_RESPONSE_FIELDS_MAX + 2, "trailers");
	cr_expect_leq(feed_endless(CHUNKED "5;x", "aaaaa", 100000),
		      H1_RESPONSE_EXTENSION_MAX / 5 + 1, "an extension");
	cr_expect_leq(feed_endless(CHUNKED "5;x=", "aaaaa", 100000),
		      H1_RESPONSE_EXTENSION_MAX / 5 + 1, "its value");
	cr_expect_eq(feed_endless(CHUNKED, "1;x=yyyyyyyy\r\na\r\n", 1000), 1000,
		     "chunks have no end");
	cr_expect_eq(feed_endless("HTTP/1.1 200 OK\r\n\r\n", "hello", 1000),
		     1000, "a body has no end");
}

Test(h1_response, interim_responses_have_a_limit)
{
	cr_expect_lt(feed_endless("", "HTTP/1.1 100 Continue\r\n\r\n", 100000),
		     100000);
	cr_expect_lt(feed_endless("", "HTTP/1.1 100\r\n\r\n", 100000), 100000);
	cr_expect_lt(feed_endless("HTTP/1.1 100\r\n\r\n", "\r\n", 100000),
		     100000, "empty lines behind one");
}

static int refuse_body(void *user, const void *data, size_t size)
{
	(void)user;
	(void)data;
	(void)size;
	return -ENOMEM;
}

Test(h1_response, errors_of_events_are_passed_on)
{
	static const struct h1_response_events refusing = {
		.interim = on_interim, .head = on_head, .body = refuse_body};
	static const char octets[] = OK_5 "\r\nhello";
	struct record record = {0};
	struct h1_response response;

	h1_response_init(&response, &refusing, &record, "1.1 test");
	h1_response_begin(&response, false);
	cr_expect_eq(h1_response_feed(&response, octets, sizeof(octets) - 1),
		     -ENOMEM);
	h1_response_free(&response);
	text_free(&record.text);
}
