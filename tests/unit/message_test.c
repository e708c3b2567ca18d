/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/message.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { FIELDS_MAX = 8 };

struct test_field {
	const char *name;
	const char *value;
};

struct row {
	const char *name;
	bool malformed;
	bool body;	    /* something follows the header section */
	bool h1;	    /* it came by HTTP/1.1 */
	const char *method; /* NULL stands for a good one, "-" for none */
	const char *scheme;
	const char *authority;
	const char *path;
	struct test_field fields[FIELDS_MAX];
};

#define BAD .malformed = true

static const struct row rows[] = {
	{"plain", .body = false},
	{"no method", BAD, .method = "-"},
	{"empty method", BAD, .method = ""},
	{"space in the method", BAD, .method = "GET /x"},
	{"CR LF in the method", BAD, .method = "GET\r\n"},
	{"colon in the method", BAD, .method = "GET:"},
	{"a method of its own", .method = "M-SEARCH"},
	{"no scheme", BAD, .scheme = "-"},
	{"empty scheme", BAD, .scheme = ""},
	{"scheme ftp", BAD, .scheme = "ftp"},
	{"scheme with CR LF", BAD, .scheme = "https\r\n"},
	{"scheme http", .scheme = "http"},
	{"no authority", BAD, .authority = "-"},
	{"empty authority", BAD, .authority = ""},
	{"userinfo", BAD, .authority = "me@a.example"},
	{"userinfo with password", BAD, .authority = "me:x@a.example"},
	{"slash in the authority", BAD, .authority = "a.example/b"},
	{"question mark in the authority", BAD, .authority = "a?b"},
	{"backslash in the authority", BAD, .authority = "a\\b"},
	{"space in the authority", BAD, .authority = "a b"},
	{"CR LF in the authority", BAD, .authority = "a\r\nx: y"},
	{"comma in the authority", BAD, .authority = "a.example,b.example"},
	{"percent in the authority", BAD, .authority = "%61.example"},
	{"octet over 127 in the authority", BAD, .authority = "\303\244.de"},
	{"port only", BAD, .authority = ":443"},
	{"port is no number", BAD, .authority = "a.example:x"},
	{"signed port", BAD, .authority = "a.example:+1"},
	{"port over 65535", BAD, .authority = "a.example:65536"},
	{"port of 20 digits", BAD, .authority = "a:18446744073709551695"},
	{"two ports", BAD, .authority = "a.example:1:2"},
	{"port", .authority = "a.example:65535"},
	{"empty port", .authority = "a.example:"},
	{"underscore in the authority", .authority = "_a.b-c.example"},
	{"IPv6", .authority = "[2001:db8::1]"},
	{"IPv6 and port", .authority = "[::1]:80"},
	{"IPv6 without end", BAD, .authority = "[::1"},
	{"IPv6 and more", BAD, .authority = "[::1]80"},
	{"IPv6 with a zone", BAD, .authority = "[fe80::1%eth0]"},
	{"IPv6 without brackets", BAD, .authority = "::1"},
	{"empty brackets", BAD, .authority = "[]"},
	{"no path", BAD, .path = "-"},
	{"empty path", BAD, .path = ""},
	{"path without slash", BAD, .path = "a"},
	{"absolute form", BAD, .path = "http://b.example/"},
	{"space in the path", BAD, .path = "/a HTTP/1.1"},
	{"HTAB in the path", BAD, .path = "/a\tb"},
	{"CR LF in the path", BAD, .path = "/\r\nx: y"},
	{"LF in the path", BAD, .path = "/\nx"},
	{"DEL in the path", BAD, .path = "/\177"},
	{"fragment", BAD, .path = "/a#b"},
	{"octet over 127 in the path", BAD, .path = "/\303\244"},
	{"asterisk", BAD, .path = "*"},
	{"asterisk and more", BAD, .method = "OPTIONS", .path = "*a"},
	{"OPTIONS *", .method = "OPTIONS", .path = "*"},
	{"path of all that browsers send",
	 .path = "/%20a;b=c|d?e=[f]{g}^h\"i'j"},

	{"CONNECT", .method = "CONNECT", .scheme = "-", .path = "-",
	 .authority = "a.example:443"},
	{"CONNECT with a scheme", BAD, .method = "CONNECT", .path = "-",
	 .authority = "a.example:443"},
	{"CONNECT with a path", BAD, .method = "CONNECT", .scheme = "-",
	 .authority = "a.example:443"},
	{"CONNECT with an empty path", BAD, .method = "CONNECT", .scheme = "-",
	 .path = "", .authority = "a.example:443"},
	{"CONNECT without a port", BAD, .method = "CONNECT", .scheme = "-",
	 .path = "-"},
	{"CONNECT with an empty port", BAD, .method = "CONNECT", .scheme = "-",
	 .path = "-", .authority = "a.example:"},
	{"CONNECT without authority", BAD, .method = "CONNECT", .scheme = "-",
	 .path = "-", .authority = "-"},

	{"CR LF in a value", BAD, .fields = {{"x", "a\r\nhost: evil"}}},
	{"CR in a value", BAD, .fields = {{"x", "a\rb"}}},
	{"LF in a value", BAD, .fields = {{"x", "a\nb"}}},
	{"control octet in a value", BAD, .fields = {{"x", "a\001b"}}},
	{"DEL in a value", BAD, .fields = {{"x", "a\177b"}}},
	{"CR LF in a cookie", BAD, .fields = {{"cookie", "a\r\nb"}}},
	{"value begins with a space", BAD, .fields = {{"x", " a"}}},
	{"value ends with HTAB", BAD, .fields = {{"x", "a\t"}}},
	{"value is a space", BAD, .fields = {{"x", " "}}},
	{"blank within a value", .fields = {{"x", "a\t b"}}},
	{"empty value", .fields = {{"x", ""}}},
	{"octets over 127 in a value", .fields = {{"x", "\303\244\377"}}},
	{"empty name", BAD, .fields = {{"", "a"}}},
	{"colon in a name", BAD, .fields = {{"a:b", "c"}}},
	{"pseudo-header field among fields", BAD, .fields = {{":path", "/"}}},
	{"space in a name", BAD, .fields = {{"a b", "c"}}},
	{"name ends with a space", BAD, .fields = {{"host ", "a.example"}}},
	{"CR LF in a name", BAD, .fields = {{"a\r\nb", "c"}}},
	{"upper case in a name", BAD, .fields = {{"Accept", "c"}}},
	{"octet over 127 in a name", BAD, .fields = {{"\303\244", "c"}}},
	{"all of a token in a name", .fields = {{"!#$%&'*+-.^_`|~09az", "c"}}},

	{"host", .fields = {{"host", "A.example"}}},
	{"another host", BAD, .fields = {{"host", "b.example"}}},
	{"empty host", BAD, .fields = {{"host", ""}}},
	{"host with a port of its own", BAD,
	 .fields = {{"host", "a.example:443"}}},
	{"two hosts", BAD,
	 .fields = {{"host", "a.example"}, {"host", "a.example"}}},
	{"two hosts, one of them another", BAD,
	 .fields = {{"host", "a.example"}, {"host", "b.example"}}},

	{"connection", BAD, .fields = {{"connection", "close"}}},
	{"connection that names a field", BAD,
	 .fields = {{"connection", "x"}, {"x", "y"}}},
	{"keep-alive", BAD, .fields = {{"keep-alive", "5"}}},
	{"proxy-connection", BAD, .fields = {{"proxy-connection", "close"}}},
	{"transfer-encoding", BAD, .body = true,
	 .fields = {{"transfer-encoding", "chunked"}}},
	{"transfer-encoding: identity", BAD, .body = true,
	 .fields = {{"transfer-encoding", "identity"}}},
	{"transfer-encoding and length", BAD, .body = true,
	 .fields = {{"transfer-encoding", "chunked"}, {"content-length", "5"}}},
	{"upgrade", BAD, .fields = {{"upgrade", "websocket"}}},
	{"http2-settings", BAD, .fields = {{"http2-settings", "AAMAAABk"}}},
	{"te: gzip", BAD, .fields = {{"te", "gzip"}}},
	{"te: trailers and more", BAD, .fields = {{"te", "trailers, gzip"}}},
	{"te: trailers", .fields = {{"te", "Trailers"}}},
	{"connection-specific fields of HTTP/1.1", .h1 = true,
	 .fields = {{"connection", "upgrade"},
		    {"upgrade", "x"},
		    {"te", "gzip"}}},
	{"CR LF in HTTP/1.1", BAD, .h1 = true,
	 .fields = {{"connection", "a\r\n"}}},

	{"length", .body = true, .fields = {{"content-length", "5"}}},
	{"length 0", .fields = {{"content-length", "0"}}},
	{"largest length", .body = true,
	 .fields = {{"content-length", "9223372036854775807"}}},
	{"length without a body", BAD, .fields = {{"content-length", "5"}}},
	{"two lengths", BAD, .body = true,
	 .fields = {{"content-length", "5"}, {"content-length", "6"}}},
	{"the same length twice", BAD, .body = true,
	 .fields = {{"content-length", "5"}, {"content-length", "5"}}},
	{"list of lengths", BAD, .body = true,
	 .fields = {{"content-length", "5, 5"}}},
	{"signed length", BAD, .body = true,
	 .fields = {{"content-length", "+5"}}},
	{"negative length", BAD, .body = true,
	 .fields = {{"content-length", "-5"}}},
	{"empty length", BAD, .body = true, .fields = {{"content-length", ""}}},
	{"hexadecimal length", BAD, .body = true,
	 .fields = {{"content-length", "0x5"}}},
	{"length with a blank", BAD, .body = true,
	 .fields = {{"content-length", "5 "}}},
	{"length with a decimal point", BAD, .body = true,
	 .fields = {{"content-length", "5.0"}}},
	{"length over 63 bits", BAD, .body = true,
	 .fields = {{"content-length", "9223372036854775808"}}},
	{"length over 64 bits", BAD, .body = true,
	 .fields = {{"content-length", "18446744073709551621"}}},

	{"cookie crumbs", .fields = {{"cookie", "a=1"}, {"cookie", "b=2"}}},
};

