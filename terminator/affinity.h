/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How a pool chooses backends, and which one the session of a request is bound
 * to: read when the request comes, counted and told to the client when a
 * backend answers it. For the upstream's own files.
 */
#ifndef TERMINATOR_AFFINITY_H
#define TERMINATOR_AFFINITY_H

#include <stdbool.h>
#include <stdint.h>

#include "loader/lib/config.h"
#include "terminator/affinity_table.h"
#include "terminator/cookie.h"
#include "terminator/exchange.h"
#include "terminator/request_key.h"

struct field_view;

/* A pool's own; all zeros: round robin without affinity. */
struct affinity {
	enum qs_config_balance balance;
	struct request_key hash_key;
	uint32_t hash_bound; /* as balance_pick_hashed takes it */
	enum qs_config_affinity kind;
	struct request_key session_key; /* of client-ip and header */
	struct cookie_attributes cookie;
	struct affinity_table *sessions; /* likewise; NULL: not counted */
};

/* What a request says of where it goes. */
struct binding {
	uint64_t hash;	   /* of hash_key; only if is_hashed */
	uint64_t session;  /* of session_key; only if in_session */
	uint64_t tag;	   /* of the backend that its cookie names; if bound */
	uint64_t identity; /* of the backend that was chosen last */
	bool is_hashed;
	bool in_session;
	bool away; /* the session is not where it would be if all were well */
	bool by_cookie;
	bool bound;
	bool renew; /* its cookie has half its life behind it */
};

/* affinity_configure takes over what the configuration says. */
void affinity_configure(struct affinity *affinity,
			const struct qs_config_pool *pool);

/* affinity_free frees what it holds. */
void affinity_free(struct affinity *affinity);

/* affinity_begin reads the request of an exchange, whose upstream is set, and
 * counts cookies that are not valid. */
void affinity_begin(struct exchange *exchange,
		    const struct exchange_request *request);

/* affinity_respond is to be called with the header section of a final response
 * that the chosen backend gave: counts sessions that are new or moved, and adds
 * a cookie where the client has none for this backend. `text` must stay as long
 * as the view. */
void affinity_respond(struct exchange *exchange, struct field_view *view,
		      char text[COOKIE_SET_SIZE]);

#endif
