/* SPDX-License-Identifier: GPL-2.0-only */
/* Dates in their three forms. */
#include "terminator/http_date.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { NOW = 1800000000 }; /* in January 2027 */

Test(http_date, writes)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} rows[] = {
		{0, "Thu, 01 Jan 1970 00:00:00 GMT"},
		{784111777, "Sun, 06 Nov 1994 08:49:37 GMT"},
		{951782400, "Tue, 29 Feb 2000 00:00:00 GMT"},
		{253402300799, "Fri, 31 Dec 9999 23:59:59 GMT"},
		{-1, "Wed, 31 Dec 1969 23:59:59 GMT"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		char text[HTTP_DATE_SIZE];
		int64_t seconds = 1;

		cr_expect_str_eq(http_date_write(text, rows[i].seconds),
				 rows[i].text);
		cr_expect_eq(http_date_parse(text, strlen(text), NOW, &seconds),
			     0);
		cr_expect_eq(seconds, rows[i].seconds, "%s", text);
	}
}

Test(http_date, reads)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: it is no date */
	} rows[] = {
		{"Sun, 06 Nov 1994 08:49:37 GMT", 784111777},
		{"Sunday, 06-Nov-94 08:49:37 GMT", 784111777},
		{"Sun Nov  6 08:49:37 1994", 784111777},
		{"Wed Nov 16 08:49:37 1994", 784975777},
		{"Saturday, 01-Jan-00 00:00:00 GMT", 946684800},
		{"Friday, 01-Jan-77 00:00:00 GMT", 3376684800},
		{"Sunday, 01-Jan-78 00:00:00 GMT", 252460800},
		{"Sat, 31 Dec 2016 23:59:60 GMT", 1483228800},
		{"", -1},
		{"Sun", -1},
		{"Sun, 06 Nov 1994 08:49:37", -1},
		{"Sun, 06 Nov 1994 08:49:37 UTC", -1},
		{"Sun, 06 Nov 1994 08:49:37 GMT ", -1},
		{"Sun, 6 Nov 1994 08:49:37 GMT", -1},
		{"Xun, 06 Nov 1994 08:49:37 GMT", -1},
		{"Sun, 06 Nox 1994 08:49:37 GMT", -1},
		{"Sun, 00 Nov 1994 08:49:37 GMT", -1},
		{"Wed, 31 Nov 1994 08:49:37 GMT", -1},
		{"Wed, 29 Feb 1995 08:49:37 GMT", -1},
		{"Sun, 06 Nov 1994 24:00:00 GMT", -1},
		{"Sun, 06 Nov 1994 08:60:00 GMT", -1},
		{"Sun, 06 Nov 1994 08:49:61 GMT", -1},
		{"Sun, 06 Nov 19a4 08:49:37 GMT", -1},
		{"Sumday, 06-Nov-94 08:49:37 GMT", -1},
		{"784111777", -1},
		{"0", -1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int64_t seconds = -1;
		int result = http_date_parse(rows[i].text, strlen(rows[i].text),
					     NOW, &seconds);

		cr_expect_eq(result, rows[i].seconds < 0 ? -EINVAL : 0,
			     "\"%s\" gives %d", rows[i].text, result);
		cr_expect_eq(seconds, rows[i].seconds, "\"%s\" gives %ld",
			     rows[i].text, (long)seconds);
	}
}