static struct field make_field(const char *name, const char *value)
{
	return (struct field){name, strlen(name), value, strlen(value)};
}

static struct field make_value(const char *value, const char *fallback)
{
	const char *text = value ? value : fallback;

	if (!strcmp(text, "-"))
		return (struct field){0};
	return (struct field){.value = text, .value_size = strlen(text)};
}

Test(message, rows)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct row *row = &rows[i];
		struct field fields[FIELDS_MAX];
		struct message message;
		struct exchange_request from = {
			.method = make_value(row->method, "GET"),
			.scheme = make_value(row->scheme, "https"),
			.authority = make_value(row->authority, "a.example"),
			.path = make_value(row->path, "/p"),
			.fields = fields,
			.end = !row->body,
			.protocol = row->h1 ? QS_PROTOCOL_h1 : QS_PROTOCOL_h3,
		};

		while (from.field_count < FIELDS_MAX &&
		       row->fields[from.field_count].name) {
			const struct test_field *field =
				&row->fields[from.field_count];

			fields[from.field_count++] =
				make_field(field->name, field->value);
		}
		cr_expect_eq(message_check(&message, &from),
			     row->malformed ? -EPROTO : 0, "%s", row->name);
	}
}

Test(message, nul_octets_are_malformed)
{
	struct field value = {"x", 1, "a\0b", 3};
	struct field name = {"x\0y", 3, "a", 1};
	struct exchange_request from = {
		.method = make_value("GET", NULL),
		.scheme = make_value("https", NULL),
		.authority = make_value("a", NULL),
		.path = make_value("/", NULL),
		.fields = &value,
		.field_count = 1,
		.end = true,
		.protocol = QS_PROTOCOL_h3,
	};
	struct message message;

	cr_expect_eq(message_check(&message, &from), -EPROTO);
	from.fields = &name;
	cr_expect_eq(message_check(&message, &from), -EPROTO);
	from.field_count = 0;
	cr_expect_eq(message_check(&message, &from), 0);
	from.path = (struct field){.value = "/\0", .value_size = 2};
	cr_expect_eq(message_check(&message, &from), -EPROTO);
	from.path = make_value("/", NULL);
	from.authority = (struct field){.value = "a\0", .value_size = 2};
	cr_expect_eq(message_check(&message, &from), -EPROTO);
	from.authority = make_value("a", NULL);
	from.method = (struct field){.value = "GET\0", .value_size = 4};
	cr_expect_eq(message_check(&message, &from), -EPROTO);
}

