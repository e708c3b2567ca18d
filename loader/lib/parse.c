/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const uint8_t v4_mapped[12] = {[10] = 0xff, [11] = 0xff};

int qs_parse_number(const char *text, uint32_t max, uint32_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return -EINVAL;
	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9')
			return -EINVAL;
		if (value <= max)
			value = value * 10 + (*c - '0');
	}
	if (value > max)
		return -ERANGE;
	*ret_value = value;
	return 0;
}

int qs_parse_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int qs_parse_hex(const char *text, uint8_t *ret_octets, size_t size,
		 size_t *ret_length)
{
	size_t digits = strlen(text);

	if (!digits || digits % 2)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		if (qs_parse_hex_digit(text[i]) < 0)
			return -EINVAL;
	}
	if (digits / 2 > size)
		return -ERANGE;
	for (size_t i = 0; i < digits / 2; i++)
		ret_octets[i] = qs_parse_hex_digit(text[2 * i]) << 4 |
				qs_parse_hex_digit(text[2 * i + 1]);
	*ret_length = digits / 2;
	return 0;
}

char *qs_format_hex(char *text, const uint8_t *octets, size_t length)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < length; i++) {
		text[2 * i] = digits[octets[i] >> 4];
		text[2 * i + 1] = digits[octets[i] & 15];
	}
	text[2 * length] = '\0';
	return text;
}

/* Splits "host:port" or "[host]:port"; `host` holds size characters. */
static int split_endpoint(const char *text, char *host, size_t size,
			  const char **ret_port, int *ret_family)
{
	const char *end;

	if (*text == '[') {
		end = strstr(++text, "]:");
		*ret_family = AF_INET6;
		*ret_port = end ? end + 2 : NULL;
	} else {
		end = strchr(text, ':');
		*ret_family = AF_INET;
		*ret_port = end ? end + 1 : NULL;
	}
	if (!end || (size_t)(end - text) >= size)
		return -EINVAL;
	memcpy(host, text, end - text);
	host[end - text] = '\0';
	return 0;
}

int qs_parse_endpoint(const char *text, struct qs_vip_key *ret_endpoint)
{
	struct qs_vip_key endpoint = {};
	char host[INET6_ADDRSTRLEN];
	const char *port_text;
	uint32_t port;
	int family;

	if (split_endpoint(text, host, sizeof(host), &port_text, &family))
		return -EINVAL;
	if (qs_parse_number(port_text, UINT16_MAX, &port) || !port)
		return -EINVAL;
	if (family == AF_INET)
		memcpy(endpoint.address, v4_mapped, sizeof(v4_mapped));
	if (inet_pton(family, host,
		      endpoint.address + (family == AF_INET ? 12 : 0)) != 1)
		return -EINVAL;
	endpoint.port = port;
	*ret_endpoint = endpoint;
	return 0;
}

bool qs_endpoint_is_v4(const struct qs_vip_key *endpoint)
{
	return !memcmp(endpoint->address, v4_mapped, sizeof(v4_mapped));
}

bool qs_endpoint_is_any(const struct qs_vip_key *endpoint)
{
	static const uint8_t zeros[16];
	size_t skip = qs_endpoint_is_v4(endpoint) ? sizeof(v4_mapped) : 0;

	return !memcmp(endpoint->address + skip, zeros, 16 - skip);
}

size_t qs_count_ports(const struct qs_vip_key *endpoints, size_t count)
{
	size_t ports = 0;

	for (size_t i = 0; i < count; i++) {
		size_t j = 0;

		while (endpoints[j].port != endpoints[i].port)
			j++;
		ports += j == i; /* the first of its port */
	}
	return ports;
}

char *qs_format_endpoint(char text[static QS_ENDPOINT_TEXT],
			 const struct qs_vip_key *endpoint)
{
	char host[INET6_ADDRSTRLEN];

	if (qs_endpoint_is_v4(endpoint)) {
		inet_ntop(AF_INET, endpoint->address + sizeof(v4_mapped), host,
			  sizeof(host));
		snprintf(text, QS_ENDPOINT_TEXT, "%s:%u", host, endpoint->port);
	} else {
		inet_ntop(AF_INET6, endpoint->address, host, sizeof(host));
		snprintf(text, QS_ENDPOINT_TEXT, "[%s]:%u", host,
			 endpoint->port);
	}
	return text;
}

