/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/byte_ranges.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "terminator/fields.h"

/* A position; those beyond 63 bits are as far away as any. */
static const char *read_number(const char *at, const char *end,
			       uint64_t *ret_number)
{
	uint64_t number = 0;

	if (at == end || *at < '0' || *at > '9')
		return NULL;
	for (; at < end && *at >= '0' && *at <= '9'; at++) {
		unsigned digit = *at - '0';

		number = number > ((uint64_t)INT64_MAX - digit) / 10
				 ? (uint64_t)INT64_MAX
				 : number * 10 + digit;
	}
	*ret_number = number;
	return at;
}

/* "-500": the last ones. Returns false if there are none such. */
static bool resolve_suffix(struct byte_range *range, uint64_t count,
			   uint64_t size)
{
	if (!count || !size)
		return false;
	range->first = count < size ? size - count : 0;
	range->last = size - 1;
	return true;
}

struct spec {
	struct byte_range range;
	bool satisfiable;
	bool whole; /* a suffix of what is empty: all of it */
};

/* "0-499", "500-" or "-500". Returns false if it is not of the form. */
static bool read_spec(struct spec *spec, const char *at, const char *end,
		      uint64_t size)
{
	struct byte_range *range = &spec->range;
	uint64_t count;

	if (at < end && *at == '-') {
		at = read_number(at + 1, end, &count);
		if (at != end)
			return false;
		spec->satisfiable = resolve_suffix(range, count, size);
		spec->whole = count && !size;
		return true;
	}
	at = read_number(at, end, &range->first);
	if (!at || at == end || *at++ != '-')
		return false;
	range->last = INT64_MAX;
	if (at < end)
		at = read_number(at, end, &range->last);
	if (at != end || range->first > range->last)
		return false;
	spec->satisfiable = range->first < size;
	if (spec->satisfiable && range->last >= size)
		range->last = size - 1;
	return true;
}

/* The next member of the list, without blanks around. */
static bool next_member(const char **at, const char *end, const char **ret_from,
			const char **ret_to)
{
	const char *comma;

	while (*at < end && (field_blank(**at) || **at == ','))
		++*at;
	if (*at == end)
		return false;
	comma = memchr(*at, ',', end - *at);
	*ret_from = *at;
	*ret_to = comma ? comma : end;
	*at = *ret_to;
	while (*ret_to > *ret_from && field_blank((*ret_to)[-1]))
		--*ret_to;
	return true;
}

enum byte_ranges_result byte_ranges_parse(struct byte_ranges *ranges,
					  const char *value, size_t value_size,
					  uint64_t size)
{
	static const char unit[] = "bytes=";
	const char *end = value + value_size, *at, *from, *to;
	size_t members = 0;
	uint64_t total = 0;

	ranges->count = 0;
	if (value_size < strlen(unit) || strncasecmp(value, unit, strlen(unit)))
		return BYTE_RANGES_NONE;
	at = value + strlen(unit);
	while (next_member(&at, end, &from, &to)) {
		struct spec spec = {0};

		if (++members > BYTE_RANGES_MAX ||
		    !read_spec(&spec, from, to, size) || spec.whole)
			return BYTE_RANGES_NONE;
		if (!spec.satisfiable)
			continue;
		total += spec.range.last - spec.range.first + 1;
		ranges->list[ranges->count++] = spec.range;
	}
	if (!members || total > size)
		return BYTE_RANGES_NONE;
	return ranges->count ? BYTE_RANGES_SOME : BYTE_RANGES_UNSATISFIABLE;
}
