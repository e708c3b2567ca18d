/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/h1_target.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

static struct field value(const char *data, size_t size)
{
	return (struct field){.value = data, .value_size = size};
}

/* "http://" or "https://": the length, and the scheme without them. */
static size_t scheme_of(const char *target, size_t size, const char **ret_name)
{
	static const char *const names[] = {"http", "https"};

	for (size_t i = 0; i < 2; i++) {
		size_t length = strlen(names[i]);

		*ret_name = names[i];
		if (size > length + 3 &&
		    !strncasecmp(target, names[i], length) &&
		    !memcmp(target + length, "://", 3))
			return length + 3;
	}
	return 0;
}

static int split_absolute(struct exchange_request *request, const char *target,
			  size_t size, const char *scheme, char *path)
{
	const char *name;
	size_t at = scheme_of(target, size, &name), end;

	/* What was meant for the other scheme is not ours to answer. */
	if (!at || strcmp(name, scheme))
		return -EPROTO;
	for (end = at; end < size; end++)
		if (target[end] == '/' || target[end] == '?')
			break;
	request->authority = value(target + at, end - at);
	if (end < size && target[end] == '/') {
		request->path = value(target + end, size - end);
		return 0;
	}
	if (size - end + 1 > H1_TARGET_MAX)
		return -EPROTO;
	path[0] = '/';
	memcpy(path + 1, target + end, size - end);
	request->path = value(path, size - end + 1);
	/* RFC 9112, 3.2.4: without path and query the whole server is meant. */
	if (end == size && request->method.value_size == 7 &&
	    !memcmp(request->method.value, "OPTIONS", 7))
		request->path = value("*", 1);
	return 0;
}

int h1_target_split(struct exchange_request *request, const char *target,
		    size_t size, const struct field *host, const char *scheme,
		    char *path)
{
	if (!size)
		return -EPROTO;
	if (request->method.value_size == 7 &&
	    !memcmp(request->method.value, "CONNECT", 7)) {
		request->authority = value(target, size);
		return 0;
	}
	request->scheme = value(scheme, strlen(scheme));
	if (target[0] != '/' && target[0] != '*')
		return split_absolute(request, target, size, scheme, path);
	if (host)
		request->authority = value(host->value, host->value_size);
	request->path = value(target, size);
	return 0;
}
