/* SPDX-License-Identifier: GPL-2.0-only */
/* Any octets become text that a JSON parser takes, and means the same by. */
#include "loader/lib/json_text.h"

#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *write_string(const char *text)
{
	static char line[512];
	size_t size = qs_json_text(line, sizeof(line) - 1, text, strlen(text));

	line[size] = '\0';
	return line;
}

Test(json_text, table)
{
	static const char *const rows[][2] = {
		{"", ""},
		{"plain text ~", "plain text ~"},
		{"a\"b\\c/", "a\\\"b\\\\c/"},
		{"\n\r\t\b\f", "\\n\\r\\t\\b\\f"},
		{"\001\037\177", "\\u0001\\u001f\\u007f"},
		{"h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80",
		 "h\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80"},
		{"\xff\x80x", "\\u00ff\\u0080x"},
		{"\xc3", "\\u00c3"},		/* broken off */
		{"\xc3(", "\\u00c3("},		/* not continued */
		{"\xc0\xaf", "\\u00c0\\u00af"}, /* longer than it must be */
		{"\xed\xa0\x80", "\\u00ed\\u00a0\\u0080"}, /* a surrogate */
		{"\xf4\x90\x80\x80", "\\u00f4\\u0090\\u0080\\u0080"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		cr_expect_str_eq(write_string(rows[i][0]), rows[i][1],
				 "row %zu", i);
}

Test(json_text, cut_behind_whole_characters)
{
	char to[8];

	memset(to, '.', sizeof(to));
	cr_expect_eq(qs_json_text(to, 5, "ab\001c", 4), 2);
	cr_expect_eq(to[2], '.');
	cr_expect_eq(qs_json_text(to, 3, "ab\xc3\xa9", 4), 2);
	cr_expect_eq(qs_json_text(to, 0, "a", 1), 0);
}

/* What an octet string means: UTF-8, else Latin-1 octet by octet. The NUL is
 * an octet as any other. */
Test(json_text, random_octets_are_valid)
{
	char text[64], line[sizeof(text) * QS_JSON_OCTET_MAX + 2];
	unsigned seed = 1;

	for (int round = 0; round < 20000; round++) {
		size_t length = rand_r(&seed) % sizeof(text), size;
		json_error_t error;
		json_t *value;

		for (size_t i = 0; i < length; i++)
			text[i] = (char)(rand_r(&seed) >> 7);
		line[0] = '"';
		size = 1 +
		       qs_json_text(line + 1, sizeof(line) - 2, text, length);
		line[size++] = '"';
		value = json_loadb(line, size,
				   JSON_DECODE_ANY | JSON_ALLOW_NUL |
					   JSON_REJECT_DUPLICATES,
				   &error);
		cr_assert(value, "round %d: %s: %.*s", round, error.text,
			  (int)size, line);
		json_decref(value);
	}
}

Test(json_text, every_octet_alone)
{
	for (int octet = 0; octet < 256; octet++) {
		char text = (char)octet, line[16];
		const unsigned char *string;
		unsigned meant;
		size_t size;
		json_t *value;

		line[0] = '"';
		size = 1 + qs_json_text(line + 1, sizeof(line) - 2, &text, 1);
		line[size++] = '"';
		value = json_loadb(line, size, JSON_DECODE_ANY | JSON_ALLOW_NUL,
				   NULL);
		cr_assert(value, "octet %d", octet);
		string = (const unsigned char *)json_string_value(value);
		meant = octet < 0x80 ? string[0]
				     : (string[0] & 0x1fu) << 6 |
					       (string[1] & 0x3fu);
		cr_expect_eq(meant, (unsigned)octet, "octet %d", octet);
		json_decref(value);
	}
}
