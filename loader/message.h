/* SPDX-License-Identifier: GPL-2.0-only */
/* Messages of quicsteer/control.h over a SOCK_SEQPACKET socket. */
#ifndef QS_LOADER_MESSAGE_H
#define QS_LOADER_MESSAGE_H

#include "quicsteer/control.h"

#include <stddef.h>

/* A message that a terminator or an operator sent. */
struct message {
	union {
		struct qs_message_header header;
		struct qs_hello hello;
		struct qs_drain drain;
		struct qs_reload reload;
		struct qs_result result; /* its text has a NUL */
		struct qs_connections connections;
		struct qs_configs_taken taken;
		struct qs_listener listener;
		struct qs_rotate rotate;
	} content;
	int descriptors[QS_MAX_PORTS]; /* that came with it, owned */
	int descriptor_count;
};

/* message_header: the header of a message of this type and version. */
struct qs_message_header message_header(enum qs_message_type type);

/*
 * message_send: sends `size` octets and `count` descriptors (0 to
 * QS_WELCOME_DESCRIPTORS, which the caller keeps) at once. Returns 0 or -errno.
 */
int message_send(int fd, const void *content, size_t size,
		 const int *descriptors, int count);

/*
 * message_receive: reads one message. Returns 0, -EAGAIN (none is there),
 * -ENOTCONN (the peer has closed), -EBADMSG (a message that nobody sends to a
 * loader, another version or size, or too many descriptors) or another
 * -errno. There is nothing to close after a failure.
 */
int message_receive(int fd, struct message *message);

/* message_close: closes the descriptors that came. */
void message_close(struct message *message);

#endif
