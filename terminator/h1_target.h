/* SPDX-License-Identifier: GPL-2.0-only */
/* The request target of HTTP/1.1 (RFC 9112, 3.2). Pure. */
#ifndef TERMINATOR_H1_TARGET_H
#define TERMINATOR_H1_TARGET_H

#include "terminator/exchange.h"

enum {
	H1_AUTHORITY_MAX = 300, /* "https://" and a name with its port */
	H1_TARGET_MAX = 64 * 1024 + H1_AUTHORITY_MAX, /* over any limit */
};

/* h1_target_split fills in scheme, authority and path of `request`, whose
 * method is set, from the target, which must be in the form that the method
 * wants; `host` is the value of the Host field, taken for the authority where
 * the target has none, and `scheme` the connection's. A path that lacks its "/"
 * is put into `path`, of H1_TARGET_MAX octets. Everything points to what was
 * given. Returns 0 or -EPROTO. What the parts hold is for message_check. */
int h1_target_split(struct exchange_request *request, const char *target,
		    size_t size, const struct field *host, const char *scheme,
		    char *path);

#endif
