/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads what the loader sends (quicsteer/control.h). */
#ifndef TERMINATOR_CONTROL_MESSAGES_H
#define TERMINATOR_CONTROL_MESSAGES_H

#include <stddef.h>
#include <sys/types.h>

#include "quicsteer/control.h"

/* What a loader sends. */
union control_message {
	struct qs_message_header header;
	struct qs_welcome welcome;
	struct qs_refused refused;
	struct qs_drain drain;
	struct qs_reload reload;
	struct qs_connections connections;
	struct qs_socket socket;
	struct qs_listener listener;
	struct qs_configs configs;
	struct qs_icmp_errors icmp;
	struct qs_certificate certificate;
	struct qs_secrets_changed changed;
};

/* control_receive reads one message with its descriptors, which are the
 * caller's. Returns its size, 0 at the loader's end of the socket, or -errno.
 */
ssize_t control_receive(int fd, union control_message *message,
			int fds[QS_WELCOME_DESCRIPTORS], size_t *fd_count);

/* control_message_type returns the type of a message of ours, with the size
 * that it must have; or 0. */
unsigned control_message_type(const union control_message *message,
			      size_t size);

/* control_close_fds closes descriptors that came. */
void control_close_fds(const int *fds, size_t count);

#endif
