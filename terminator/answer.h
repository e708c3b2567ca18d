/* SPDX-License-Identifier: GPL-2.0-only */
/* Routes that answer by themselves: redirects and fixed answers; and what we
 * answer when something fails. */
#ifndef TERMINATOR_ANSWER_H
#define TERMINATOR_ANSWER_H

#include "loader/lib/config.h"
#include "terminator/exchange.h"

struct exchange;
struct exchange_handler;
struct later_work;

/* A route's answer, owned. */
struct answer {
	unsigned status;
	char *text;	    /* body, or the template of Location; may be NULL */
	char *content_type; /* NULL: none */
};

/* Routes whose `answer` is a redirect, or a fixed answer. */
extern const struct exchange_handler redirect_handler;
extern const struct exchange_handler respond_handler;

/* answer_new_redirect and answer_new_respond copy the configuration's. NULL
 * when memory is short. */
struct answer *answer_new_redirect(const struct qs_config_redirect *from);
struct answer *answer_new_respond(const struct qs_config_respond *from);

/* answer_free frees it; NULL is allowed. */
void answer_free(struct answer *answer);

/* answer_failure ends the exchange, which has no head yet, with the error page
 * that its route has for the status, or else with the text. `fields` are put
 * into the header. */
void answer_failure(struct exchange *exchange, unsigned status,
		    const char *text, const struct field *fields, size_t count);

/* answer_refuse_method, for exchange_defer, answers 405: a page of our own
 * takes GET and HEAD. */
void answer_refuse_method(struct later_work *work);

#endif
