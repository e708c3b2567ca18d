/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * WebSockets are passed on unread, but for where the frames of the backend end:
 * so that a tunnel that must end can end by a close frame.
 */
#ifndef TERMINATOR_EXCHANGE_TUNNEL_H
#define TERMINATOR_EXCHANGE_TUNNEL_H

#include <stddef.h>

struct exchange;

/* exchange_tunnel_note follows the octets of a response, if it is a tunnel's.
 */
void exchange_tunnel_note(struct exchange *exchange, const void *data,
			  size_t size);

#endif
