/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/operator.h"
#include "loader/reload.h"
#include "loader/rotation.h"
#include "loader/lib/log.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_operator(const struct client *client)
{
	return client->peer.uid == 0 || client->peer.uid == geteuid();
}

static bool is_pipe(int fd)
{
	struct stat status;

	return fd >= 0 && !fstat(fd, &status) && S_ISFIFO(status.st_mode);
}

/* Returns how many terminators were asked. */
static __u32 ask_for_connections(const struct control *control, int pipe)
{
	const struct qs_connections ask = {
		.header = message_header(QS_MESSAGE_CONNECTIONS),
	};
	__u32 count = 0;

	for (const struct client *client = control->clients; client;
	     client = client->next) {
		int error;

		if (client->slot == CLIENT_NO_SLOT)
			continue;
		error = message_send(client->fd, &ask, sizeof(ask), &pipe, 1);
		if (error)
			log_warn("cannot ask terminator %s (pid %d) for its "
				 "connections: %s",
				 client_name(client), client->peer.pid,
				 strerror(-error));
		else
			count++;
	}
	return count;
}

static const char *handle_connections(struct client *client,
				      const struct message *message)
{
	struct qs_result result = {
		.header = message_header(QS_MESSAGE_RESULT),
	};
	int error;

	if (message->descriptor_count != 1 || !is_pipe(message->descriptors[0]))
		return "CONNECTIONS carries the end of a pipe to write to";
	result.count =
		ask_for_connections(client->control, message->descriptors[0]);
	error = message_send(client->fd, &result, sizeof(result), NULL, 0);
	if (error)
		log_warn("cannot answer pid %d: %s", client->peer.pid,
			 strerror(-error));
	return NULL;
}

const char *operator_handle(struct client *client,
			    const struct message *message)
{
	if (client->slot != CLIENT_NO_SLOT)
		return "a terminator asked for what lbctl may";
	if (!is_operator(client))
		return "only root and the loader's own user may ask for that";
	if (message->content.header.type == QS_MESSAGE_CONNECTIONS)
		return handle_connections(client, message);
	if (message->content.header.type == QS_MESSAGE_ROTATE) {
		rotation_begin(client->control->rotation, client,
			       &message->content.rotate);
		return NULL;
	}
	if (message->content.reload.phase != QS_RELOAD_REQUEST)
		return "a RELOAD to the loader is a request";
	reload_begin(client->control->reload, client);
	return NULL;
}
