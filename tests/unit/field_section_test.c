/* SPDX-License-Identifier: GPL-2.0-only */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "terminator/field_section.h"

static int add(struct field_section *fields, const char *name,
	       const char *value, size_t limit)
{
	return field_section_add(fields, (const uint8_t *)name, strlen(name),
				 (const uint8_t *)value, strlen(value), limit);
}

static void expect_value(const struct field *field, const char *value)
{
	cr_expect_eq(field->value_size, strlen(value));
	cr_expect_arr_eq(field->value, value, strlen(value));
}

/* RFC 9114, 4.2.2: name, value and 32 octets count for each field. */
Test(field_section, refuses_what_exceeds_the_limit)
{
	struct field_section fields = {0};

	cr_assert_eq(add(&fields, "ab", "cde", 36), -EMSGSIZE);
	cr_assert_eq(add(&fields, "ab", "cde", 37), 0);
	cr_assert_eq(add(&fields, "", "", 68), -EMSGSIZE);
	cr_assert_eq(add(&fields, "", "", 69), 0);
	cr_assert_eq(fields.count, 2);
	field_section_free(&fields);
}

Test(field_section, takes_pseudo_header_fields_apart)
{
	struct field_section fields = {0};
	struct exchange_request request;

	add(&fields, ":method", "PUT", 4096);
	add(&fields, ":path", "/a?b", 4096);
	add(&fields, ":scheme", "https", 4096);
	add(&fields, ":authority", "example.org", 4096);
	add(&fields, "host", "other.example", 4096);
	add(&fields, "x", "", 4096);
	cr_assert_eq(field_section_request(&fields, &request), 0);
	expect_value(&request.method, "PUT");
	expect_value(&request.path, "/a?b");
	expect_value(&request.scheme, "https");
	expect_value(&request.authority, "example.org");
	cr_assert_eq(request.field_count, 2);
	expect_value(&request.fields[0], "other.example");
	cr_expect_eq(request.fields[1].value_size, 0);
	field_section_free(&fields);
}

/* RFC 9114, 4.3.1: a request without :authority has Host. */
Test(field_section, takes_the_authority_from_host)
{
	struct field_section fields = {0};
	struct exchange_request request;

	add(&fields, ":method", "GET", 4096);
	add(&fields, "host", "example.org", 4096);
	cr_assert_eq(field_section_request(&fields, &request), 0);
	expect_value(&request.authority, "example.org");
	field_section_free(&fields);
}

Test(field_section, keeps_order_and_octets_while_it_grows)
{
	struct field_section fields = {0};
	const struct field *list;
	char text[32];
	size_t count;

	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "value-%d", i);
		cr_assert_eq(add(&fields, "name", text, 1 << 20), 0);
	}
	cr_assert_eq(field_section_list(&fields, &list, &count), 0);
	cr_assert_eq(count, 500);
	for (int i = 0; i < 500; i++) {
		snprintf(text, sizeof(text), "value-%d", i);
		expect_value(&list[i], text);
	}
	field_section_free(&fields);
	cr_assert_eq(field_section_list(&fields, &list, &count), 0);
	cr_assert_eq(count, 0);
	field_section_free(&fields);
}
