/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The secret that seals TLS session tickets changes as often as a ticket lives:
 * in the state file first, and then at the terminators, all of which have had
 * the new one as the next one before. The one before it opens what it sealed.
 */
#ifndef QS_LOADER_TICKET_SECRETS_H
#define QS_LOADER_TICKET_SECRETS_H

#include "loader/client.h"
#include "loader/options.h"
#include "loader/lib/secrets.h"

struct ticket_secrets {
	struct control *control;	       /* borrowed */
	struct qs_state_secrets *secrets;      /* borrowed: changed here */
	struct control_deployment *deployment; /* likewise */
	const char *path;		       /* of the state file; borrowed */
	__u64 period_s;
	bool failed; /* and that has been logged */
	uv_timer_t timer;
	bool started;
};

/* ticket_secrets_start: changes it on `loop` from now on, when it is time. */
void ticket_secrets_start(struct ticket_secrets *tickets, uv_loop_t *loop);

/* ticket_secrets_configure: how often. */
void ticket_secrets_configure(struct ticket_secrets *tickets,
			      const struct options *options);

/* ticket_secrets_close: the loop must then run until its handle is closed. */
void ticket_secrets_close(struct ticket_secrets *tickets);

#endif
