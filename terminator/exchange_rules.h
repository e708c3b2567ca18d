/* SPDX-License-Identifier: GPL-2.0-only */
/* The header rules of an exchange's route at work. */
#ifndef TERMINATOR_EXCHANGE_RULES_H
#define TERMINATOR_EXCHANGE_RULES_H

#include "terminator/exchange_private.h"
#include "terminator/field_view.h"

/* The rules' fields for the response of one request. */
struct response_values {
	struct field_list list;
};

/* exchange_rules_begin has the route's handler begin, with the request as the
 * rules change it, and keeps what they put into the response. Returns what
 * begin returns, or -ENOMEM. */
int exchange_rules_begin(struct exchange *exchange,
			 const struct exchange_request *request);

/* exchange_rules_response changes the response's header section. */
void exchange_rules_response(const struct exchange *exchange,
			     struct field_view *view);

/* exchange_rules_free frees what was kept. */
void exchange_rules_free(struct exchange *exchange);

#endif
