/* SPDX-License-Identifier: GPL-2.0-only */
/* How requests of a configuration are introduced to backends, logs and clients:
 * whose words are believed, the request's ID. */
#ifndef TERMINATOR_INTRODUCTION_H
#define TERMINATOR_INTRODUCTION_H

#include <stdbool.h>
#include <stddef.h>

#include "loader/lib/config.h"
#include "terminator/field_view.h"
#include "terminator/forwarding.h"

/* All zeros: nobody is believed, there are no IDs, no Forwarded. */
struct introduction {
	struct qs_prefix_key *trusted;
	size_t trusted_count;
	bool standard; /* Forwarded, too */
	char *id_name; /* NULL: there are no IDs */
	bool respond;  /* clients are told the ID */
};

struct exchange;

/* introduction_init copies what it needs. Returns 0 or -ENOMEM. */
int introduction_init(struct introduction *introduction,
		      const struct qs_config_terminator *from);

/* introduction_free frees what init made. */
void introduction_free(struct introduction *introduction);

/* introduction_begin judges the peer and gives the exchange, which has a site,
 * its ID. */
void introduction_begin(struct exchange *exchange,
			const struct exchange_request *request);

/* introduction_forwarding gives what the exchange's backend is told, which
 * points to the exchange. */
struct forwarding introduction_forwarding(const struct exchange *exchange);

/* introduction_respond adds the ID to a response if clients are told it; in
 * place of what the backend says of it. */
void introduction_respond(const struct exchange *exchange,
			  struct field_view *view);

#endif
