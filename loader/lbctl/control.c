/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/control.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

union answer {
	struct qs_message_header header;
	struct qs_refused refused;
	struct qs_result result;
};

static int not_connected(const struct common *common, const char *path,
			 int error)
{
	switch (error) {
	case ENOENT:
	case ECONNREFUSED:
		return no_daemon(common,
				 "quicsteer-loader is not running: nobody "
				 "answers at %s",
				 path);
	case EACCES:
	case EPERM:
		return failed(common, "no permission for %s: run as root",
			      path);
	default:
		return failed(common, "cannot connect to the loader at %s: %s",
			      path, strerror(error));
	}
}

/* Returns a socket, or minus an exit status after one message. */
static int connect_to(const struct common *common, const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd, status;

	if (strlen(path) >= sizeof(address.sun_path))
		return -usage(common, "the path %s is too long for a socket",
			      path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -failed(common, "cannot make a socket: %s",
			       strerror(errno));
	if (!connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	status = not_connected(common, path, errno);
	close(fd);
	return -status;
}

static int send_with(int socket, const void *message, size_t size, int fd)
{
	struct iovec part = {.iov_base = (void *)message, .iov_len = size};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(fd))];
	} control = {};

	if (fd >= 0) {
		struct cmsghdr *ancillary;

		header.msg_control = control.room;
		header.msg_controllen = sizeof(control.room);
		ancillary = CMSG_FIRSTHDR(&header);
		ancillary->cmsg_level = SOL_SOCKET;
		ancillary->cmsg_type = SCM_RIGHTS;
		ancillary->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(ancillary), &fd, sizeof(fd));
	}
	return sendmsg(socket, &header, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* What came is a RESULT, or why it is none is said. */
static int judge(const struct common *common, union answer *answer, size_t size,
		 struct qs_result *ret_result)
{
	const struct qs_message_header *header = &answer->header;

	if (size >= sizeof(*header) && header->magic == QS_CONTROL_MAGIC &&
	    header->version != QS_CONTROL_VERSION)
		return failed(common,
			      "the loader speaks version %u of the control "
			      "protocol and this lbctl version %d: use the one "
			      "that came with the loader",
			      header->version, QS_CONTROL_VERSION);
	if (size < sizeof(*header) || header->magic != QS_CONTROL_MAGIC)
		return failed(common, "what answers is not quicsteer-loader");
	if (header->type == QS_MESSAGE_REFUSED &&
	    size == sizeof(answer->refused)) {
		answer->refused.reason[sizeof(answer->refused.reason) - 1] = 0;
		return failed(common, "the loader refuses: %s",
			      answer->refused.reason);
	}
	if (header->type != QS_MESSAGE_RESULT || size != sizeof(answer->result))
		return failed(common, "the loader's answer makes no sense");
	*ret_result = answer->result;
	ret_result->text[sizeof(ret_result->text) - 1] = '\0';
	return 0;
}

static int receive(const struct common *common, int socket, int timeout_ms,
		   struct qs_result *ret_result)
{
	struct pollfd poll_fd = {.fd = socket, .events = POLLIN};
	union answer answer;
	ssize_t size;
	int ready;

	do
		ready = poll(&poll_fd, 1, timeout_ms);
	while (ready < 0 && errno == EINTR);
	if (!ready)
		return no_daemon(common,
				 "quicsteer-loader has not answered within %d "
				 "s: it hangs, or is very busy",
				 timeout_ms / 1000);
	size = recv(socket, &answer, sizeof(answer), 0);
	if (size < 0)
		return failed(common, "cannot read the loader's answer: %s",
			      strerror(errno));
	if (!size)
		return failed(common,
			      "the loader closed the connection without an "
			      "answer: its log says why");
	return judge(common, &answer, size, ret_result);
}

int control_ask(const struct common *common, const char *path,
		const void *message, size_t size, int fd, int timeout_ms,
		struct qs_result *ret_result)
{
	int socket = connect_to(common, path), status, error;

	if (socket < 0)
		return -socket;
	error = send_with(socket, message, size, fd);
	if (error)
		status = failed(common, "cannot ask the loader: %s",
				strerror(-error));
	else
		status = receive(common, socket, timeout_ms, ret_result);
	close(socket);
	return status;
}
