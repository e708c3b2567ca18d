/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/files_path.h"

#include <errno.h>
#include <string.h>

#include "loader/lib/parse.h"

/* One octet of a name. */
static int decode(const char **at, const char *end, char *ret_octet)
{
	int high, low;

	if (**at != '%') {
		*ret_octet = *(*at)++;
		return *ret_octet ? 0 : -EINVAL;
	}
	if (end - *at < 3)
		return -EINVAL;
	high = qs_parse_hex_digit((*at)[1]);
	low = qs_parse_hex_digit((*at)[2]);
	if (high < 0 || low < 0 || (!high && !low))
		return -EINVAL;
	*ret_octet = (char)(high << 4 | low);
	*at += 3;
	return *ret_octet == '/' ? -ENOENT : 0;
}

static bool is_served(const char *name, size_t size, bool hidden)
{
	static const char well_known[] = ".well-known";

	if (!size || name[0] != '.')
		return size;
	if (size == sizeof(well_known) - 1 && !memcmp(name, well_known, size))
		return true;
	/* Neither "." nor "..", whatever is allowed. */
	return hidden && size > 1 && !(size == 2 && name[1] == '.');
}

/* A name up to a slash or the end. */
static int read_name(const char **at, const char *end, char *name, size_t room,
		     bool hidden, size_t *ret_size)
{
	size_t size = 0;

	while (*at < end && **at != '/') {
		int result = decode(at, end, &name[size]);

		if (result)
			return result;
		if (++size == room)
			return -ENAMETOOLONG;
	}
	*ret_size = size;
	return is_served(name, size, hidden) ? 0 : -ENOENT;
}

int files_path_read(struct files_path *path, const char *rest, size_t size,
		    bool bare, bool hidden)
{
	const char *at = rest, *end = rest + size;
	size_t used = 0;

	path->is_directory = !bare;
	while (at < end) {
		size_t name_size;
		int result = read_name(&at, end, path->name + used,
				       sizeof(path->name) - used - 1, hidden,
				       &name_size);

		if (result)
			return result;
		used += name_size;
		path->is_directory = at < end;
		if (at < end) {
			at++;
			path->name[used++] = '/';
		}
	}
	if (used && path->is_directory)
		used--;
	if (!used)
		path->name[used++] = '.';
	path->name[used] = '\0';
	return 0;
}
