/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the access log tells of an exchange, noted while it is under way. All
 * calls do nothing for exchanges that get no line.
 */
#ifndef TERMINATOR_ACCESS_H
#define TERMINATOR_ACCESS_H

#include <stdbool.h>

struct backend;
struct exchange;
struct exchange_request;

/* access_begin decides whether there will be a line and keeps what the request
 * says. Without memory there is none; that counts as a dropped line. */
void access_begin(struct exchange *exchange,
		  const struct exchange_request *request);

/* access_attempt notes that a backend's connection works for the exchange from
 * now on, or is being made. */
void access_attempt(struct exchange *exchange, const struct backend *backend);

/* access_connected notes that the connection is there. */
void access_connected(struct exchange *exchange);

/* access_head and access_finished note when the response's header section was
 * told, and when all of the response was read by the front. */
void access_head(struct exchange *exchange);
void access_finished(struct exchange *exchange);

/* access_end writes the line, before work that is left is cancelled. */
void access_end(struct exchange *exchange);

#endif
