/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/udp.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	BATCH = 8,
	MESSAGE_MAX = 65536, /* datagrams that the kernel merged (UDP_GRO) */
	BUFFER_SIZE = 8 * 1024 * 1024,
	BATCHES_PER_WAKEUP = 8, /* then others of the loop have their turn */
};

static int parse_v6(const char *text, struct udp_address *address)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address->storage;
	char host[INET6_ADDRSTRLEN + 1] = "";
	unsigned int port = 0;

	if (text[0] == '[') {
		if (sscanf(text, "[%46[^]]]:%u", host, &port) < 1)
			return -EINVAL;
	} else {
		strncpy(host, text, sizeof(host) - 1);
	}
	if (port > UINT16_MAX ||
	    inet_pton(AF_INET6, host, &in6->sin6_addr) != 1)
		return -EINVAL;
	in6->sin6_family = AF_INET6;
	in6->sin6_port = htons((uint16_t)port);
	address->size = sizeof(*in6);
	return 0;
}

static int parse_v4(const char *text, struct udp_address *address)
{
	struct sockaddr_in *in = (struct sockaddr_in *)&address->storage;
	char host[INET_ADDRSTRLEN + 1] = "";
	unsigned int port = 0;

	if (sscanf(text, "%16[0-9.]:%u", host, &port) < 1)
		return -EINVAL;
	if (port > UINT16_MAX || inet_pton(AF_INET, host, &in->sin_addr) != 1)
		return -EINVAL;
	in->sin_family = AF_INET;
	in->sin_port = htons((uint16_t)port);
	address->size = sizeof(*in);
	return 0;
}

int udp_parse(const char *text, struct udp_address *ret_address)
{
	memset(ret_address, 0, sizeof(*ret_address));
	if (text[0] == '[' || strchr(text, ':') != strrchr(text, ':'))
		return parse_v6(text, ret_address);
	return parse_v4(text, ret_address);
}

unsigned int udp_port(const struct udp_address *address)
{
	if (address->storage.ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)&address->storage)
				     ->sin6_port);
	return ntohs(((const struct sockaddr_in *)&address->storage)->sin_port);
}

