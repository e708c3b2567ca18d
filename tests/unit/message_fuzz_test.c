/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Requests made of hostile pieces. Whatever message_check lets through must
 * become, as HTTP/1.1, exactly one request of the same meaning for a reader
 * that takes the text line by line and for llhttp.
 */
#include <criterion/criterion.h>
#include <llhttp.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "terminator/fields.h"
#include "terminator/forwarding.h"
#include "terminator/h1_request.h"
#include "tests/unit/pick.h"

enum { ROUNDS = 300000, FIELDS_MAX = 6 };

static const char *const methods[] = {"GET",	 "POST",   "HEAD", "OPTIONS",
				      "CONNECT", "DELETE", "G T",  "PUT\r\n"};
static const char *const authorities[] = {
	"a.example", "a.example:443", "[::1]", "a,b",
	"a@b",	     "a\r\nx:y",      "",      ":1"};
static const char *const paths[] = {
	"/",	"/a?b",		"*",	     "/a b", "/\r\nx: y",
	"/a#b", "//b.example/", "http://b/", "/\t",  "/%0d%0a"};
static const char *const names[] = {"x",
				    "host",
				    "content-length",
				    "transfer-encoding",
				    "connection",
				    "te",
				    "cookie",
				    "expect",
				    "Host",
				    "content-length ",
				    "x:y",
				    "\r\nhost",
				    "",
				    "transfer-encoding\t",
				    "via",
				    "x-forwarded-for",
				    "upgrade",
				    "trailer",
				    ":path",
				    "keep-alive"};
static const char *const values[] = {"a",
				     "0",
				     "5",
				     "05",
				     "+5",
				     "5, 5",
				     "chunked",
				     "gzip, chunked",
				     "close",
				     "trailers",
				     "a.example",
				     "A.EXAMPLE",
				     "b.example",
				     "a\r\nb: c",
				     "a\n\nGET / HTTP/1.1",
				     " a",
				     "a ",
				     "",
				     "\x80\xff",
				     "x, host",
				     "a\tb",
				     "websocket",
				     "100-continue"};

static struct field make_field(const char *name, const char *value)
{
	return (struct field){name, strlen(name), value, strlen(value)};
}

/* What both readers must find. */
struct reading {
	unsigned requests;
	unsigned hosts, lengths, codings;
	uint64_t length;
	bool foreign; /* a line that is none of ours */
};

static bool begins(const char *line, size_t size, const char *name)
{
	size_t length = strlen(name);

	return size > length && !strncasecmp(line, name, length) &&
	       line[length] == ':';
}

static struct reading read_lines(const struct text *text)
{
	struct reading reading = {0};
	const char *at = text->data;
	const char *end = text->data + text->size;
	bool first = true;

	while (at < end) {
		const char *stop = memchr(at, '\n', end - at);
		size_t size;

		cr_assert(stop && stop > at && stop[-1] == '\r');
		size = stop - at - 1;
		reading.foreign |=
			memchr(at, '\r', size) || memchr(at, '\0', size);
		reading.requests += size == 0;
		if (!first && size)
			reading.foreign |= !memchr(at, ':', size);
		reading.hosts += begins(at, size, "host");
		if (begins(at, size, "content-length")) {
			reading.lengths++;
			reading.length = strtoull(at + 15, NULL, 10);
		}
		reading.codings += begins(at, size, "transfer-encoding");
		first = false;
		at = stop + 1;
	}
	return reading;
}

static int on_headers_complete(llhttp_t *parser)
{
	unsigned *heads = parser->data;

	++*heads;
	return HPE_PAUSED;
}

/* llhttp must stop just behind the text. */
static void expect_one_head(const struct text *text)
{
	llhttp_settings_t settings;
	llhttp_t parser;
	unsigned heads = 0;

	llhttp_settings_init(&settings);
	settings.on_headers_complete = on_headers_complete;
	llhttp_init(&parser, HTTP_REQUEST, &settings);
	parser.data = &heads;
	cr_assert_eq(llhttp_execute(&parser, text->data, text->size),
		     HPE_PAUSED, "%.*s", (int)text->size, text->data);
	cr_assert_eq(heads, 1);
}

static void check_text(const struct h1_request *request, bool end)
{
	struct reading reading = read_lines(&request->head);
	const char *text = request->head.data;

	cr_assert_not(reading.foreign, "%s", text);
	cr_assert_eq(reading.requests, 1, "%s", text);
	cr_assert_eq(reading.hosts, 1, "%s", text);
	cr_assert_leq(reading.lengths + reading.codings, 1, "%s", text);
	cr_assert_eq(reading.codings, request->chunked, "%s", text);
	cr_assert_eq(reading.lengths, request->has_length, "%s", text);
	if (request->has_length)
		cr_assert_eq(reading.length, request->length, "%s", text);
	if (!end)
		cr_assert(request->has_length || request->chunked, "%s", text);
	expect_one_head(&request->head);
}

static bool try_one(void)
{
	struct field fields[FIELDS_MAX];
	struct exchange_request from = {
		.method = make_field("", PICK(methods)),
		.scheme = make_field("", "https"),
		.authority = make_field("", PICK(authorities)),
		.path = make_field("", PICK(paths)),
		.fields = fields,
		.end = pick(2),
		.peer_address = "192.0.2.1",
		.protocol = pick(2) ? QS_PROTOCOL_h3 : QS_PROTOCOL_h1,
	};
	const struct forwarding forwarding = {
		.via = "t", .trusted = pick(2), .standard = pick(2)};
	struct h1_request request = {0};
	struct message message;

	for (size_t count = pick(FIELDS_MAX); count; count--)
		fields[from.field_count++] =
			make_field(PICK(names), PICK(values));
	if (message_check(&message, &from) < 0 || message.connect)
		return false;
	cr_assert_eq(h1_request_write(&request, &from, &message, &forwarding),
		     0);
	check_text(&request, from.end);
	text_free(&request.head);
	return true;
}

Test(message_fuzz, what_passes_is_one_request)
{
	unsigned passed = 0;

	for (unsigned round = 0; round < ROUNDS; round++)
		passed += try_one();
	cr_expect_gt(passed, ROUNDS / 200, "only %u passed", passed);
	cr_expect_lt(passed, ROUNDS / 2, "%u passed", passed);
}
