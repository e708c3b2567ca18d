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

/*
 * qs_parse_number: decimal digits, 0 to `max`. Returns 0, -EINVAL (not a
 * number) or -ERANGE (over max).
 */
int qs_parse_number(const char *text, uint32_t max, uint32_t *ret_value);

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

/* qs_format_endpoint: the reverse of qs_parse_endpoint. Returns `text`. */
char *qs_format_endpoint(char text[static QS_ENDPOINT_TEXT],
			 const struct qs_vip_key *endpoint);

/*
 * qs_name_is_valid: whether the QS_NAME_SIZE octets at `name` hold a
 * terminator's name: 1 to QS_NAME_SIZE - 1 of [a-z0-9-] and a NUL.
 */
bool qs_name_is_valid(const char *name);

#endif
