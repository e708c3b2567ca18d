/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/client.h"
#include "loader/listeners.h"
#include "loader/message.h"
#include "loader/operator.h"
#include "loader/own_certificate.h"
#include "loader/reload.h"
#include "loader/rotation.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void link_client(struct control *control, struct client *client)
{
	client->next = control->clients;
	if (client->next)
		client->next->previous = client;
	control->clients = client;
	control->client_count++;
}

static void unlink_client(struct client *client)
{
	struct control *control = client->control;

	if (client->previous)
		client->previous->next = client->next;
	else
		control->clients = client->next;
	if (client->next)
		client->next->previous = client->previous;
	control->client_count--;
}

static void on_closed(uv_handle_t *handle)
{
	struct client *client = handle->data;

	close(client->fd);
	free(client);
}

void client_stop(struct client *client)
{
	unlink_client(client);
	uv_close((uv_handle_t *)&client->poll, on_closed);
}

static void end(struct client *client)
{
	if (client->slot != CLIENT_NO_SLOT)
		registry_died(client->control->registry, client->slot);
	client_stop(client);
	reload_left(client->control->reload, client);
	rotation_left(client->control->rotation, client);
}

const char *client_name(const struct client *client)
{
	return client->control->registry->maps->terminators[client->slot].name;
}

void client_refuse(int fd, const char *reason)
{
	struct qs_refused refused = {
		.header = message_header(QS_MESSAGE_REFUSED),
	};

	strncpy(refused.reason, reason, sizeof(refused.reason) - 1);
	message_send(fd, &refused, sizeof(refused), NULL, 0);
}

static void refuse_and_end(struct client *client, const char *reason)
{
	log_warn("refused pid %d: %s", client->peer.pid, reason);
	client_refuse(client->fd, reason);
	end(client);
}

/* `sockets` go along unless the terminator resumed (NULL). */
static int send_welcome(struct client *client,
			const struct port_sockets *sockets)
{
	struct registry *registry = client->control->registry;
	const struct control_deployment *deployment =
		client->control->deployment;
	struct qs_welcome welcome = {
		.header = message_header(QS_MESSAGE_WELCOME),
		.slot = client->slot,
		.instance = registry->maps->terminators[client->slot].instance,
		.config_id = deployment->config_id,
		.secrets = deployment->secrets,
	};
	const int *maps = registry->maps->fd;
	int count = QS_WELCOME_SOCKET;
	int descriptors[QS_WELCOME_DESCRIPTORS] = {
		[QS_WELCOME_TERMINATORS] = maps[QS_MAP_TERMINATORS],
		[QS_WELCOME_TERMINATOR_STATS] = maps[QS_MAP_TERMINATOR_STATS],
		[QS_WELCOME_BACKENDS] = maps[QS_MAP_BACKENDS],
		[QS_WELCOME_PROXY_STATS] = maps[QS_MAP_PROXY_STATS],
		[QS_WELCOME_TRIALS] = maps[QS_MAP_TRIALS],
	};
	int error;

	memcpy(welcome.configs, deployment->configs, sizeof(welcome.configs));
	memcpy(welcome.ports, registry->ports.port, sizeof(welcome.ports));
	for (int i = 0; sockets && i < QS_MAX_PORTS; i++) {
		if (sockets->fd[i] >= 0)
			descriptors[count++] = sockets->fd[i];
	}
	error = message_send(client->fd, &welcome, sizeof(welcome), descriptors,
			     count);
	explicit_bzero(&welcome, sizeof(welcome));
	return error;
}

/* Fills client->slot and *ret_sockets, the caller's: on resume, those that the
 * terminator lacks. */
static int admit(struct client *client, const struct qs_hello *hello,
		 struct message *message, struct port_sockets *ret_sockets,
		 const char **reason)
{
	struct registry *registry = client->control->registry;
	__u16 slot;
	int error;

	if (hello->flags & QS_HELLO_RESUME) {
		if (!message->descriptor_count) {
			*reason = "a HELLO that resumes carries its UDP "
				  "sockets";
			return -EBADMSG;
		}
		error = registry_resume(
			registry, hello, &client->peer, message->descriptors,
			message->descriptor_count, ret_sockets, reason);
		slot = hello->slot;
	} else {
		error = registry_register(registry, hello, &client->peer, &slot,
					  ret_sockets, reason);
	}
	if (!error)
		client->slot = slot;
	return error;
}

int client_send_sockets(struct client *client,
			const struct port_sockets *sockets,
			unsigned int indices)
{
	const struct ports *ports = &client->control->registry->ports;
	int error = 0;

	for (int i = 0; i < QS_MAX_PORTS && !error; i++) {
		const struct qs_socket message = {
			.header = message_header(QS_MESSAGE_SOCKET),
			.port_index = i,
			.port = ports->port[i],
		};
		bool is_new = sockets->fd[i] >= 0;

		if (is_new || (!ports->port[i] && indices & 1U << i))
			error = message_send(client->fd, &message,
					     sizeof(message), &sockets->fd[i],
					     is_new);
	}
	return error;
}

