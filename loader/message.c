/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/message.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_DESCRIPTORS = QS_WELCOME_DESCRIPTORS };

union ancillary {
	struct cmsghdr header; /* for its alignment */
	char room[CMSG_SPACE(sizeof(int) * MAX_DESCRIPTORS)];
};

struct qs_message_header message_header(enum qs_message_type type)
{
	return (struct qs_message_header){
		.magic = QS_CONTROL_MAGIC,
		.version = QS_CONTROL_VERSION,
		.type = type,
	};
}

int message_send(int fd, const void *content, size_t size,
		 const int *descriptors, int count)
{
	union ancillary ancillary = {};
	struct iovec data = {.iov_base = (void *)content, .iov_len = size};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};

	assert(count <= MAX_DESCRIPTORS);
	if (count) {
		struct cmsghdr *header = &ancillary.header;

		message.msg_control = &ancillary;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(header), descriptors, sizeof(int) * count);
	}
	if (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return -errno;
	return 0;
}

/* Keeps as many descriptors as a HELLO may have and closes others. Returns how
 * many there were. */
static int take_descriptors(struct msghdr *header, struct message *message)
{
	int count = 0;

	for (struct cmsghdr *item = CMSG_FIRSTHDR(header); item;
	     item = CMSG_NXTHDR(header, item)) {
		int descriptors[MAX_DESCRIPTORS];
		size_t length = item->cmsg_len - CMSG_LEN(0);

		if (item->cmsg_level != SOL_SOCKET ||
		    item->cmsg_type != SCM_RIGHTS)
			continue;
		memcpy(descriptors, CMSG_DATA(item), length);
		for (size_t i = 0; i < length / sizeof(int); i++) {
			if (count++ < QS_MAX_PORTS)
				message->descriptors[count - 1] =
					descriptors[i];
			else
				close(descriptors[i]);
		}
	}
	message->descriptor_count = count < QS_MAX_PORTS ? count : QS_MAX_PORTS;
	return count;
}

static bool is_valid(const struct message *message, size_t size)
{
	const struct qs_message_header *header = &message->content.header;
	const struct qs_result *result = &message->content.result;

	if (size < sizeof(*header) || header->magic != QS_CONTROL_MAGIC ||
	    header->version != QS_CONTROL_VERSION)
		return false;
	switch (header->type) {
	case QS_MESSAGE_HELLO:
		return size == sizeof(struct qs_hello);
	case QS_MESSAGE_DRAIN:
		return size == sizeof(struct qs_drain);
	case QS_MESSAGE_RELOAD:
		return size == sizeof(struct qs_reload);
	case QS_MESSAGE_RESULT:
		return size == sizeof(*result) &&
		       memchr(result->text, '\0', sizeof(result->text));
	case QS_MESSAGE_CONNECTIONS:
		return size == sizeof(struct qs_connections);
	case QS_MESSAGE_CONFIGS_TAKEN:
		return size == sizeof(struct qs_configs_taken);
	case QS_MESSAGE_LISTENER:
		return size == sizeof(struct qs_listener);
	case QS_MESSAGE_ROTATE:
		return size == sizeof(struct qs_rotate);
	}
	return false;
}

static int most_descriptors(const struct message *message, ssize_t size)
{
	return size >= (ssize_t)sizeof(message->content.header) &&
			       message->content.header.type == QS_MESSAGE_HELLO
		       ? QS_MAX_PORTS
		       : 1;
}

int message_receive(int fd, struct message *message)
{
	union ancillary ancillary;
	struct iovec data = {.iov_base = &message->content,
			     .iov_len = sizeof(message->content)};
	struct msghdr header = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary),
	};
	ssize_t size;
	int count;

	message->descriptor_count = 0;
	size = recvmsg(fd, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (size < 0)
		return -errno;
	count = take_descriptors(&header, message);
	if (!size && !count)
		return -ENOTCONN;
	if (count > most_descriptors(message, size) ||
	    (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) ||
	    !is_valid(message, size)) {
		message_close(message);
		return -EBADMSG;
	}
	return 0;
}

void message_close(struct message *message)
{
	while (message->descriptor_count)
		close(message->descriptors[--message->descriptor_count]);
}
