/* SPDX-License-Identifier: GPL-2.0-only */
/* The UDP sockets that come and go with control messages. */
#ifndef TERMINATOR_CONTROL_SOCKETS_H
#define TERMINATOR_CONTROL_SOCKETS_H

#include "terminator/control.h"

/* control_collect_sockets borrows all sockets into `fds` and returns their
 * number. */
int control_collect_sockets(const struct control *control,
			    int fds[QS_MAX_PORTS]);

/* control_count_ports returns how many sockets belong to a first WELCOME. */
size_t control_count_ports(const struct qs_welcome *welcome);

/* control_take_sockets keeps those that came with control->welcome. */
void control_take_sockets(struct control *control, const int *fds);

/* control_drop_sockets closes those of ports that went while the loader was
 * away: control->welcome does not have them. */
void control_drop_sockets(struct control *control);

/* control_change_socket serves on a port more, or on one less. Returns 0 and
 * has taken the descriptor if there is one, or -errno. */
int control_change_socket(struct control *control,
			  const struct qs_socket *socket, const int *fds,
			  size_t fd_count);

/* control_change_listener accepts from a TCP socket more, or from one less.
 * Results as control_change_socket. */
int control_change_listener(struct control *control,
			    const struct qs_listener *listener, const int *fds,
			    size_t fd_count);

#endif
