/* SPDX-License-Identifier: GPL-2.0-only */
/* What h1_client.c and h1_client_send.c need of each other. */
#ifndef TERMINATOR_H1_CLIENT_PRIVATE_H
#define TERMINATOR_H1_CLIENT_PRIVATE_H

#include "terminator/h1_client.h"

/* h1_client_progressed notes that the connection got on and sets its timer by
 * what it waits for now. */
void h1_client_progressed(struct h1_client *client);

/* h1_client_reset_send makes the sending side ready for a new request. */
void h1_client_reset_send(struct h1_client *client);

/* h1_client_replayable tells whether the exchange's request could be sent once
 * more without the danger that it takes effect twice. */
bool h1_client_replayable(const struct h1_client *client);

#endif
