/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/control_sockets.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "loader/lib/log.h"

int control_collect_sockets(const struct control *control,
			    int fds[QS_MAX_PORTS])
{
	int count = 0, i;

	for (i = 0; i < QS_MAX_PORTS; i++)
		if (control->udp_fds[i] >= 0)
			fds[count++] = control->udp_fds[i];
	return count;
}

size_t control_count_ports(const struct qs_welcome *welcome)
{
	size_t count = 0;
	int i;

	for (i = 0; i < QS_MAX_PORTS; i++)
		count += welcome->ports[i] != 0;
	return count;
}

void control_take_sockets(struct control *control, const int *fds)
{
	int i;

	for (i = 0; i < QS_MAX_PORTS; i++)
		control->udp_fds[i] = control->welcome.ports[i] ? *fds++ : -1;
	control->has_sockets = true;
}

void control_drop_sockets(struct control *control)
{
	int i;

	for (i = 0; i < QS_MAX_PORTS; i++) {
		if (control->welcome.ports[i] || control->udp_fds[i] < 0)
			continue;
		control->on_socket(control->user, (unsigned)i, -1);
		control->udp_fds[i] = -1;
	}
}

int control_change_socket(struct control *control,
			  const struct qs_socket *socket, const int *fds,
			  size_t fd_count)
{
	int fd = fd_count ? fds[0] : -1;
	int err;

	if (fd_count != (socket->port != 0) ||
	    socket->port_index >= QS_MAX_PORTS)
		return -EPROTO;
	err = control->on_socket(control->user, socket->port_index, fd);
	if (!err)
		control->udp_fds[socket->port_index] = fd;
	return err;
}

int control_change_listener(struct control *control,
			    const struct qs_listener *listener, const int *fds,
			    size_t fd_count)
{
	if (fd_count != !listener->gone)
		return -EPROTO;
	return control->on_listener(control->user, &listener->key,
				    fd_count ? fds[0] : -1);
}

void control_give_listener(struct control *control,
			   const struct qs_listener_key *key, int fd)
{
	struct qs_listener content = {
		.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
			   QS_MESSAGE_LISTENER},
		.key = *key,
	};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} ancillary = {};
	struct iovec vector = {&content, sizeof(content)};
	struct msghdr message = {
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary.space),
	};

	ancillary.header.cmsg_level = SOL_SOCKET;
	ancillary.header.cmsg_type = SCM_RIGHTS;
	ancillary.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&ancillary.header), &fd, sizeof(int));
	if (sendmsg(control->fd, &message, MSG_NOSIGNAL) < 0)
		log_warn("a listening socket cannot be handed back: %s",
			 strerror(errno));
}
