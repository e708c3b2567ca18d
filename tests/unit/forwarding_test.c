/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/forwarding.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "terminator/request_id.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum { FIELDS_MAX = 4 };

struct row {
	const char *name;
	const char *peer;
	const char *authority;
	enum qs_protocol protocol;
	struct forwarding how;
	const char *fields[2 * FIELDS_MAX];
	const char *text;
};

#define V4 .peer = "192.0.2.9", .authority = "a.example"

static const struct row rows[] = {
	{"HTTP/3, nothing else",
	 V4,
	 QS_PROTOCOL_h3,
	 {.via = "p"},
	 .text = "via: 3.0 p\r\nx-forwarded-for: 192.0.2.9\r\n"
		 "x-forwarded-proto: https\r\nx-forwarded-host: a.example\r\n"},
	{"HTTP/2, Forwarded with IPv6 and port",
	 .peer = "2001:db8::7",
	 .authority = "a.example:8443",
	 QS_PROTOCOL_h2,
	 {.via = "p", .standard = true},
	 .text = "via: 2.0 p\r\nx-forwarded-for: 2001:db8::7\r\n"
		 "x-forwarded-proto: https\r\n"
		 "x-forwarded-host: a.example:8443\r\n"
		 "forwarded: for=\"[2001:db8::7]\";host=\"a.example:8443\";"
		 "proto=https\r\n"},
	{"HTTP/1.1, a liar",
	 V4,
	 QS_PROTOCOL_h1,
	 {.via = "p", .standard = true, .id_name = "x-id", .id = "7"},
	 {"x-forwarded-for", "6.6.6.6", "forwarded", "for=6.6.6.6", "x-id", "8",
	  "x-forwarded-proto", "http"},
	 .text = "via: 1.1 p\r\nx-forwarded-for: 192.0.2.9\r\n"
		 "x-forwarded-proto: https\r\nx-forwarded-host: a.example\r\n"
		 "forwarded: for=192.0.2.9;host=a.example;proto=https\r\n"
		 "x-id: 7\r\n"},
	{"a trusted proxy",
	 V4,
	 QS_PROTOCOL_h3,
	 {.via = "p", .standard = true, .trusted = true},
	 {"x-forwarded-for", "10.0.0.1, 10.0.0.2", "x-forwarded-for",
	  "10.0.0.3", "forwarded", "for=10.0.0.1", "x-forwarded-proto", "http"},
	 .text = "via: 3.0 p\r\n"
		 "x-forwarded-for: 10.0.0.1, 10.0.0.2, 10.0.0.3, 192.0.2.9\r\n"
		 "x-forwarded-proto: http\r\nx-forwarded-host: a.example\r\n"
		 "forwarded: for=10.0.0.1, "
		 "for=192.0.2.9;host=a.example;proto=https\r\n"},
	{"a trusted proxy that says nothing",
	 V4,
	 QS_PROTOCOL_h3,
	 {.via = "p", .standard = true, .trusted = true},
	 {"x-forwarded-for", ""},
	 .text = "via: 3.0 p\r\nx-forwarded-for: 192.0.2.9\r\n"
		 "x-forwarded-proto: https\r\nx-forwarded-host: a.example\r\n"
		 "forwarded: for=192.0.2.9;host=a.example;proto=https\r\n"},
};

static struct field make_field(const char *name, const char *value)
{
	return (struct field){name, strlen(name), value, strlen(value)};
}

static void fill(struct exchange_request *request, struct field *list,
		 const char *const *fields)
{
	for (size_t i = 0; i < FIELDS_MAX && fields[2 * i]; i++)
		list[request->field_count++] =
			make_field(fields[2 * i], fields[2 * i + 1]);
	request->fields = list;
}

Test(forwarding, rows)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct field list[FIELDS_MAX];
		struct exchange_request request = {
			.scheme = make_field("", "https"),
			.authority = make_field("", row->authority),
			.peer_address = row->peer,
			.protocol = row->protocol,
		};
		struct text text = {0};

		fill(&request, list, row->fields);
		forwarding_write(&text, &request, &row->how);
		cr_expect(text.size == strlen(row->text) &&
				  !memcmp(text.data, row->text, text.size),
			  "%s:\n%.*s", row->name, (int)text.size, text.data);
		text_free(&text);
	}
}

Test(forwarding, what_is_replaced)
{
	static const struct {
		const char *name;
		bool stranger, trusted, trusted_standard;
	} fields[] = {
		{"forwarded", true, false, true},
		{"x-forwarded-for", true, true, true},
		{"x-forwarded-host", true, true, true},
		{"x-id", true, true, true},
		{"via", false, false, false},
		{"x-forwarded-port", false, false, false},
	};
	struct forwarding how = {.id_name = "x-id"};

	for (size_t i = 0; i < COUNT(fields); i++) {
		struct field field = make_field(fields[i].name, "");

		how.trusted = how.standard = false;
		cr_expect_eq(forwarding_replaces(&how, &field),
			     fields[i].stranger, "%s", fields[i].name);
		how.trusted = true;
		cr_expect_eq(forwarding_replaces(&how, &field),
			     fields[i].trusted, "%s", fields[i].name);
		how.standard = true;
		cr_expect_eq(forwarding_replaces(&how, &field),
			     fields[i].trusted_standard, "%s", fields[i].name);
	}
}

Test(forwarding, request_ids_are_made)
{
	uint8_t random[REQUEST_ID_RANDOM];
	char id[REQUEST_ID_SIZE];

	memset(random, 0xff, sizeof(random));
	random[0] = 0x01;
	request_id_make(id, random);
	cr_expect_str_eq(id, "01ffffff-ffff-4fff-bfff-ffffffffffff");
}

Test(forwarding, request_ids_are_taken)
{
	static const char most[] = "0123456789abcdef0123456789abcdef"
				   "0123456789abcdef0123456789abcde";
	static const char over[] = "0123456789abcdef0123456789abcdef"
				   "0123456789abcdef0123456789abcdef";
	static const struct {
		const char *fields[2 * FIELDS_MAX];
		const char *id; /* NULL: not taken */
	} taken[] = {
		{{"x-id", "a-B_1.:+/=@"}, "a-B_1.:+/=@"},
		{{"x-id", " a\t"}, "a"},
		{{"x-id", most}, most},
		{{"x-id", over}, NULL},
		{{"x-id", ""}, NULL},
		{{"x-id", "a b"}, NULL},
		{{"x-id", "a\"b"}, NULL},
		{{"x-id", "\303\244"}, NULL},
		{{"x-id", "a", "x-id", "a"}, NULL},
		{{"x-other", "a"}, NULL},
	};

	for (size_t i = 0; i < COUNT(taken); i++) {
		struct exchange_request request = {0};
		struct field list[FIELDS_MAX];
		char id[REQUEST_ID_SIZE];

		fill(&request, list, taken[i].fields);
		cr_expect_eq(request_id_take(id, &request, "x-id"),
			     taken[i].id != NULL, "%zu", i);
		if (taken[i].id)
			cr_expect_str_eq(id, taken[i].id);
	}
}
