/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/fields.h"

#include <criterion/criterion.h>
#include <ctype.h>

static bool is_token(int octet)
{
	return octet && octet < 0x80 &&
	       (isalnum(octet) || strchr("!#$%&'*+-.^_`|~", octet));
}

static bool is_text(int octet)
{
	return octet == '\t' || (octet >= ' ' && octet != 0x7f);
}

static bool valid(const char *name, size_t name_size, const char *value,
		  size_t value_size)
{
	return field_valid(&(struct field){name, name_size, value, value_size});
}

/* RFC 9110, 5.6.2 and 5.5; RFC 9114, 4.2 */
Test(fields, each_octet)
{
	for (int octet = 0; octet < 256; octet++) {
		char pair[2] = {'a', (char)octet};
		bool name = is_token(octet) && !isupper(octet);

		cr_expect_eq(field_token_valid(pair, 2), is_token(octet),
			     "token: %d", octet);
		cr_expect_eq(field_octet_valid(pair[1]), is_text(octet),
			     "octet: %d", octet);
		cr_expect_eq(valid(pair, 2, "", 0), name, "name: %d", octet);
		cr_expect_eq(valid("a", 1, pair, 2), is_text(octet),
			     "value: %d", octet);
	}
	cr_expect_not(field_token_valid("", 0));
	cr_expect_not(valid("", 0, "a", 1));
}

Test(fields, names_in_full)
{
	struct field te = field_make("te", ""), t = field_make("t", ""),
		     tea = field_make("tea", "");

	cr_expect(field_is_connection_specific(&te));
	cr_expect_not(field_is_connection_specific(&t));
	cr_expect_not(field_is_connection_specific(&tea));
	cr_expect(field_is(&te, "te"));
	cr_expect_not(field_is(&tea, "te"));
}
