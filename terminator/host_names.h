/* SPDX-License-Identifier: GPL-2.0-only */
/* Names of servers as certificates and SNI have them. Pure. */
#ifndef TERMINATOR_HOST_NAMES_H
#define TERMINATOR_HOST_NAMES_H

#include <stdbool.h>
#include <stddef.h>

enum { HOST_NAME_SIZE = 256 }; /* with its NUL */

enum host_match { HOST_DIFFERS, HOST_BY_WILDCARD, HOST_EXACTLY };

/* host_name_match compares a host with a certificate's name: without regard to
 * case; "*.example.com" stands for names with one label more (RFC 6125, 6.4.3)
 * and for no address. */
enum host_match host_name_match(const char *name, const char *host);

/* host_name_of writes the host of an authority: without port, brackets and
 * final dot. Returns false if it is longer than a name can be. */
bool host_name_of(char host[HOST_NAME_SIZE], const char *authority,
		  size_t size);

/* host_name_is_address tells whether the host is an IP address. */
bool host_name_is_address(const char *host);

#endif
