/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/icmp.h"
#include "loader/client.h"
#include "loader/message.h"
#include "loader/lib/log.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>

/* Keeps one error; the ring goes no further when the batch is full. */
static int take(void *context, void *data, size_t size)
{
	struct icmp *icmp = context;

	if (size < sizeof(icmp->batch[0]))
		return 0;
	memcpy(&icmp->batch[icmp->count++], data, sizeof(icmp->batch[0]));
	return icmp->count == QS_ICMP_BATCH ? -ECANCELED : 0;
}

static bool is_for(const struct qs_icmp_error *error,
		   const struct client *client)
{
	return client->slot != CLIENT_NO_SLOT &&
	       (error->slot == QS_NO_SLOT || error->slot == client->slot);
}

static void give_to(struct icmp *icmp, const struct client *client)
{
	struct qs_icmp_errors message = {
		.header = message_header(QS_MESSAGE_ICMP),
	};
	int error;

	for (int i = 0; i < icmp->count; i++) {
		if (is_for(&icmp->batch[i], client))
			message.errors[message.count++] = icmp->batch[i];
	}
	if (!message.count)
		return;
	error = message_send(client->fd, &message, sizeof(message), NULL, 0);
	if (error) {
		icmp->counts->named.socket_full += message.count;
		return;
	}
	for (int i = 0; i < icmp->count; i++)
		icmp->given[i] |= is_for(&icmp->batch[i], client);
}

static void relay(struct icmp *icmp)
{
	memset(icmp->given, 0, sizeof(icmp->given));
	for (const struct client *client = icmp->control->clients; client;
	     client = client->next)
		give_to(icmp, client);
	for (int i = 0; i < icmp->count; i++) {
		if (!icmp->given[i])
			icmp->counts->named.not_taken++;
		else if (icmp->batch[i].slot == QS_NO_SLOT)
			icmp->counts->named.to_all++;
		else
			icmp->counts->named.to_owner++;
	}
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_pause_over(uv_timer_t *timer)
{
	struct icmp *icmp = timer->data;

	uv_poll_start(&icmp->poll, UV_READABLE, on_readable);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct icmp *icmp = poll->data;

	(void)status;
	(void)events;
	icmp->count = 0;
	ring_buffer__consume(icmp->ring);
	relay(icmp);
	uv_poll_stop(poll);
	uv_timer_start(&icmp->pause, on_pause_over, ICMP_PAUSE_MS, 0);
}

int icmp_start(struct icmp *icmp, uv_loop_t *loop,
	       const struct control *control, const struct qs_maps *maps)
{
	int error;

	icmp->control = control;
	icmp->counts = maps->icmp;
	icmp->ring = ring_buffer__new(maps->fd[QS_MAP_ICMP_ERRORS], take, icmp,
				      NULL);
	error = icmp->ring ? uv_poll_init(loop, &icmp->poll,
					  ring_buffer__epoll_fd(icmp->ring))
			   : -errno;
	if (error) {
		log_error("cannot read the ring of ICMP errors: %s",
			  strerror(-error));
		ring_buffer__free(icmp->ring);
		icmp->ring = NULL;
		return -1;
	}
	uv_timer_init(loop, &icmp->pause);
	icmp->poll.data = icmp;
	icmp->pause.data = icmp;
	uv_poll_start(&icmp->poll, UV_READABLE, on_readable);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct icmp *icmp = handle->data;

	ring_buffer__free(icmp->ring);
	icmp->ring = NULL;
}

void icmp_close(struct icmp *icmp)
{
	if (!icmp->ring)
		return;
	uv_close((uv_handle_t *)&icmp->pause, NULL);
	uv_close((uv_handle_t *)&icmp->poll, on_closed);
}