/* Whether nothing but zeros follows the first `length` bits. */
static bool has_zeros_behind(const uint8_t *address, uint32_t length)
{
	for (uint32_t bit = length; bit < 128; bit++) {
		if (address[bit / 8] & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

int qs_parse_prefix(const char *text, struct qs_prefix_key *ret_prefix)
{
	const char *slash = strchr(text, '/');
	size_t length = slash ? (size_t)(slash - text) : strlen(text);
	struct qs_prefix_key prefix = {};
	char host[INET6_ADDRSTRLEN];
	uint32_t bits, first = 0;
	int family = AF_INET6;

	if (length >= sizeof(host))
		return -EINVAL;
	memcpy(host, text, length);
	host[length] = '\0';
	if (!strchr(host, ':')) {
		family = AF_INET;
		first = 8 * sizeof(v4_mapped);
		memcpy(prefix.address, v4_mapped, sizeof(v4_mapped));
	}
	bits = 128 - first;
	if (inet_pton(family, host, prefix.address + first / 8) != 1 ||
	    (slash && qs_parse_number(slash + 1, bits, &bits)))
		return -EINVAL;
	prefix.length = first + bits;
	if (!has_zeros_behind(prefix.address, prefix.length))
		return -EDOM;
	*ret_prefix = prefix;
	return 0;
}

static bool contains(const struct qs_prefix_key *prefix, const uint8_t *address)
{
	unsigned octets = prefix->length / 8, bits = prefix->length % 8;
	uint8_t mask = 0xff00 >> bits;

	return !memcmp(prefix->address, address, octets) &&
	       (!bits || !((prefix->address[octets] ^ address[octets]) & mask));
}

bool qs_prefixes_contain(const struct qs_prefix_key *prefixes, size_t count,
			 const uint8_t *address)
{
	for (size_t i = 0; i < count; i++)
		if (contains(&prefixes[i], address))
			return true;
	return false;
}

char *qs_format_prefix(char text[static QS_PREFIX_TEXT],
		       const struct qs_prefix_key *prefix)
{
	bool is_v4 = prefix->length >= 8 * sizeof(v4_mapped) &&
		     !memcmp(prefix->address, v4_mapped, sizeof(v4_mapped));
	uint32_t first = is_v4 ? sizeof(v4_mapped) : 0;
	char host[INET6_ADDRSTRLEN];

	inet_ntop(is_v4 ? AF_INET : AF_INET6, prefix->address + first, host,
		  sizeof(host));
	snprintf(text, QS_PREFIX_TEXT, "%s/%u", host,
		 prefix->length - 8 * first);
	return text;
}

static const struct unit {
	char text[3];
	uint32_t ms;
} units[] = {{"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};

int qs_parse_duration(const char *text, uint32_t *ret_ms)
{
	size_t digits = strspn(text, "0123456789");
	const struct unit *unit = units, *end = unit + 4;
	uint64_t value = 0;

	while (unit < end && strcmp(text + digits, unit->text))
		unit++;
	if (!digits || unit == end)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		value = value * 10 + (text[i] - '0');
		if (value * unit->ms > UINT32_MAX)
			return -ERANGE;
	}
	*ret_ms = value * unit->ms;
	return 0;
}

char *qs_format_duration(char text[static QS_DURATION_TEXT], uint32_t ms)
{
	const struct unit *unit = units;

	while (!ms ? unit->ms != 1000 : ms % unit->ms)
		unit++;
	snprintf(text, QS_DURATION_TEXT, "%u%s", ms / unit->ms, unit->text);
	return text;
}

int qs_parse_share(const char *text, uint32_t *ret_per_mille)
{
	size_t digits = strspn(text, "0123456789");
	const char *rest = text + digits;
	uint32_t tenths = 0, whole = 0;

	if (!digits)
		return -EINVAL;
	if (*rest == '.') {
		if (rest[1] < '0' || rest[1] > '9')
			return -EINVAL;
		tenths = rest[1] - '0';
		rest += 2;
	}
	rest += strspn(rest, " ");
	if (strcmp(rest, "%"))
		return -EINVAL;
	for (size_t i = 0; i < digits; i++) {
		whole = whole * 10 + (text[i] - '0');
		if (whole * 10 + tenths > QS_SHARE_MOST)
			return -ERANGE;
	}
	*ret_per_mille = whole * 10 + tenths;
	return 0;
}

/* Whether it is one as a resolver may know it; not one that only looks like an
 * IPv4 address. */
static bool is_host_name(const char *host)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"-_.";

	return *host && *host != '.' && *host != '-' && !strstr(host, "..") &&
	       host[strspn(host, letters)] == '\0' &&
	       host[strspn(host, "0123456789.")] != '\0';
}

int qs_parse_url(const char *text, struct qs_url *ret_url)
{
	static const char *const schemes[] = {"http://", "https://"};
	struct qs_url url = {.is_tls = !strncmp(text, "https:", 6)};
	const char *scheme = schemes[url.is_tls];
	char endpoint[sizeof(url.host) + QS_ENDPOINT_TEXT];
	const char *port;
	uint32_t number;
	size_t length;
	int family;

	if (strncmp(text, scheme, strlen(scheme)))
		return -EINVAL;
	text += strlen(scheme);
	length = strcspn(text, "/");
	if (length >= sizeof(url.host) || (text[length] && text[length + 1]))
		return -EINVAL;
	port = memchr(text, ']', length);
	port = memchr(port ? port : text, ':',
		      port ? text + length - port : (ptrdiff_t)length);
	snprintf(endpoint, sizeof(endpoint), "%.*s%s", (int)length, text,
		 port	      ? ""
		 : url.is_tls ? ":443"
			      : ":80");
	if (split_endpoint(endpoint, url.host, sizeof(url.host), &port,
			   &family) ||
	    qs_parse_number(port, UINT16_MAX, &number) || !number)
		return -EINVAL;
	url.is_address = !qs_parse_endpoint(endpoint, &url.address);
	if (!url.is_address && (family == AF_INET6 || !is_host_name(url.host)))
		return -EINVAL;
	url.address.port = number;
	*ret_url = url;
	return 0;
}

bool qs_name_is_valid(const char *name)
{
	size_t length = strnlen(name, QS_NAME_SIZE);

	if (!length || length == QS_NAME_SIZE)
		return false;
	return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}