/* Those whose name has a newer process, by this HELLO or before an earlier
 * loader ended. */
static void tell_replaced(struct control *control)
{
	const struct qs_drain drain = {
		.header = message_header(QS_MESSAGE_DRAIN),
	};

	for (struct client *client = control->clients; client;
	     client = client->next) {
		int error;

		if (client->slot == CLIENT_NO_SLOT || client->told_to_drain ||
		    !registry_is_replaced(control->registry, client->slot))
			continue;
		error = message_send(client->fd, &drain, sizeof(drain), NULL,
				     0);
		client->told_to_drain = !error;
		if (error)
			log_warn("cannot tell terminator %s (pid %d) to drain: "
				 "%s",
				 client_name(client), client->peer.pid,
				 strerror(-error));
	}
}

static void handle_hello(struct client *client, struct message *message)
{
	const struct qs_hello *hello = &message->content.hello;
	const char *reason = NULL;
	struct port_sockets sockets = port_sockets_none();
	bool resumes = hello->flags & QS_HELLO_RESUME;
	int error;

	if (client->slot != CLIENT_NO_SLOT) {
		refuse_and_end(client, "said HELLO twice");
		return;
	}
	if (!qs_name_is_valid(hello->name)) {
		refuse_and_end(
			client,
			"a name is 1 to 31 characters of a-z, 0-9 and -");
		return;
	}
	if (admit(client, hello, message, &sockets, &reason)) {
		refuse_and_end(client, reason);
		return;
	}
	error = own_certificate_send(client->control->own, client->fd);
	if (!error)
		error = send_welcome(client, resumes ? NULL : &sockets);
	if (!error && resumes)
		error = client_send_sockets(client, &sockets, 0);
	if (!error)
		error = listeners_send(client->control->listeners, client);
	port_sockets_close(&sockets);
	if (error) {
		log_warn("cannot send WELCOME to terminator %s: %s",
			 hello->name, strerror(-error));
		end(client);
		return;
	}
	tell_replaced(client->control);
	reload_joined(client->control->reload, client);
	rotation_joined(client->control->rotation, client,
			hello->flags & QS_HELLO_RESUME);
}

static void handle_listener(struct client *client,
			    const struct message *message)
{
	if (message->descriptor_count == 1)
		listeners_given_back(client->control->listeners, client,
				     &message->content.listener.key,
				     message->descriptors[0]);
	else
		refuse_and_end(client, "LISTENER without its socket");
}

static void handle_of_terminator(struct client *client,
				 const struct message *message)
{
	if (client->slot == CLIENT_NO_SLOT) {
		refuse_and_end(client,
			       "said what terminators say before HELLO");
		return;
	}
	if (message->content.header.type == QS_MESSAGE_DRAIN)
		registry_drain(client->control->registry, client->slot);
	else if (message->content.header.type == QS_MESSAGE_LISTENER)
		handle_listener(client, message);
	else if (message->content.header.type == QS_MESSAGE_CONFIGS_TAKEN)
		rotation_taken(client->control->rotation, client,
			       &message->content.taken);
	else
		reload_answer(client->control->reload, client,
			      &message->content.result);
}

static void handle_of_operator(struct client *client,
			       const struct message *message)
{
	const char *reason = operator_handle(client, message);

	if (reason)
		refuse_and_end(client, reason);
}

static void handle_message(struct client *client, struct message *message)
{
	switch (message->content.header.type) {
	case QS_MESSAGE_HELLO:
		handle_hello(client, message);
		break;
	case QS_MESSAGE_DRAIN:
	case QS_MESSAGE_RESULT:
	case QS_MESSAGE_CONFIGS_TAKEN:
	case QS_MESSAGE_LISTENER:
		handle_of_terminator(client, message);
		break;
	case QS_MESSAGE_RELOAD:
	case QS_MESSAGE_CONNECTIONS:
	case QS_MESSAGE_ROTATE:
		handle_of_operator(client, message);
		break;
	}
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct client *client = poll->data;
	struct message message;
	int error;

	(void)events; /* a read tells readable and gone apart */
	error = status < 0 ? status : message_receive(client->fd, &message);
	if (error == -EAGAIN)
		return;
	if (error == -EBADMSG) {
		refuse_and_end(client, "not a message of this version");
		return;
	}
	if (error) {
		end(client);
		return;
	}
	handle_message(client, &message);
	message_close(&message);
}

void client_start(struct control *control, int fd, const struct ucred *peer)
{
	struct client *client = calloc(1, sizeof(*client));

	if (!client || uv_poll_init(control->poll.loop, &client->poll, fd)) {
		free(client);
		close(fd);
		return;
	}
	client->control = control;
	client->fd = fd;
	client->peer = *peer;
	client->slot = CLIENT_NO_SLOT;
	client->poll.data = client;
	link_client(control, client);
	uv_poll_start(&client->poll, UV_READABLE | UV_DISCONNECT, on_readable);
}
