/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a backend is told of the way that a request came: Via (RFC 9110, 7.6.3),
 * X-Forwarded-For, -Proto and -Host, Forwarded (RFC 7239), the request's ID.
 * What a client says of these is replaced, but for Via; what a trusted proxy
 * says is kept, and added to. Pure.
 */
#ifndef TERMINATOR_FORWARDING_H
#define TERMINATOR_FORWARDING_H

#include <stdbool.h>
#include <stddef.h>

#include "terminator/exchange.h"
#include "terminator/text.h"

struct forwarding {
	const char *via; /* our pseudonym */
	bool trusted;	 /* what the peer says of others is true */
	bool standard;	 /* Forwarded, too */
	/* Name in lower case and value of the field with the ID; NULL: none. */
	const char *id_name;
	const char *id;
};

/* forwarding_replaces tells whether a field of the request is not to be passed
 * on, since forwarding_write writes it, or nobody may. */
bool forwarding_replaces(const struct forwarding *forwarding,
			 const struct field *field);

/* forwarding_write writes the fields as HTTP/1.1 has them. */
void forwarding_write(struct text *text, const struct exchange_request *from,
		      const struct forwarding *forwarding);

#endif
