/* SPDX-License-Identifier: GPL-2.0-only */
/* What h1_client.c and h1_client_send.c need of each other. */
#ifndef TERMINATOR_H1_CLIENT_PRIVATE_H
#define TERMINATOR_H1_CLIENT_PRIVATE_H

#include "terminator/h1_client.h"
#include "terminator/pool_retry.h"

/* h1_client_progressed notes that the connection got on and sets its timer by
 * what it waits for now. */
void h1_client_progressed(struct h1_client *client);

/* h1_client_reset_send makes the sending side ready for a new request. */
void h1_client_reset_send(struct h1_client *client);

/* h1_client_release sends the body, if that waited. */
void h1_client_release(struct h1_client *client);

/* h1_client_replayable tells whether the exchange's request could be sent once
 * more without the danger that it takes effect twice. */
bool h1_client_replayable(const struct h1_client *client);

/* h1_client_activate has a connection that is open work for its exchange. */
void h1_client_activate(struct h1_client *client);

/* h1_client_take_in takes in octets of the response. */
void h1_client_take_in(struct h1_client *client, const char *data, size_t size);

/* h1_client_write_raw writes octets as they are, behind all that is written
 * before; takes the text over. */
void h1_client_write_raw(struct h1_client *client, struct text *text);

/* h1_client_tls_begin begins TLS on a connection that is open. */
void h1_client_tls_begin(struct h1_client *client);

/* h1_client_tls_take_in takes in ciphertext, whatever the connection does. */
void h1_client_tls_take_in(struct h1_client *client, const char *data,
			   size_t size);

/* h1_client_tls_shut_down says that nothing more will be sent. */
void h1_client_tls_shut_down(struct h1_client *client);

/* h1_client_tls_failed closes a connection whose TLS did not come about. */
void h1_client_tls_failed(struct h1_client *client, const char *why);

/* h1_client_seal puts the batch's ciphertext in place of its octets. Returns 0
 * or -errno. */
int h1_client_seal(struct h1_client *client);

/* h1_client_start_reading has octets that come taken in. */
void h1_client_start_reading(struct h1_client *client);

/* h1_client_detach parts the client from its exchange, which it returns. */
struct exchange *h1_client_detach(struct h1_client *client);

/* h1_client_give_up closes the connection and fails the exchange. */
void h1_client_give_up(struct h1_client *client, enum exchange_failure failure);

/* h1_client_refuse closes a connection that did not come about; its exchange
 * goes to another backend, or fails. */
void h1_client_refuse(struct h1_client *client, enum exchange_failure failure);

/* h1_client_take_retry tells whether the request is to be sent to another
 * backend, and counts it; h1_client_retry also does it, and closes the
 * connection. */
bool h1_client_take_retry(struct h1_client *client,
			  enum pool_retry_reason reason,
			  enum exchange_failure failure);
bool h1_client_retry(struct h1_client *client, enum pool_retry_reason reason,
		     enum exchange_failure failure);

/* h1_client_conclude parts client and exchange after h1_response_feed returned
 * this, not 0. -EAGAIN: a retry was taken. */
void h1_client_conclude(struct h1_client *client, int result);

/* h1_client_ended does so after the connection ended while it was active, with
 * UV_EOF or another error. */
void h1_client_ended(struct h1_client *client, int error);

#endif