static struct message check(const char *method, const char *length)
{
	struct field field = make_field("content-length", length);
	struct exchange_request from = {
		.method = make_value(method, NULL),
		.scheme = make_value("https", NULL),
		.authority = make_value("a:1", NULL),
		.path = make_value("/", NULL),
		.fields = &field,
		.field_count = *length ? 1 : 0,
		.protocol = QS_PROTOCOL_h3,
	};
	struct message message;

	if (!strcmp(method, "CONNECT"))
		from.scheme = from.path = (struct field){0};
	cr_assert_eq(message_check(&message, &from), 0);
	return message;
}

Test(message, tells_what_is_known)
{
	cr_expect(check("HEAD", "").head);
	cr_expect_not(check("GET", "").head);
	cr_expect(check("GET", "").safe && check("GET", "").idempotent);
	cr_expect(check("OPTIONS", "").safe && check("TRACE", "").safe);
	cr_expect(check("PUT", "").idempotent && !check("PUT", "").safe);
	cr_expect_not(check("POST", "").idempotent);
	cr_expect_not(check("get", "").safe, "methods have their case");
	cr_expect(check("CONNECT", "").connect);
	cr_expect_not(check("POST", "").has_length);
	cr_expect(check("POST", "0").has_length);
	cr_expect_eq(check("POST", "0123").length, 123);
}

