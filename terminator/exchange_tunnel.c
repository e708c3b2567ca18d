/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/exchange_tunnel.h"
#include "terminator/exchange_private.h"
#include "terminator/pool.h"

/* A backend's 101 is a 200 here; other handlers have no tunnels. */
static bool is_tunnel(const struct exchange *exchange)
{
	return exchange->message.websocket && exchange->status == 200 &&
	       exchange->handler == &pool_handler;
}

void exchange_tunnel_note(struct exchange *exchange, const void *data,
			  size_t size)
{
	if (is_tunnel(exchange))
		websocket_frames_feed(&exchange->frames, data, size);
}

bool exchange_going_away(struct exchange *exchange)
{
	/* "Going away" (RFC 6455, 7.4.1), unmasked as a server's. */
	static const unsigned char frame[] = {0x88, 2, 1001 >> 8, 1001 & 0xff};

	if (!is_tunnel(exchange) || exchange->response_ended ||
	    exchange->broken ||
	    !websocket_frames_at_boundary(&exchange->frames) ||
	    exchange_got_body(exchange, frame, sizeof(frame)))
		return false;
	exchange_got_end(exchange, NULL, 0);
	return true;
}
