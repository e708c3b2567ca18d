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

/* Malformed requests first: none of them may become text for a backend. */
static const struct row rows[] = {
	{"CR LF in a value", .end = true, .result = -EPROTO,
	 .fields = {{"x", "a\r\nhost: evil"}}},
	{"LF in a value", .end = true, .result = -EPROTO,
	 .fields = {{"x", "a\nb"}}},
	{"control octet in a value", .end = true, .result = -EPROTO,
	 .fields = {{"x", "a\001b"}}},
	{"DEL in a value", .end = true, .result = -EPROTO,
	 .fields = {{"x", "a\177b"}}},
	{"CR LF in a cookie", .end = true, .result = -EPROTO,
	 .fields = {{"cookie", "a\r\n"}}},
	{"CR LF in a field that is dropped", .end = true, .result = -EPROTO,
	 .fields = {{"connection", "a\r\n\r\nGET /"}}},
	{"empty name", .end = true, .result = -EPROTO, .fields = {{"", "a"}}},
	{"colon in a name", .end = true, .result = -EPROTO,
	 .fields = {{"a:b", "c"}}},
	{"pseudo-header name", .end = true, .result = -EPROTO,
	 .fields = {{":path", "/"}}},
	{"space in a name", .end = true, .result = -EPROTO,
	 .fields = {{"a b", "c"}}},
	{"CR LF in a name", .end = true, .result = -EPROTO,
	 .fields = {{"a\r\nb", "c"}}},
	{"upper case in a name", .end = true, .result = -EPROTO,
	 .fields = {{"Accept", "c"}}},
	{"octet over 127 in a name", .end = true, .result = -EPROTO,
	 .fields = {{"\303\244", "c"}}},
	{"no method", .method = "", .end = true, .result = -EPROTO},
	{"space in the method", .method = "GET /x", .end = true,
	 .result = -EPROTO},
	{"CR LF in the method", .method = "GET\r\n", .end = true,
	 .result = -EPROTO},
	{"no scheme", .scheme = "", .end = true, .result = -EPROTO},
	{"other scheme", .scheme = "ftp", .end = true, .result = -EPROTO},
	{"no authority", .authority = "", .end = true, .result = -EPROTO},
	{"userinfo", .authority = "me@a", .end = true, .result = -EPROTO},
	{"slash in the authority", .authority = "a/b", .end = true,
	 .result = -EPROTO},
	{"CR LF in the authority", .authority = "a\r\nx: y", .end = true,
	 .result = -EPROTO},
	{"no path", .path = "", .end = true, .result = -EPROTO},
	{"path without slash", .path = "a", .end = true, .result = -EPROTO},
	{"absolute form", .path = "http://b/", .end = true, .result = -EPROTO},
	{"space in the path", .path = "/a HTTP/1.1", .end = true,
	 .result = -EPROTO},
	{"CR LF in the path", .path = "/\r\nx: y", .end = true,
	 .result = -EPROTO},
	{"fragment", .path = "/a#b", .end = true, .result = -EPROTO},
	{"octet over 127 in the path", .path = "/\303\244", .end = true,
	 .result = -EPROTO},
	{"asterisk without OPTIONS", .path = "*", .end = true,
	 .result = -EPROTO},
	{"another host", .end = true, .result = -EPROTO,
	 .fields = {{"host", "b.example"}}},
	{"two lengths", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", "5"}, {"content-length", "5"}}},
	{"list of lengths", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", "5, 5"}}},
	{"signed length", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", "+5"}}},
	{"negative length", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", "-5"}}},
	{"empty length", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", ""}}},
	{"hexadecimal length", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", "0x5"}}},
	{"length over 63 bits", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", "9223372036854775808"}}},
	{"length over 64 bits", .end = false, .result = -EPROTO,
	 .fields = {{"content-length", "18446744073709551621"}}},
	{"length without a body", .end = true, .result = -EPROTO,
	 .fields = {{"content-length", "5"}}},

	{"plain", .end = true,
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"},
	{"http, port and IPv6", .scheme = "http", .authority = "[::1]:80",
	 .end = true, .text = "GET /p?q=1 HTTP/1.1\r\nhost: [::1]:80\r\n"},
	{"OPTIONS *", .method = "OPTIONS", .path = "*", .end = true,
	 .text = "OPTIONS * HTTP/1.1\r\nhost: a.example\r\n"},
	{"same host", .end = true, .fields = {{"host", "A.example"}},
	 .text = "GET /p?q=1 HTTP/1.1\r\nhost: a.example\r\n"},
	{"fields keep their order, values are trimmed", .end = true,
	 .fields = {{"accept", " b\t"}, {"x-a", ""}, {"accept", "\303\244"}},
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
			  : h1_request_write(request, from, &message, via);
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
		 "%svia: 3.0 test\r\nx-forwarded-for: 2001:db8::7\r\n"
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

Test(h1_request, nul_octets_are_malformed)
{
	struct field field = {"x", 1, "a\0b", 3};
	struct field name = {"x\0y", 3, "a", 1};
	struct exchange_request from = {
		.method = make_value("GET", NULL),
		.scheme = make_value("https", NULL),
		.authority = make_value("a", NULL),
		.path = make_value("/", NULL),
		.fields = &field,
		.field_count = 1,
		.end = true,
		.peer_address = "192.0.2.1",
	};
	struct h1_request request = {0};

	cr_expect_eq(write_request(&request, &from, "t"), -EPROTO);
	from.fields = &name;
	cr_expect_eq(write_request(&request, &from, "t"), -EPROTO);
	from.field_count = 0;
	from.path = (struct field){.value = "/\0", .value_size = 2};
	cr_expect_eq(write_request(&request, &from, "t"), -EPROTO);
	from.path = make_value("/", NULL);
	from.authority = (struct field){.value = "a\0", .value_size = 2};
	cr_expect_eq(write_request(&request, &from, "t"), -EPROTO);
	from.authority = make_value("a", NULL);
	cr_expect_eq(write_request(&request, &from, "t"), 0);
	text_free(&request.head);
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

Test(h1_request, methods)
{
	static const struct {
		const char *method;
		bool idempotent;
		bool head;
	} methods[] = {
		{"GET", true, false},	    {"HEAD", true, true},
		{"PUT", true, false},	    {"DELETE", true, false},
		{"OPTIONS", true, false},   {"TRACE", true, false},
		{"POST", false, false},	    {"PATCH", false, false},
		{"PROPFIND", false, false}, {"get", false, false},
	};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct row row = {.method = methods[i].method, .end = true};
		struct h1_request request = {0};

		cr_assert_eq(write_row(&row, &request), 0);
		cr_expect_eq(request.idempotent, methods[i].idempotent, "%s",
			     methods[i].method);
		cr_expect_eq(request.head_method, methods[i].head, "%s",
			     methods[i].method);
		text_free(&request.head);
	}
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
