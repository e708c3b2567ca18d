/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/affinity.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/lib/clock.h"
#include "loader/lib/log.h"
#include "terminator/affinity_token.h"
#include "terminator/exchange_private.h"
#include "terminator/field_view.h"
#include "terminator/pool.h"

static uint64_t now_s(void)
{
	return clock_ns(CLOCK_REALTIME) / NS_PER_SECOND;
}

/* What is not in the configuration has its default. */
static void set_key(struct request_key *key, const char *text)
{
	if (!text || request_key_parse(key, text) < 0)
		key->kind = REQUEST_KEY_CLIENT_IP;
}

static void set_cookie(struct cookie_attributes *cookie,
		       const struct qs_config_pool *pool)
{
	static const enum cookie_same_site same_sites[] = {
		[QS_SAME_SITE_LAX] = COOKIE_SAME_SITE_LAX,
		[QS_SAME_SITE_STRICT] = COOKIE_SAME_SITE_STRICT,
		[QS_SAME_SITE_NONE] = COOKIE_SAME_SITE_NONE,
	};
	const struct qs_config_affinity_cookie *from = &pool->affinity_cookie;

	if (from->name)
		snprintf(cookie->name, sizeof(cookie->name), "%s", from->name);
	else
		snprintf(cookie->name, sizeof(cookie->name), "quicsteer-%s",
			 pool->name);
	snprintf(cookie->path, sizeof(cookie->path), "%s",
		 from->path ? from->path : "/");
	cookie->max_age_s =
		(uint32_t)(((uint64_t)from->max_age_ms + 999) / 1000);
	cookie->same_site = same_sites[from->same_site];
	cookie->secure = from->secure;
}

static struct request_key session_key(const struct qs_config_pool *pool)
{
	char text[REQUEST_KEY_NAME_SIZE + 8] = "client-ip";
	struct request_key key = {0};

	if (pool->affinity == QS_AFFINITY_HEADER)
		snprintf(text, sizeof(text), "header:%s",
			 pool->affinity_header);
	set_key(&key, text);
	return key;
}

static bool are_equal(const struct request_key *a, const struct request_key *b)
{
	return a->kind == b->kind && !strcmp(a->name, b->name);
}

/* Sessions that are known stay so over a reload, if it changes nothing of what
 * makes them. */
static void set_sessions(struct affinity *affinity,
			 const struct qs_config_pool *pool)
{
	bool wanted = pool->affinity == QS_AFFINITY_CLIENT_IP ||
		      pool->affinity == QS_AFFINITY_HEADER;
	struct request_key key = session_key(pool);

	if (wanted && affinity->sessions &&
	    are_equal(&key, &affinity->session_key))
		return;
	affinity_free(affinity);
	affinity->session_key = key;
	if (!wanted)
		return;
	affinity->sessions = calloc(1, sizeof(*affinity->sessions));
	if (!affinity->sessions)
		log_warn("pool %s: out of memory: its sessions are not counted",
			 pool->name);
}

void affinity_configure(struct affinity *affinity,
			const struct qs_config_pool *pool)
{
	affinity->balance = pool->balance;
	affinity->hash_bound = pool->hash_bound;
	affinity->kind = pool->affinity;
	set_key(&affinity->hash_key, pool->hash_key);
	set_cookie(&affinity->cookie, pool);
	set_sessions(affinity, pool);
}

void affinity_free(struct affinity *affinity)
{
	free(affinity->sessions);
	affinity->sessions = NULL;
}

/* The first cookie that is valid; a browser may have some of other paths. */
static void read_cookies(struct exchange *exchange,
			 const struct exchange_request *request)
{
	const struct upstream *upstream = exchange->upstream;
	uint32_t max_age_s = upstream->affinity.cookie.max_age_s, age_s;
	struct binding *binding = &exchange->binding;
	struct cookie_search search = {0};
	bool invalid = false;
	const char *text;
	size_t size;

	while (cookie_find(&search, request->fields, request->field_count,
			   upstream->affinity.cookie.name, &text, &size)) {
		if (affinity_token_read(&exchange->shared->affinity_keys,
					upstream->name, text, size, now_s(),
					max_age_s, &binding->tag,
					&age_s) == 0) {
			binding->bound = true;
			binding->renew = max_age_s && age_s > max_age_s / 2;
			return;
		}
		invalid = true;
	}
	if (invalid)
		upstream->counts->counters.affinity_invalid++;
}

void affinity_begin(struct exchange *exchange,
		    const struct exchange_request *request)
{
	const struct affinity *affinity = &exchange->upstream->affinity;
	struct binding *binding = &exchange->binding;

	if (affinity->balance == QS_BALANCE_HASH)
		binding->is_hashed = request_key_hash(&affinity->hash_key,
						      request, &binding->hash);
	switch (affinity->kind) {
	case QS_AFFINITY_CLIENT_IP:
	case QS_AFFINITY_HEADER:
		binding->in_session = request_key_hash(
			&affinity->session_key, request, &binding->session);
		break;
	case QS_AFFINITY_COOKIE:
		binding->by_cookie = true;
		read_cookies(exchange, request);
		break;
	case QS_AFFINITY_NONE:
		break;
	}
}

static void count(struct exchange *exchange, enum affinity_change change)
{
	struct qs_pool_stats *counts = exchange->upstream->counts;

	if (change == AFFINITY_BOUND)
		counts->counters.affinity_bound++;
	else if (change == AFFINITY_MOVED)
		counts->counters.affinity_moved++;
}

static void note_session(struct exchange *exchange)
{
	struct affinity_table *sessions = exchange->upstream->affinity.sessions;
	const struct binding *binding = &exchange->binding;
	enum affinity_change change;

	if (!sessions)
		return;
	change = affinity_table_note(sessions, binding->session,
				     binding->identity);
	/* Perhaps another terminator knew it. */
	if (change == AFFINITY_BOUND && binding->away)
		change = AFFINITY_MOVED;
	count(exchange, change);
}

static void tell_cookie(struct exchange *exchange, struct field_view *view,
			char text[COOKIE_SET_SIZE])
{
	const struct affinity_keys *keys = &exchange->shared->affinity_keys;
	const struct upstream *upstream = exchange->upstream;
	const struct binding *binding = &exchange->binding;
	uint64_t tag = affinity_tag(keys, binding->identity);
	bool same = binding->bound && binding->tag == tag;
	char token[AFFINITY_TOKEN_SIZE];

	if (same && !binding->renew)
		return;
	if (!same)
		count(exchange,
		      binding->bound ? AFFINITY_MOVED : AFFINITY_BOUND);
	affinity_token_write(token, keys, upstream->name, tag, now_s());
	cookie_write(text, &upstream->affinity.cookie, token);
	field_view_add_text(view, "set-cookie", text);
}

void affinity_respond(struct exchange *exchange, struct field_view *view,
		      char text[COOKIE_SET_SIZE])
{
	if (exchange->binding.in_session)
		note_session(exchange);
	else if (exchange->binding.by_cookie)
		tell_cookie(exchange, view, text);
}
