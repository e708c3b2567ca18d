/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/http_date.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const char days[] = "SunMonTueWedThuFriSat";
static const char *const long_days[] = {"Sunday",    "Monday",	 "Tuesday",
					"Wednesday", "Thursday", "Friday",
					"Saturday"};
static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

char *http_date_write(char text[static HTTP_DATE_SIZE], int64_t seconds)
{
	time_t time = seconds;
	struct tm tm;

	gmtime_r(&time, &tm);
	snprintf(text, HTTP_DATE_SIZE,
		 "%.3s, %02u %.3s %04u %02u:%02u:%02u GMT",
		 &days[tm.tm_wday * 3], (unsigned)tm.tm_mday % 100,
		 &months[tm.tm_mon * 3], (unsigned)(tm.tm_year + 1900) % 10000,
		 (unsigned)tm.tm_hour % 100, (unsigned)tm.tm_min % 100,
		 (unsigned)tm.tm_sec % 100);
	return text;
}

struct reader {
	const char *at, *end;
	bool failed;
};

static void skip(struct reader *reader, const char *text)
{
	size_t size = strlen(text);

	if ((size_t)(reader->end - reader->at) < size ||
	    memcmp(reader->at, text, size))
		reader->failed = true;
	else
		reader->at += size;
}

static int digits(struct reader *reader, int count)
{
	int number = 0;

	while (count--) {
		if (reader->at == reader->end || *reader->at < '0' ||
		    *reader->at > '9') {
			reader->failed = true;
			return 0;
		}
		number = number * 10 + *reader->at++ - '0';
	}
	return number;
}

/* Three letters out of `names`. */
static int word(struct reader *reader, const char *names)
{
	if (reader->end - reader->at >= 3)
		for (int i = 0; names[i * 3]; i++)
			if (!memcmp(reader->at, &names[i * 3], 3)) {
				reader->at += 3;
				return i;
			}
	reader->failed = true;
	return 0;
}

static void read_time(struct reader *reader, struct tm *tm)
{
	tm->tm_hour = digits(reader, 2);
	skip(reader, ":");
	tm->tm_min = digits(reader, 2);
	skip(reader, ":");
	tm->tm_sec = digits(reader, 2);
}

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
static void read_fixed(struct reader *reader, struct tm *tm)
{
	word(reader, days);
	skip(reader, ", ");
	tm->tm_mday = digits(reader, 2);
	skip(reader, " ");
	tm->tm_mon = word(reader, months);
	skip(reader, " ");
	tm->tm_year = digits(reader, 4) - 1900;
	skip(reader, " ");
	read_time(reader, tm);
	skip(reader, " GMT");
}

/* "Sunday, 06-Nov-94 08:49:37 GMT"; more than 50 years ahead is of the past. */
static void read_rfc850(struct reader *reader, struct tm *tm, int64_t now)
{
	int day = word(reader, days), century, year;
	time_t time = now;
	struct tm today;

	gmtime_r(&time, &today);
	reader->at -= reader->failed ? 0 : 3;
	skip(reader, long_days[day]);
	skip(reader, ", ");
	tm->tm_mday = digits(reader, 2);
	skip(reader, "-");
	tm->tm_mon = word(reader, months);
	skip(reader, "-");
	century = today.tm_year / 100 * 100;
	year = century + digits(reader, 2);
	if (year > today.tm_year + 50)
		year -= 100;
	tm->tm_year = year;
	skip(reader, " ");
	read_time(reader, tm);
	skip(reader, " GMT");
}

/* "Sun Nov  6 08:49:37 1994" */
static void read_asctime(struct reader *reader, struct tm *tm)
{
	word(reader, days);
	skip(reader, " ");
	tm->tm_mon = word(reader, months);
	skip(reader, " ");
	if (reader->at < reader->end && *reader->at == ' ') {
		skip(reader, " ");
		tm->tm_mday = digits(reader, 1);
	} else {
		tm->tm_mday = digits(reader, 2);
	}
	skip(reader, " ");
	read_time(reader, tm);
	skip(reader, " ");
	tm->tm_year = digits(reader, 4) - 1900;
}

int http_date_parse(const char *text, size_t size, int64_t now,
		    int64_t *ret_seconds)
{
	struct reader reader = {text, text + size, false};
	struct tm tm = {0}, copy;
	time_t seconds;

	if (size < 4)
		return -EINVAL;
	if (text[3] == ',')
		read_fixed(&reader, &tm);
	else if (text[3] == ' ')
		read_asctime(&reader, &tm);
	else
		read_rfc850(&reader, &tm, now);
	if (reader.failed || reader.at != reader.end || tm.tm_hour > 23 ||
	    tm.tm_min > 59 || tm.tm_sec > 60)
		return -EINVAL;
	copy = tm;
	seconds = timegm(&copy);
	/* A day that its month does not have moves to another one. */
	if (tm.tm_mday < 1 || (tm.tm_sec < 60 && copy.tm_mon != tm.tm_mon))
		return -EINVAL;
	*ret_seconds = seconds;
	return 0;
}
