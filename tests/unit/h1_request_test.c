/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h1_request.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIELDS_MAX = 8 };

struct test_field {
	const char *name;
	const char *value;
};

struct row {
	const char *name;
	/* Control data; NULL stands for a good one. */
	const char *method;
	const char *scheme;
	const char *authority;
	const char *path;
	bool end;
	struct test_field fields[FIELDS_MAX];
	int result;
	/* The whole header section without what all have at its end. */
	const char *text;
};

/* What is malformed is message_test.c's. */
static const struct row rows[] = {
	{"plain", .end = true,
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"},
	{"http, port and IPv6", .scheme = "http", .authority = "[::1]:80",
	 .end = true, .text = "GET /p?q=1 HTTP/1.1\r\nhost: [::1]:80\r\n"},
	{"OPTIONS *", .method = "OPTIONS", .path = "*", .end = true,
	 .text = "OPTIONS * HTTP/1.1\r\nhost: a.example\r\n"},
	{"same host", .end = true, .fields = {{"host", "A.example"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"},
	{"blanks around a value", .end = true, .result = -EPROTO,
	 .fields = {{"accept", " b\t"}}},
	{"fields keep their order", .end = true,
	 .fields = {{"accept", "b"}, {"x-a", ""}, {"accept", "\303\244"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\naccept: b\r\n"
		 "x-a: \r\naccept: \303\244\r\n"},
	{"connection-specific fields", .end = true,
	 .fields = {{"connection", "close, X-Hop"},
		    {"x-hop", "1"},
		    {"keep-alive", "2"},
		    {"proxy-connection", "3"},
		    {"transfer-encoding", "chunked"},
		    {"upgrade", "h2c"},
		    {"te", "gzip"},
		    {"x-end", "4"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\nx-end: 4\r\n"},
	{"te: trailers", .end = true, .fields = {{"te", "trailers"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\nte: trailers\r\n"
		 "connection: te\r\n"},
	{"cookie crumbs", .end = true,
	 .fields = {{"cookie", "a=1"},
		    {"x", "y"},
		    {"cookie", "b=2"},
		    {"cookie", "c=3"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\nx: y\r\n"
		 "cookie: a=1; b=2; c=3\r\n"},
	{"forwarding fields are replaced", .end = true,
	 .fields = {{"x-forwarded-for", "6.6.6.6"},
		    {"x-forwarded-proto", "gopher"},
		    {"x-forwarded-host", "evil"},
		    {"forwarded", "for=evil"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"},
	{"Early-Data is said once", .end = true,
	 .fields = {{"early-data", "1"}, {"x", "y"}, {"early-data", "2"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\nx: y\r\n"
		 "early-data: 1\r\n"},
	{"Via is appended", .end = true, .fields = {{"via", "2 other"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\nvia: 2 other\r\n"},
	{"POST without a body", .method = "POST", .end = true,
	 .text = "POST /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"
		 "content-length: 0\r\n"},
	{"POST with length 0", .method = "POST", .end = true,
	 .fields = {{"content-length", "0"}},
	 .text = "POST /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"
		 "content-length: 0\r\n"},
	{"POST with length", .method = "POST", .end = false,
	 .fields = {{"content-length", "9223372036854775807"}},
	 .text = "POST /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"
		 "content-length: 9223372036854775807\r\n"},
	{"POST without length", .method = "POST", .end = false,
	 .fields = {{"expect", "100-continue"}, {"trailer", "x-sum"}},
	 .text = "POST /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"
		 "expect: 100-continue\r\ntrailer: x-sum\r\n"
		 "transfer-encoding: chunked\r\n"},
	{"GET with a body", .end = false,
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"
		 "transfer-encoding: chunked\r\n"},
};

static struct field make_value(const char *value, const char *fallback)
{
	const char *text = value ? value : fallback;

	return (struct field){.value = text, .value_size = strlen(text)};
}

/* As an exchange does. */
static int write_request(struct h1_request *request,
			 const struct exchange_request *from, const char *via)
{
	struct message message;
	int result = message_check(&message, from);

	return result < 0 ? result
			  : h1_request_write(request, from, &message,
					     &(struct forwarding){.via = via});
}

static int write_row(const struct row *row, struct h1_request *request)
{
	struct field fields[FIELDS_MAX];
	struct exchange_request from = {
		.method = make_value(row->method, "GET"),
		.scheme = make_value(row->scheme, "https"),
		.authority = make_value(row->authority, "a.example"),
		.path = make_value(row->path, "/p?q=1"),
		.fields = fields,
		.end = row->end,
		.peer_address = "2001:db8::7",
	};

	while (from.field_count < FIELDS_MAX &&
	       row->fields[from.field_count].name) {
		const struct test_field *field = &row->fields[from.field_count];

		fields[from.field_count++] =
			(struct field){field->name, strlen(field->name),
				       field->value, strlen(field->value)};
	}
	return write_request(request, &from, "test");
}

static void expect_text(const struct row *row, const struct text *head)
{
	char expected[2048];

	snprintf(expected, sizeof(expected),
		 "%svia: 1.1 test\r\nx-forwarded-for: 2001:db8::7\r\n"
		 "x-forwarded-proto: %s\r\nx-forwarded-host: %s\r\n\r\n",
		 row->text, row->scheme ? row->scheme : "https",
		 row->authority ? row->authority : "a.example");
	cr_expect(head->size == strlen(expected) &&
			  !memcmp(head->data, expected, head->size),
		  "%s:\n%.*s\nexpected:\n%s", row->name, (int)head->size,
		  head->data, expected);
}

Test(h1_request, rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct h1_request request = {0};
		int result = write_row(&rows[i], &request);

		cr_expect_eq(result, rows[i].result, "%s: %d", rows[i].name,
			     result);
		if (result == 0 && rows[i].text)
			expect_text(&rows[i], &request.head);
		if (result < 0)
			cr_expect_eq(request.head.size, 0,
				     "%s: something was written", rows[i].name);
		text_free(&request.head);
	}
	cr_log_info("%zu rows", sizeof(rows) / sizeof(rows[0]));
}

Test(h1_request, head_has_a_limit)
{
	struct row row = {.end = true, .fields = {{"x", NULL}}};
	char *value = malloc(H1_REQUEST_HEAD_MAX + 1);
	struct h1_request request = {0};

	memset(value, 'a', H1_REQUEST_HEAD_MAX);
	value[H1_REQUEST_HEAD_MAX] = '\0';
	row.fields[0].value = value;
	cr_expect_eq(write_row(&row, &request), -E2BIG);
	text_free(&request.head);
	value[H1_REQUEST_HEAD_MAX - 1024] = '\0';
	cr_expect_eq(write_row(&row, &request), 0);
	text_free(&request.head);
	free(value);
}

Test(h1_request, last_chunk)
{
	struct field trailers[] = {
		{"x-sum", 5, " 12 ", 4},
		{"content-length", 14, "5", 1},
		{"transfer-encoding", 17, "chunked", 7},
		{"host", 4, "evil", 4},
		{"x-forwarded-for", 15, "evil", 4},
	};
	struct field bad = {"x", 1, "\r\nGET /", 7};
	struct text text = {0};

	cr_expect_eq(h1_request_write_last_chunk(&text, trailers, 5), 0);
	cr_expect_eq(text.size, strlen("0\r\nx-sum: 12\r\n\r\n"));
	cr_expect_arr_eq(text.data, "0\r\nx-sum: 12\r\n\r\n", text.size);
	text_clear(&text);
	cr_expect_eq(h1_request_write_last_chunk(&text, NULL, 0), 0);
	cr_expect_arr_eq(text.data, "0\r\n\r\n", 5);
	text_clear(&text);
	cr_expect_eq(h1_request_write_last_chunk(&text, &bad, 1), -EPROTO);
	text_free(&text);
}

Test(h1_request, early_data_is_dropped)
{
	static const char before[] = "GET / HTTP/1.1\r\nhost: a\r\n"
				     "early-data: 1\r\nx: y\r\n\r\n";
	static const char after[] = "GET / HTTP/1.1\r\nhost: a\r\nx: y\r\n\r\n";
	struct h1_request request = {};

	text_add_string(&request.head, before);
	for (int i = 0; i < 2; i++) {
		h1_request_drop_early_data(&request);
		cr_assert_eq(request.head.size, sizeof(after) - 1);
		cr_assert_arr_eq(request.head.data, after, sizeof(after) - 1);
	}
	text_free(&request.head);
}
