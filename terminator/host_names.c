/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/host_names.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

/* Addresses have more than one form. */
static bool parse(const char *host, struct in6_addr *ret_address)
{
	static const unsigned char v4[] = {0, 0, 0, 0, 0,    0,
					   0, 0, 0, 0, 0xff, 0xff};

	memcpy(ret_address->s6_addr, v4, sizeof(v4));
	return inet_pton(AF_INET, host, ret_address->s6_addr + sizeof(v4)) ==
		       1 ||
	       inet_pton(AF_INET6, host, ret_address) == 1;
}

bool host_name_is_address(const char *host)
{
	struct in6_addr address;

	return parse(host, &address);
}

enum host_match host_name_match(const char *name, const char *host)
{
	struct in6_addr a, b;
	const char *dot;

	if (parse(host, &b))
		return parse(name, &a) && !memcmp(&a, &b, sizeof(a))
			       ? HOST_EXACTLY
			       : HOST_DIFFERS;
	if (!strcasecmp(name, host))
		return HOST_EXACTLY;
	dot = strchr(host, '.');
	return !strncmp(name, "*.", 2) && dot && dot != host &&
			       !strcasecmp(name + 1, dot)
		       ? HOST_BY_WILDCARD
		       : HOST_DIFFERS;
}

bool host_name_of(char host[HOST_NAME_SIZE], const char *authority, size_t size)
{
	const char *end = NULL;

	if (size && *authority == '[') {
		end = memchr(authority, ']', size);
		authority++;
		size--;
	} else {
		end = memchr(authority, ':', size);
	}
	if (end)
		size = (size_t)(end - authority);
	if (size && authority[size - 1] == '.')
		size--;
	if (size >= HOST_NAME_SIZE)
		return false;
	memcpy(host, authority, size);
	host[size] = 0;
	return true;
}
