/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Responses made of hostile pieces. However the octets are cut, what is told of
 * them is the same; no head that is told holds an octet that must not pass; and
 * a response that is taken as whole never keeps a connection on which there are
 * octets left.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "terminator/h1_response.h"
#include "tests/unit/pick.h"

enum { ROUNDS = 60000, PIECES_MAX = 10 };

static const char *const starts[] = {
	"HTTP/1.1 200 OK\r\n", "HTTP/1.0 200 OK\r\n",
	"HTTP/1.1 204 x\r\n",  "HTTP/1.1 103 x\r\n",
	"HTTP/1.1 304\r\n",    "HTTP/1.1 200 OK\n",
	"HTTP/2 200\r\n",      "\r\n",
	"GET / HTTP/1.1\r\n"};
static const char *const pieces[] = {"content-length: 5\r\n",
				     "content-length: 0\r\n",
				     "content-length: 5, 5\r\n",
				     "transfer-encoding: chunked\r\n",
				     "transfer-encoding: gzip, chunked\r\n",
				     "connection: close\r\n",
				     "connection: keep-alive\r\n",
				     "x: y\r\n",
				     "X-Y:\tz \r\n",
				     "x : y\r\n",
				     " folded\r\n",
				     "x: a\nb: c\r\n",
				     "x: a\rb\r\n",
				     "x: \001\r\n",
				     ": y\r\n",
				     "trailer: x\r\n",
				     "\r\n",
				     "\r\n",
				     "\r\n",
				     "\r\n",
				     "hello",
				     "hello",
				     "5\r\n",
				     "5\r\nhello\r\n",
				     "5;a=b\r\nhello\r\n",
				     "0\r\n",
				     "0\r\n\r\n",
				     "0\r\n\r\n",
				     "5\nhello\n",
				     "-1\r\n",
				     "\n",
				     "\r",
				     "HTTP/1.1 200 OK\r\n",
				     "HTTP/1.1 100 x\r\n\r\n"};

static void note(struct text *told, unsigned status, const struct field *fields,
		 size_t count, bool end)
{
	char line[32];

	snprintf(line, sizeof(line), "%u %zu %d\n", status, count, end);
	text_add_string(told, line);
	for (size_t i = 0; i < count; i++) {
		cr_assert(field_valid(&fields[i]));
		cr_assert_not(field_is_connection_specific(&fields[i]));
		text_add(told, fields[i].name, fields[i].name_size);
		text_add(told, ":", 1);
		text_add(told, fields[i].value, fields[i].value_size);
		text_add(told, "\n", 1);
	}
}

static int on_interim(void *user, unsigned status, const struct field *fields,
		      size_t count)
{
	note(user, status, fields, count, false);
	return 0;
}

static int on_head(void *user, unsigned status, const struct field *fields,
		   size_t count, bool end)
{
	note(user, status, fields, count, end);
	return 0;
}

static int on_body(void *user, const void *data, size_t size)
{
	text_add(user, data, size);
	return 0;
}

static const struct h1_response_events events = {
	.interim = on_interim, .head = on_head, .body = on_body};

/* Feeds the octets in pieces of `size` and then the connection's end. */
static int run(const struct text *octets, size_t size, struct text *told)
{
	struct h1_response response;
	size_t at = 0;
	int result = 0;

	h1_response_init(&response, &events, told, "1.1 t");
	h1_response_begin(&response, false);
	while (at < octets->size && result == 0) {
		size_t left = octets->size - at;

		if (left > size)
			left = size;
		result = h1_response_feed(&response, octets->data + at, left);
		at += left;
	}
	if (result == 1 && size >= octets->size && response.keep_alive)
		cr_assert_eq(llhttp_get_error_pos(&response.parser),
			     octets->data + octets->size);
	if (result == 0)
		result = h1_response_finish(&response);
	for (size_t i = 0; result == 1 && i < response.fields.count; i++)
		note(told, 0, &response.fields.fields[i], 1, true);
	h1_response_free(&response);
	return result;
}

static int try_one(void)
{
	struct text octets = {0}, whole = {0}, cut = {0};
	int result;

	text_add_string(&octets, PICK(starts));
	for (size_t count = pick(PIECES_MAX); count; count--)
		text_add_string(&octets, PICK(pieces));
	result = run(&octets, octets.size, &whole);
	cr_assert_eq(run(&octets, 1 + pick(7), &cut), result, "%.*s",
		     (int)octets.size, octets.data);
	cr_assert_eq(whole.size, cut.size, "%.*s", (int)octets.size,
		     octets.data);
	if (whole.size)
		cr_assert_arr_eq(whole.data, cut.data, whole.size);
	text_free(&octets);
	text_free(&whole);
	text_free(&cut);
	return result;
}

Test(h1_response_fuzz, cuts_make_no_difference)
{
	unsigned whole = 0;

	for (unsigned round = 0; round < ROUNDS; round++)
		whole += try_one() == 1;
	cr_expect_gt(whole, ROUNDS / 100, "only %u were responses", whole);
	cr_expect_lt(whole, ROUNDS / 2, "%u were responses", whole);
}
