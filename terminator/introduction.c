/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/introduction.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "loader/lib/parse.h"
#include "terminator/exchange_private.h"
#include "terminator/random.h"
#include "terminator/request_id.h"
#include "terminator/upstream.h"

_Static_assert(sizeof(((struct exchange *)0)->request_id) == REQUEST_ID_SIZE,
	       "room for every ID");

int introduction_init(struct introduction *introduction,
		      const struct qs_config_terminator *from)
{
	size_t count = from->forwarded.trusted_count;

	introduction->standard = from->forwarded.standard;
	introduction->respond = from->request_id.respond;
	if (count) {
		introduction->trusted =
			calloc(count, sizeof(*introduction->trusted));
		if (!introduction->trusted)
			return -ENOMEM;
		memcpy(introduction->trusted, from->forwarded.trusted,
		       count * sizeof(*introduction->trusted));
		introduction->trusted_count = count;
	}
	if (!from->request_id.enabled)
		return 0;
	introduction->id_name = strdup(from->request_id.field);
	return introduction->id_name ? 0 : -ENOMEM;
}

void introduction_free(struct introduction *introduction)
{
	free(introduction->trusted);
	free(introduction->id_name);
}

static bool is_trusted(const struct introduction *introduction,
		       const char *peer_address)
{
	struct qs_prefix_key peer;

	return introduction->trusted_count &&
	       !qs_parse_prefix(peer_address, &peer) &&
	       qs_prefixes_contain(introduction->trusted,
				   introduction->trusted_count, peer.address);
}

void introduction_begin(struct exchange *exchange,
			const struct exchange_request *request)
{
	const struct introduction *introduction = &exchange->site->introduction;
	uint8_t random[REQUEST_ID_RANDOM];

	exchange->peer_trusted =
		is_trusted(introduction, request->peer_address);
	if (!introduction->id_name)
		return;
	if (exchange->peer_trusted &&
	    request_id_take(exchange->request_id, request,
			    introduction->id_name))
		return;
	random_bytes(random, sizeof(random));
	request_id_make(exchange->request_id, random);
}

struct forwarding introduction_forwarding(const struct exchange *exchange)
{
	const struct introduction *introduction = &exchange->site->introduction;

	return (struct forwarding){
		.via = exchange->shared->via,
		.trusted = exchange->peer_trusted,
		.standard = introduction->standard,
		.id_name = introduction->id_name,
		.id = exchange->request_id,
	};
}

void introduction_respond(const struct exchange *exchange,
			  struct field_view *view)
{
	const struct introduction *introduction;

	if (!exchange->site)
		return;
	introduction = &exchange->site->introduction;
	if (!introduction->id_name || !introduction->respond)
		return;
	field_view_remove(view, introduction->id_name);
	field_view_add_text(view, introduction->id_name, exchange->request_id);
}