union gro_control {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

/* The size of a message's datagrams, of which the last may be shorter. */
static size_t segment_of(const struct mmsghdr *message)
{
	const struct cmsghdr *c = CMSG_FIRSTHDR(&message->msg_hdr);
	int segment;

	if (!c || c->cmsg_level != SOL_UDP || c->cmsg_type != UDP_GRO)
		return message->msg_len;
	memcpy(&segment, CMSG_DATA(c), sizeof(segment));
	return (size_t)segment;
}

static void receive_message(struct udp_endpoint *endpoint,
			    const struct mmsghdr *message)
{
	const struct msghdr *header = &message->msg_hdr;
	const uint8_t *data = header->msg_iov->iov_base;
	size_t segment = segment_of(message), left = message->msg_len;
	struct udp_address sender;

	memcpy(&sender.storage, header->msg_name, header->msg_namelen);
	sender.size = header->msg_namelen;
	do { /* an empty datagram is one, too */
		size_t size = left < segment ? left : segment;

		endpoint->receive(endpoint, &sender, data, size);
		data += size;
		left -= size;
	} while (left > 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	static uint8_t buffers[BATCH][MESSAGE_MAX];
	static struct sockaddr_storage senders[BATCH];
	static union gro_control controls[BATCH];
	struct udp_endpoint *endpoint = (struct udp_endpoint *)poll;
	struct iovec vectors[BATCH];
	struct mmsghdr messages[BATCH];
	int round, i, count = BATCH;

	(void)events;
	if (status < 0)
		return;
	udp_hold(endpoint);
	for (round = 0; round < BATCHES_PER_WAKEUP && count == BATCH &&
			endpoint->users > 1;
	     round++) {
		memset(messages, 0, sizeof(messages));
		for (i = 0; i < BATCH; i++) {
			vectors[i].iov_base = buffers[i];
			vectors[i].iov_len = MESSAGE_MAX;
			messages[i].msg_hdr.msg_name = &senders[i];
			messages[i].msg_hdr.msg_namelen = sizeof(senders[i]);
			messages[i].msg_hdr.msg_iov = &vectors[i];
			messages[i].msg_hdr.msg_iovlen = 1;
			messages[i].msg_hdr.msg_control = &controls[i];
			messages[i].msg_hdr.msg_controllen =
				sizeof(controls[i].space);
		}
		count = recvmmsg(endpoint->fd, messages, BATCH, MSG_DONTWAIT,
				 NULL);
		for (i = 0; i < count; i++)
			receive_message(endpoint, &messages[i]);
	}
	udp_release(endpoint);
}

/* Asks the kernel which address it would send from. */
static int local_of_route(const struct udp_address *remote,
			  struct udp_address *ret_local)
{
	int error = 0;
	int fd =
		socket(remote->storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	ret_local->size = sizeof(ret_local->storage);
	if (connect(fd, (const struct sockaddr *)&remote->storage,
		    remote->size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&ret_local->storage,
			&ret_local->size) < 0)
		error = -errno;
	close(fd);
	if (ret_local->storage.ss_family == AF_INET6)
		((struct sockaddr_in6 *)&ret_local->storage)->sin6_port = 0;
	else
		((struct sockaddr_in *)&ret_local->storage)->sin_port = 0;
	return error;
}

static void enlarge_buffers(int fd)
{
	int size = BUFFER_SIZE;

	/* Beyond the limits of sysctl only as root: either will do. */
	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
		setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
}

/* Fewer calls for the same octets; an old kernel does without. */
static void allow_merging(int fd)
{
	int on = 1;

	setsockopt(fd, SOL_UDP, UDP_GRO, &on, sizeof(on));
}

static int open_socket(struct udp_endpoint *endpoint)
{
	int fd = socket(endpoint->local.storage.ss_family,
			SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return -errno;
	enlarge_buffers(fd);
	allow_merging(fd);
	if (bind(fd, (struct sockaddr *)&endpoint->local.storage,
		 endpoint->local.size) < 0 ||
	    getsockname(fd, (struct sockaddr *)&endpoint->local.storage,
			&endpoint->local.size) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	return fd;
}

struct udp_endpoint *udp_open(uv_loop_t *loop, const struct udp_address *local,
			      const struct udp_address *remote,
			      udp_receive_cb receive, void *user)
{
	struct udp_endpoint *endpoint = calloc(1, sizeof(*endpoint));
	int error;

	if (!endpoint)
		return NULL;
	endpoint->users = 1;
	endpoint->receive = receive;
	endpoint->user = user;
	if (local)
		endpoint->local = *local;
	error = local ? 0 : local_of_route(remote, &endpoint->local);
	if (error == 0) {
		endpoint->fd = open_socket(endpoint);
		error = endpoint->fd < 0 ? endpoint->fd : 0;
	}
	if (error == 0) {
		error = uv_poll_init(loop, &endpoint->poll, endpoint->fd);
		if (error < 0)
			close(endpoint->fd);
	}
	if (error < 0) {
		free(endpoint);
		errno = -error;
		return NULL;
	}
	uv_poll_start(&endpoint->poll, UV_READABLE, on_readable);
	return endpoint;
}

struct udp_endpoint *udp_hold(struct udp_endpoint *endpoint)
{
	endpoint->users++;
	return endpoint;
}

static void on_closed(uv_handle_t *handle)
{
	struct udp_endpoint *endpoint = (struct udp_endpoint *)handle;

	close(endpoint->fd);
	free(endpoint);
}

void udp_release(struct udp_endpoint *endpoint)
{
	if (--endpoint->users > 0)
		return;
	uv_close((uv_handle_t *)&endpoint->poll, on_closed);
}

int udp_send(struct udp_endpoint *endpoint, const struct sockaddr *remote,
	     socklen_t remote_size, const uint8_t *data, size_t size,
	     size_t segment)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(uint16_t))];
	} control;
	struct iovec vector = {(void *)data, size};
	struct msghdr message = {
		.msg_name = (void *)remote,
		.msg_namelen = remote_size,
		.msg_iov = &vector,
		.msg_iovlen = 1,
	};

	if (size > segment) {
		uint16_t segment_size = (uint16_t)segment;

		memset(&control, 0, sizeof(control));
		message.msg_control = &control;
		message.msg_controllen = sizeof(control.space);
		control.header.cmsg_level = SOL_UDP;
		control.header.cmsg_type = UDP_SEGMENT;
		control.header.cmsg_len = CMSG_LEN(sizeof(segment_size));
		memcpy(CMSG_DATA(&control.header), &segment_size,
		       sizeof(segment_size));
	}
	return sendmsg(endpoint->fd, &message, MSG_DONTWAIT) < 0 ? -errno : 0;
}
