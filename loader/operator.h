/* SPDX-License-Identifier: GPL-2.0-only */
/* What lbctl asks of the loader: a reload, a rotation, or everybody's
 * connections. */
#ifndef QS_LOADER_OPERATOR_H
#define QS_LOADER_OPERATOR_H

#include "loader/client.h"
#include "loader/message.h"

/*
 * operator_handle: begins what a RELOAD, ROTATE or CONNECTIONS asks for and
 * answers by a RESULT, of a reload when it is done. Returns NULL, or why the
 * peer is to be refused.
 */
const char *operator_handle(struct client *client,
			    const struct message *message);

#endif
