/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/ticket_secrets.h"
#include "loader/message.h"
#include "loader/lib/clock.h"
#include "loader/lib/log.h"

#include <string.h>

enum { STEP_MS = 500 };

static void tell_all(const struct ticket_secrets *tickets)
{
	struct qs_secrets_changed message = {
		.header = message_header(QS_MESSAGE_SECRETS),
		.secrets = tickets->secrets->shared,
	};

	for (struct client *client = tickets->control->clients; client;
	     client = client->next) {
		int error = 0;

		if (client->slot != CLIENT_NO_SLOT)
			error = message_send(client->fd, &message,
					     sizeof(message), NULL, 0);
		if (error)
			log_warn("cannot give terminator %s (pid %d) the next "
				 "secret of session tickets: %s",
				 client_name(client), client->peer.pid,
				 strerror(-error));
	}
	explicit_bzero(&message, sizeof(message));
}

/* Returns 0 or -errno; then all is as it was. */
static int change(struct ticket_secrets *tickets, __u64 now_s)
{
	struct qs_state_secrets next = *tickets->secrets;
	int error = qs_secrets_rotate_ticket(&next, now_s);

	if (!error)
		error = qs_secrets_replace(tickets->path, &next);
	if (!error) {
		*tickets->secrets = next;
		tickets->deployment->secrets = next.shared;
	}
	explicit_bzero(&next, sizeof(next));
	return error;
}

static void on_step(uv_timer_t *timer)
{
	struct ticket_secrets *tickets = timer->data;
	__u64 now_s = clock_ns(CLOCK_REALTIME) / NS_PER_SECOND;
	int error;

	if (now_s < tickets->secrets->ticket_since_s + tickets->period_s)
		return;
	error = change(tickets, now_s);
	if (!error) {
		log_info("session tickets are sealed with the next secret");
		tell_all(tickets);
	} else if (!tickets->failed) {
		log_error("%s: the secret of session tickets stays as it is, "
			  "the next one cannot be kept: %s",
			  tickets->path, strerror(-error));
	}
	tickets->failed = error;
}

void ticket_secrets_start(struct ticket_secrets *tickets, uv_loop_t *loop)
{
	uv_timer_init(loop, &tickets->timer);
	tickets->timer.data = tickets;
	tickets->started = true;
	uv_timer_start(&tickets->timer, on_step, STEP_MS, STEP_MS);
}

void ticket_secrets_configure(struct ticket_secrets *tickets,
			      const struct options *options)
{
	tickets->period_s = options->ticket_rotation_ms / 1000;
}

void ticket_secrets_close(struct ticket_secrets *tickets)
{
	if (!tickets->started)
		return;
	tickets->started = false;
	uv_close((uv_handle_t *)&tickets->timer, NULL);
}
