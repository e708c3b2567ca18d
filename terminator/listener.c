/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

/* Others want their share of a burst, and open connections their turn. */
enum { ACCEPTS_A_TURN = 32 };

static bool is_passing(int error)
{
	return error == EAGAIN || error == EINTR || error == ECONNABORTED;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *listener = poll->data;
	int i, fd;

	(void)events;
	if (status < 0) {
		listener->on_error(listener, -status);
		return;
	}
	for (i = 0; i < ACCEPTS_A_TURN && listener->accepting; i++) {
		fd = accept4(listener->fd, NULL, NULL,
			     SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd >= 0) {
			listener->on_accept(listener, fd);
			continue;
		}
		if (!is_passing(errno))
			listener->on_error(listener, errno);
		if (errno != ECONNABORTED)
			return;
	}
}

int listener_new(struct listener **ret_listener, uv_loop_t *loop,
		 const struct qs_listener_key *key, int fd)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int err;

	if (!listener)
		return -ENOMEM;
	err = uv_poll_init(loop, &listener->poll, fd);
	if (err) {
		free(listener);
		return err;
	}
	listener->poll.data = listener;
	listener->key = *key;
	listener->fd = fd;
	*ret_listener = listener;
	return 0;
}

void listener_accept(struct listener *listener, bool accept)
{
	if (listener->accepting == accept)
		return;
	listener->accepting = accept;
	if (accept)
		uv_poll_start(&listener->poll, UV_READABLE, on_readable);
	else
		uv_poll_stop(&listener->poll);
}

static void on_closed(uv_handle_t *handle)
{
	struct listener *listener = handle->data;

	close(listener->fd);
	free(listener);
}

void listener_close(struct listener *listener)
{
	listener->accepting = false;
	uv_close((uv_handle_t *)&listener->poll, on_closed);
}