struct section {
	const char *name;
	bool malformed;
	struct test_field fields[FIELDS_MAX];
	const char *authority; /* that comes of it */
	size_t count;	       /* fields that are left */
};

static const struct section sections[] = {
	{"all",
	 .fields = {{":method", "GET"},
		    {":scheme", "https"},
		    {":authority", "a"},
		    {":path", "/"},
		    {"host", "b"},
		    {"x", "y"}},
	 .authority = "a", .count = 2},
	{"the authority is the host's",
	 .fields = {{":method", "GET"}, {"x", "y"}, {"host", "b"}},
	 .authority = "b", .count = 2},
	{"the first host's",
	 .fields = {{":method", "GET"}, {"host", "b"}, {"host", "c"}},
	 .authority = "b", .count = 2},
	{"an empty authority is one",
	 .fields = {{":authority", ""}, {"host", "b"}}, .authority = "",
	 .count = 1},
	{"nothing", .count = 0},
	{"twice", BAD, .fields = {{":path", "/"}, {":path", "/"}}},
	{"twice, empty first", BAD, .fields = {{":path", ""}, {":path", "/"}}},
	{"late", BAD, .fields = {{":path", "/"}, {"x", "y"}, {":method", "G"}}},
	{"late and last of all", BAD,
	 .fields = {{"x", "y"}, {"z", "y"}, {":scheme", "https"}}},
	{"unknown", BAD, .fields = {{":path", "/"}, {":x", "/"}}},
	{"of a response", BAD, .fields = {{":status", "200"}}},
	{"of extended CONNECT, twice", BAD,
	 .fields = {{":protocol", "websocket"}, {":protocol", "websocket"}}},
	{"upper case", BAD, .fields = {{":Path", "/"}}},
	{"just a colon", BAD, .fields = {{":", "/"}}},
};

Test(message, splits_sections)
{
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++) {
		const struct section *row = &sections[i];
		struct exchange_request request = {0};
		struct field fields[FIELDS_MAX];
		size_t count = 0;

		while (count < FIELDS_MAX && row->fields[count].name) {
			fields[count] = make_field(row->fields[count].name,
						   row->fields[count].value);
			count++;
		}
		cr_expect_eq(message_split(&request, fields, count),
			     row->malformed ? -EPROTO : 0, "%s", row->name);
		if (row->malformed)
			continue;
		cr_expect_eq(request.field_count, row->count, "%s", row->name);
		cr_expect_eq(!request.authority.value, !row->authority, "%s",
			     row->name);
		if (row->authority)
			cr_expect_arr_eq(request.authority.value,
					 row->authority, strlen(row->authority),
					 "%s", row->name);
	}
}

Test(message, checks_trailers)
{
	static const struct test_field good[] = {
		{"x-sum", "12"}, {"expires", "never"}, {"cookie", "a"}};
	static const struct test_field bad[] = {
		{"content-length", "5"},
		{"transfer-encoding", "chunked"},
		{"host", "a"},
		{"connection", "close"},
		{"te", "trailers"},
		{":path", "/"},
		{":status", "200"},
		{"", "a"},
		{"X-Sum", "a"},
		{"x sum", "a"},
		{"x", "a\r\nb: c"},
		{"x", "a\nb"},
		{"x", " a"},
	};
	struct field field;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		field = make_field(good[i].name, good[i].value);
		cr_expect_eq(message_check_trailers(&field, 1), 0, "%s",
			     good[i].name);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		field = make_field(bad[i].name, bad[i].value);
		cr_expect_eq(message_check_trailers(&field, 1), -EPROTO, "%s",
			     bad[i].name);
	}
	cr_expect_eq(message_check_trailers(NULL, 0), 0);
}
