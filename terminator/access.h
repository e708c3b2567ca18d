/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the access log tells of an exchange, noted while it is under way. All
 * calls do nothing for exchanges that get no line.
 */
#ifndef TERMINATOR_ACCESS_H
#define TERMINATOR_ACCESS_H

#include <stdbool.h>
#include <stddef.h>

struct backend;
struct exchange;
struct exchange_request;
struct router;

/* access_begin decides whether there will be a line and keeps what the request
 * says. Without memory there is none; that counts as a dropped line. */
void access_begin(struct exchange *exchange,
		  const struct exchange_request *request);

/* access_attempt notes that a backend's connection works for the exchange from
 * now on, or is being made. */
void access_attempt(struct exchange *exchange, const struct backend *backend);

/* access_connected notes that the connection is there. */
void access_connected(struct exchange *exchange);

/* access_head notes that the response's header section is told. */
void access_head(struct exchange *exchange);

/* access_end writes the line, once: when the front has read all of the
 * response, or is told that it broke off, or else is about to free the
 * exchange and nothing is cancelled yet. (The client may acknowledge the last
 * packet much later.) */
void access_end(struct exchange *exchange);

/* access_own writes the line of an answer of `size` octets that the front made
 * itself, of what it knows of the request: for those without an exchange. */
void access_own(struct router *router, const struct exchange_request *request,
		unsigned status, size_t size);

#endif
