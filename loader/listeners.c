/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/listeners.h"
#include "loader/holder.h"
#include "loader/message.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"
#include "loader/lib/tcp_listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { RETRY_MS = 100 };

#define TERMINATOR_PROGRAM "quicsteer-terminator"

static struct listener_slot *find(const struct listeners *listeners,
				  const struct qs_listener_key *key)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (!memcmp(&listeners->slots[i].key, key, sizeof(*key)))
			return (struct listener_slot *)&listeners->slots[i];
	}
	return NULL;
}

/* A socket of every address has those of single ones already. */
static bool is_covered(const struct qs_vip_key *address,
		       const struct qs_vip_key *all, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].port == address->port &&
		    qs_endpoint_is_any(&all[i]) && !qs_endpoint_is_any(address))
			return true;
	}
	return false;
}

static void add_wanted(struct listeners *wanted, __u32 kind,
		       const struct qs_vip_key *addresses, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct qs_listener_key key = {.address = addresses[i],
					      .kind = kind};

		if (is_covered(&addresses[i], addresses, count))
			continue;
		if (qs_endpoint_is_any(&key.address))
			memset(key.address.address, 0,
			       sizeof(key.address.address));
		if (find(wanted, &key))
			continue;
		wanted->slots[wanted->count++] =
			(struct listener_slot){.key = key, .fd = -1};
	}
}

/* Only the keys and the count are set. */
static void list_wanted(struct listeners *wanted, const struct options *options)
{
	wanted->count = 0;
	if (options->tcp)
		add_wanted(wanted, QS_LISTENER_TLS, options->vips,
			   options->vip_count);
	add_wanted(wanted, QS_LISTENER_HTTP, options->http,
		   options->http_count);
}

static int describe(const struct qs_listener_key *key, int error, char *text,
		    size_t size)
{
	char address[QS_ENDPOINT_TEXT], holder[HOLDER_TEXT];

	qs_format_endpoint(address, &key->address);
	if (error != -EADDRINUSE)
		snprintf(text, size, "cannot listen on TCP %s: %s", address,
			 strerror(-error));
	else
		snprintf(text, size, "TCP %s is taken by %s: stop it, or %s",
			 address,
			 holder_describe(HOLDER_TCP, key->address.port, holder),
			 key->kind == QS_LISTENER_TLS
				 ? "set loader.tcp to false"
				 : "choose another one for loader.http");
	return -1;
}

/* A socket that one was sent and did not take yet is in nobody's table, but the
 * process has its UDP socket of that port. */
static bool is_of_terminators(__u16 port)
{
	return holder_is_program(HOLDER_TCP, port, TERMINATOR_PROGRAM) ||
	       holder_is_program(HOLDER_UDP, port, TERMINATOR_PROGRAM);
}

/* Opens one. Returns 0 also if it is to be had later. */
static int open_slot(struct listener_slot *slot, bool terminators, char *text,
		     size_t size)
{
	int fd = qs_tcp_listen(&slot->key.address);

	slot->fd = fd;
	if (fd >= 0)
		return 0;
	slot->fd = -1;
	if (fd == -EADDRINUSE &&
	    (terminators || is_of_terminators(slot->key.address.port))) {
		log_info("terminators of an earlier loader hold TCP port %u "
			 "and may hand it back",
			 slot->key.address.port);
		return 0;
	}
	return describe(&slot->key, fd, text, size);
}

static void close_slots(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->slots[i].fd >= 0)
			close(listeners->slots[i].fd);
	}
	listeners->count = 0;
}

int listeners_open(struct listeners *listeners, const struct options *options,
		   bool terminators, char *text, size_t size)
{
	list_wanted(listeners, options);
	for (size_t i = 0; i < listeners->count; i++) {
		if (open_slot(&listeners->slots[i], terminators, text, size)) {
			close_slots(listeners);
			return -1;
		}
	}
	return 0;
}

static int send_slot(const struct client *client,
		     const struct listener_slot *slot, bool gone)
{
	const struct qs_listener message = {
		.header = message_header(QS_MESSAGE_LISTENER),
		.key = slot->key,
		.gone = gone,
	};

	return message_send(client->fd, &message, sizeof(message), &slot->fd,
			    !gone);
}

static void send_to_all(const struct listeners *listeners,
			const struct listener_slot *slot, bool gone)
{
	for (const struct client *client = listeners->control->clients; client;
	     client = client->next) {
		int error = client->slot == CLIENT_NO_SLOT
				    ? 0
				    : send_slot(client, slot, gone);

		if (error)
			log_error("terminator %s (pid %d) is not told of TCP "
				  "port %u: %s",
				  client_name(client), client->peer.pid,
				  slot->key.address.port, strerror(-error));
	}
}

