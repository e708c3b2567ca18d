/* SPDX-License-Identifier: GPL-2.0-only */
/* What the fronts over TCP have in common when they write a response. */
#ifndef TERMINATOR_FRONT_H
#define TERMINATOR_FRONT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "terminator/exchange.h"

/* front_has_field tells whether a field of this name is in the list. */
bool front_has_field(const struct field *fields, size_t count,
		     const char *name);

/* front_take_body copies at most `size` octets of the response's body and
 * releases them. Returns how many. */
size_t front_take_body(struct exchange *exchange, uint8_t *data, size_t size);

#endif
