/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/control_messages.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

ssize_t control_receive(int fd, union control_message *received,
			int fds[QS_WELCOME_DESCRIPTORS], size_t *fd_count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(QS_WELCOME_DESCRIPTORS * sizeof(int))];
	} ancillary;
	struct iovec vector = {received, sizeof(*received)};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary),
	};
	struct cmsghdr *c;
	ssize_t n = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	*fd_count = 0;
	if (n < 0)
		return -errno;
	for (c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		*fd_count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(c), *fd_count * sizeof(int));
	}
	return n;
}

unsigned control_message_type(const union control_message *message, size_t size)
{
	static const size_t sizes[] = {
		[QS_MESSAGE_WELCOME] = sizeof(struct qs_welcome),
		[QS_MESSAGE_REFUSED] = sizeof(struct qs_refused),
		[QS_MESSAGE_DRAIN] = sizeof(struct qs_drain),
		[QS_MESSAGE_RELOAD] = sizeof(struct qs_reload),
		[QS_MESSAGE_CONNECTIONS] = sizeof(struct qs_connections),
		[QS_MESSAGE_SOCKET] = sizeof(struct qs_socket),
		[QS_MESSAGE_LISTENER] = sizeof(struct qs_listener),
		[QS_MESSAGE_CONFIGS] = sizeof(struct qs_configs),
		[QS_MESSAGE_ICMP] = sizeof(struct qs_icmp_errors),
		[QS_MESSAGE_SECRETS] = sizeof(struct qs_secrets_changed),
		[QS_MESSAGE_CERTIFICATE] = sizeof(struct qs_certificate),
	};
	unsigned type = message->header.type;

	if (size < sizeof(message->header) ||
	    message->header.magic != QS_CONTROL_MAGIC ||
	    message->header.version != QS_CONTROL_VERSION ||
	    type >= sizeof(sizes) / sizeof(sizes[0]) || size != sizes[type])
		return 0;
	return type;
}

void control_close_fds(const int *fds, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		close(fds[i]);
}