static void on_retry(uv_timer_t *timer)
{
	struct listeners *listeners = timer->data;
	bool lacking = false;

	for (size_t i = 0; i < listeners->count; i++) {
		struct listener_slot *slot = &listeners->slots[i];

		if (slot->fd >= 0)
			continue;
		slot->fd = qs_tcp_listen(&slot->key.address);
		if (slot->fd >= 0) {
			log_info("TCP port %u is free again, and listened on",
				 slot->key.address.port);
			send_to_all(listeners, slot, false);
		} else {
			slot->fd = -1;
			lacking = true;
		}
	}
	if (!lacking)
		uv_timer_stop(timer);
}

static void retry_lacking(struct listeners *listeners)
{
	uv_timer_start(&listeners->retry, on_retry, RETRY_MS, RETRY_MS);
}

void listeners_start(struct listeners *listeners, uv_loop_t *loop,
		     struct control *control)
{
	listeners->control = control;
	uv_timer_init(loop, &listeners->retry);
	listeners->retry.data = listeners;
	listeners->started = true;
	retry_lacking(listeners);
}

void listeners_close(struct listeners *listeners)
{
	close_slots(listeners);
	if (listeners->started)
		uv_close((uv_handle_t *)&listeners->retry, NULL);
	listeners->started = false;
}

int listeners_send(const struct listeners *listeners,
		   const struct client *client)
{
	int error = 0;

	for (size_t i = 0; i < listeners->count && !error; i++) {
		if (listeners->slots[i].fd >= 0)
			error = send_slot(client, &listeners->slots[i], false);
	}
	return error;
}

static __u64 cookie_of(int fd)
{
	__u64 cookie = 0;
	socklen_t length = sizeof(cookie);

	getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length);
	return cookie;
}

void listeners_given_back(struct listeners *listeners,
			  const struct client *client,
			  const struct qs_listener_key *key, int fd)
{
	struct listener_slot *slot = find(listeners, key);
	struct listener_slot unknown = {.key = *key, .fd = -1};
	int error = 0;

	if (!slot) {
		error = send_slot(client, &unknown, true);
	} else if (slot->fd >= 0) {
		if (cookie_of(slot->fd) != cookie_of(fd))
			error = send_slot(client, slot, false);
	} else if (qs_tcp_listen_check(fd, &key->address)) {
		log_warn("terminator %s (pid %d) hands back what is no "
			 "listening socket of TCP port %u",
			 client_name(client), client->peer.pid,
			 key->address.port);
	} else {
		slot->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (slot->fd < 0)
			error = -errno;
		else
			send_to_all(listeners, slot, false);
	}
	if (error)
		log_warn("terminator %s (pid %d): its TCP port %u is not "
			 "settled: %s",
			 client_name(client), client->peer.pid,
			 key->address.port, strerror(-error));
}

/* One of ours at this port makes way. */
static bool is_leaving(const struct listeners *listeners,
		       const struct listeners *wanted, __u16 port)
{
	for (size_t i = 0; i < listeners->count; i++) {
		const struct qs_listener_key *key = &listeners->slots[i].key;

		if (key->address.port == port && !find(wanted, key))
			return true;
	}
	return false;
}

int listeners_check(const struct listeners *listeners,
		    const struct options *options, char *text, size_t size)
{
	static struct listeners wanted; /* large */

	list_wanted(&wanted, options);
	for (size_t i = 0; i < wanted.count; i++) {
		const struct qs_listener_key *key = &wanted.slots[i].key;
		int fd;

		if (find(listeners, key))
			continue;
		fd = qs_tcp_listen(&key->address);
		if (fd >= 0)
			close(fd);
		else if (!is_leaving(listeners, &wanted, key->address.port))
			return describe(key, fd, text, size);
	}
	return 0;
}

static void drop_unwanted(struct listeners *listeners,
			  const struct listeners *wanted)
{
	size_t kept = 0;

	for (size_t i = 0; i < listeners->count; i++) {
		struct listener_slot *slot = &listeners->slots[i];

		if (find(wanted, &slot->key)) {
			listeners->slots[kept++] = *slot;
			continue;
		}
		send_to_all(listeners, slot, true);
		if (slot->fd >= 0)
			close(slot->fd);
	}
	listeners->count = kept;
}

void listeners_change(struct listeners *listeners,
		      const struct options *options)
{
	static struct listeners wanted;

	list_wanted(&wanted, options);
	drop_unwanted(listeners, &wanted);
	for (size_t i = 0; i < wanted.count; i++) {
		struct listener_slot *slot =
			&listeners->slots[listeners->count];

		if (find(listeners, &wanted.slots[i].key))
			continue;
		*slot = wanted.slots[i];
		listeners->count++;
		slot->fd = qs_tcp_listen(&slot->key.address);
		if (slot->fd >= 0)
			send_to_all(listeners, slot, false);
		else
			slot->fd = -1;
	}
	retry_lacking(listeners);
}
