/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small values from and to text: what options and lbctl's arguments hold.
 * Pure. All functions refuse trailing characters and leave their results
 * alone when they fail.
 */
#ifndef QS_LOADER_LIB_PARSE_H
#define QS_LOADER_LIB_PARSE_H

#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "[" + longest IPv6 text + "]:65535" + NUL */
enum { QS_ENDPOINT_TEXT = 64 };

/* "4294967295ms" + NUL */
enum { QS_DURATION_TEXT = 16 };

/*
 * qs_parse_number: decimal digits, 0 to `max`. Returns 0, -EINVAL (not a
 * number) or -ERANGE (over max).
 */
int qs_parse_number(const char *text, uint32_t max, uint32_t *ret_value);

/*
 * qs_parse_hex_digit: the value of one hex digit of either case, -1 when `c` is
 * none.
 */
int qs_parse_hex_digit(char c);

/*
 * qs_parse_hex: an even count of hex digits, 1 to `size` octets. Returns 0
 * with the number of octets in *ret_length, -EINVAL (not hex, odd or empty) or
 * -ERANGE (over `size` octets).
 */
int qs_parse_hex(const char *text, uint8_t *ret_octets, size_t size,
		 size_t *ret_length);

/*
 * qs_format_hex: lowercase digits and a NUL into `text`, which holds at least
 * 2 * length + 1 characters. Returns `text`.
 */
char *qs_format_hex(char *text, const uint8_t *octets, size_t length);

/*
 * qs_parse_endpoint: "192.0.2.1:443" or "[2001:db8::1]:443". No names, no port
 * 0. Returns 0 with the address in network order (IPv4 mapped into IPv6) and
 * the port in host order, or -EINVAL.
 */
int qs_parse_endpoint(const char *text, struct qs_vip_key *ret_endpoint);

/* qs_endpoint_is_v4: whether the address is an IPv4 one (mapped). */
bool qs_endpoint_is_v4(const struct qs_vip_key *endpoint);

/* qs_endpoint_is_any: whether the address is 0.0.0.0 or ::. */
bool qs_endpoint_is_any(const struct qs_vip_key *endpoint);

/* qs_count_ports: how many different ports these have. */
size_t qs_count_ports(const struct qs_vip_key *endpoints, size_t count);

/* qs_format_endpoint: the reverse of qs_parse_endpoint. Returns `text`. */
char *qs_format_endpoint(char text[static QS_ENDPOINT_TEXT],
			 const struct qs_vip_key *endpoint);

/* longest IPv6 text + "/128" + NUL */
enum { QS_PREFIX_TEXT = 56 };

/*
 * qs_parse_prefix: "192.0.2.0/24", "2001:db8::/32"; an address alone is all of
 * its bits. Returns 0 with the bits counted of 128 also for IPv4, -EINVAL (not
 * of that form) or -EDOM (bits behind the prefix are not 0).
 */
int qs_parse_prefix(const char *text, struct qs_prefix_key *ret_prefix);

/* qs_prefixes_contain: whether one of them contains the address (16 octets,
 * IPv4 mapped). */
bool qs_prefixes_contain(const struct qs_prefix_key *prefixes, size_t count,
			 const uint8_t *address);

/* qs_format_prefix: the reverse, always with the bits. Returns `text`. */
char *qs_format_prefix(char text[static QS_PREFIX_TEXT],
		       const struct qs_prefix_key *prefix);

/*
 * qs_parse_duration: digits and a unit: "250ms", "5s", "1m", "2h". Returns 0
 * with milliseconds in *ret_ms, -EINVAL (not of that form, or a number without
 * a unit) or -ERANGE (over UINT32_MAX milliseconds).
 */
int qs_parse_duration(const char *text, uint32_t *ret_ms);

/*
 * qs_format_duration: the reverse, in the largest unit that is exact. Returns
 * `text`.
 */
char *qs_format_duration(char text[static QS_DURATION_TEXT], uint32_t ms);

/*
 * qs_parse_share: "50%", "50 %" or "12.5%". Returns 0 with the share in a
 * thousand in *ret_per_mille, -EINVAL (not of that form) or -ERANGE (over
 * QS_SHARE_MOST).
 */
enum { QS_SHARE_MOST = 10000 };

int qs_parse_share(const char *text, uint32_t *ret_per_mille);

/* Where a backend is. */
struct qs_url {
	char host[254];		   /* a numeric address, without brackets, or a
				      host name */
	bool is_address;	   /* host is numeric */
	struct qs_vip_key address; /* its port is set in both cases */
	bool is_tls;
};

/*
 * qs_parse_url: "http://HOST[:PORT]" or "https://..." with HOST an IPv4
 * address, an IPv6 address in brackets or a host name; a final "/" is allowed.
 * The port is 80 or 443 where none is given. Returns 0 or -EINVAL.
 */
int qs_parse_url(const char *text, struct qs_url *ret_url);

/*
 * qs_name_is_valid: whether the QS_NAME_SIZE octets at `name` hold a
 * terminator's name: 1 to QS_NAME_SIZE - 1 of [a-z0-9-] and a NUL.
 */
bool qs_name_is_valid(const char *name);

#endif
