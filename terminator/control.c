/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "loader/lib/log.h"
#include "terminator/control_maps.h"
#include "terminator/control_messages.h"
#include "terminator/control_sockets.h"

enum {
	RECONNECT_MS = 50,
	ANSWER_TIMEOUT_MS = 5000,
};

static int connect_loader(const struct control *control)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)&control->address,
		    sizeof(control->address))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* Sends a HELLO: a new one, or one that resumes and shows our UDP sockets. */
static int send_hello(struct control *control)
{
	struct qs_hello hello = {
		.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
			   QS_MESSAGE_HELLO},
	};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int) * QS_MAX_PORTS)];
	} ancillary;
	struct iovec vector = {&hello, sizeof(hello)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};
	int fds[QS_MAX_PORTS], count;

	memcpy(hello.name, control->name, sizeof(hello.name));
	if (control->has_sockets) {
		count = control_collect_sockets(control, fds);
		hello.flags = QS_HELLO_RESUME |
			      (control->draining ? QS_HELLO_LEAVING : 0);
		hello.slot = control->welcome.slot;
		hello.instance = control->welcome.instance;
		message.msg_control = &ancillary;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		ancillary.header.cmsg_level = SOL_SOCKET;
		ancillary.header.cmsg_type = SCM_RIGHTS;
		ancillary.header.cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(&ancillary.header), fds, sizeof(int) * count);
	}
	if (sendmsg(control->fd, &message, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

static int take_welcome(struct control *control,
			const struct qs_welcome *welcome, const int *fds,
			size_t fd_count)
{
	size_t expected = QS_WELCOME_SOCKET;
	int err;

	if (!control->has_sockets)
		expected += control_count_ports(welcome);
	if (fd_count != expected || welcome->slot >= QS_MAX_TERMINATORS)
		return -EPROTO;
	control->welcome = *welcome;
	err = control_map_all(control, fds);
	if (err)
		return err;
	if (control->has_sockets)
		control_drop_sockets(control);
	else
		control_take_sockets(control, fds + QS_WELCOME_SOCKET);
	control_close_fds(fds, QS_WELCOME_SOCKET);
	return 0;
}

/* While it registers: returns 0, or -errno; -EACCES with a reason means that we
 * were refused. */
static int take_answer(struct control *control,
		       const union control_message *answer, unsigned type,
		       const int *fds, size_t fd_count, const char **error)
{
	static char reason[sizeof(((struct qs_refused *)0)->reason)];

	*error = "the loader's answer is not understood (another version?)";
	switch (type) {
	case QS_MESSAGE_WELCOME:
		return take_welcome(control, &answer->welcome, fds, fd_count);
	case QS_MESSAGE_REFUSED:
		memcpy(reason, answer->refused.reason, sizeof(reason));
		reason[sizeof(reason) - 1] = 0;
		*error = reason;
		return -EACCES;
	default:
		return -EPROTO;
	}
}

/* Whether it is a CERTIFICATE, which may come before the answer and later; its
 * descriptor is taken. */
static bool take_certificate(struct control *control, unsigned type,
			     const int *fds, size_t fd_count)
{
	if (type != QS_MESSAGE_CERTIFICATE || fd_count != 1)
		return false;
	if (control->certificate_fd >= 0)
		close(control->certificate_fd);
	control->certificate_fd = fds[0];
	return true;
}

static int read_answer(struct control *control, const char **error)
{
	union control_message answer;
	int fds[QS_WELCOME_DESCRIPTORS];
	size_t fd_count;
	unsigned type;
	ssize_t n;
	int err;

	do {
		n = control_receive(control->fd, &answer, fds, &fd_count);
		if (n <= 0) {
			*error = n ? strerror((int)-n) : "the loader hung up";
			return n ? (int)n : -ECONNRESET;
		}
		type = control_message_type(&answer, (size_t)n);
	} while (take_certificate(control, type, fds, fd_count));
	err = take_answer(control, &answer, type, fds, fd_count, error);
	explicit_bzero(&answer, sizeof(answer));
	if (err)
		control_close_fds(fds, fd_count);
	return err;
}

static void sleep_ms(uint64_t ms)
{
	struct timespec time = {.tv_sec = (time_t)(ms / 1000),
				.tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}

static int wait_for_loader(const struct control *control, uint64_t timeout_ms)
{
	uint64_t end = uv_hrtime() + timeout_ms * 1000000;
	int fd;

	for (;;) {
		fd = connect_loader(control);
		if (fd >= 0 || (fd != -ENOENT && fd != -ECONNREFUSED) ||
		    uv_hrtime() >= end)
			return fd;
		sleep_ms(RECONNECT_MS);
	}
}

int control_register(struct control *control, const char *path,
		     const char *name, uint64_t timeout_ms, const char **error)
{
	static char message[256];
	struct timeval answer_timeout = {.tv_sec = ANSWER_TIMEOUT_MS / 1000};
	int err;

	memset(control, 0, sizeof(*control));
	memset(control->udp_fds, 0xff, sizeof(control->udp_fds)); /* -1 */
	control->certificate_fd = -1;
	snprintf(control->name, sizeof(control->name), "%s", name);
	if (strlen(path) >= sizeof(control->address.sun_path)) {
		*error = "the path of the loader's socket is too long: at most "
			 "107 octets";
		return -ENAMETOOLONG;
	}
	control->address.sun_family = AF_UNIX;
	strcpy(control->address.sun_path, path);
	control->fd = wait_for_loader(control, timeout_ms);
	if (control->fd < 0) {
		snprintf(message, sizeof(message),
			 "%s: no loader answers there: %s", path,
			 strerror(-control->fd));
		*error = message;
		return control->fd;
	}
	setsockopt(control->fd, SOL_SOCKET, SO_RCVTIMEO, &answer_timeout,
		   sizeof(answer_timeout));
	err = send_hello(control);
	if (err)
		*error = strerror(-err);
	else
		err = read_answer(control, error);
	if (err)
		close(control->fd);
	else
		control->registered = true;
	return err;
}

static void send_drain(struct control *control)
{
	struct qs_drain drain = {
		.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
			   QS_MESSAGE_DRAIN},
	};

	if (send(control->fd, &drain, sizeof(drain), MSG_NOSIGNAL) < 0)
		log_warn("the loader cannot be told of the drain: %s",
			 strerror(errno));
}

static void reconnect(uv_timer_t *timer);

static void on_poll_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;

	control->polling = false;
	close(control->fd);
	control->fd = -1;
	if (!control->closing)
		uv_timer_start(&control->retry, reconnect, RECONNECT_MS, 0);
}

static void disconnect(struct control *control)
{
	if (!uv_is_closing((uv_handle_t *)&control->poll))
		uv_close((uv_handle_t *)&control->poll, on_poll_closed);
}

/* The loader is gone, or cannot be understood: it is tried again. */
static void lose(struct control *control, const char *why)
{
	control->stats->counters.loader_lost++;
	control->registered = false;
	log_info("the loader is gone (%s): connections go on, waiting for it",
		 why);
	disconnect(control);
	control->on_lost(control->user);
}

static void on_back(struct control *control, int err, const char *error)
{
	if (err == -EACCES) {
		disconnect(control);
		control->closing = true;
		control->on_refused(control->user, error);
		return;
	}
	if (err) {
		lose(control, error);
		return;
	}
	control->registered = true;
	log_info("the loader is back: slot %u, instance %u kept",
		 control->welcome.slot, control->welcome.instance);
	if (control->draining)
		send_drain(control);
	control->on_secrets(control->user, &control->welcome.secrets);
	control->on_back(control->user);
}

static void on_reload(struct control *control, enum qs_reload_phase phase)
{
	static struct qs_result result; /* too large for a stack */

	memset(&result, 0, sizeof(result));
	result.header = (struct qs_message_header){
		QS_CONTROL_MAGIC, QS_CONTROL_VERSION, QS_MESSAGE_RESULT};
	control->on_reload(control->user, phase, &result);
	if (phase == QS_RELOAD_DISCARD || phase == QS_RELOAD_CERTIFICATE)
		return;
	if (send(control->fd, &result, sizeof(result), MSG_NOSIGNAL) < 0)
		log_warn("the loader cannot be told of the reload: %s",
			 strerror(errno));
}

static void on_configs(struct control *control,
		       const struct qs_configs *configs)
{
	struct qs_configs_taken taken = {
		.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
			   QS_MESSAGE_CONFIGS_TAKEN},
		.generation = configs->generation,
		.failed = control->on_configs(control->user, configs) != 0,
	};

	if (send(control->fd, &taken, sizeof(taken), MSG_NOSIGNAL) < 0)
		log_warn("the loader cannot be told that its CID "
			 "configurations are in use: %s",
			 strerror(errno));
}

/* A message after registration. */
static void on_message(struct control *control,
		       const union control_message *answer, unsigned type,
		       const int *fds, size_t fd_count)
{
	int err;

	switch (type) {
	case QS_MESSAGE_DRAIN:
		control->draining = true;
		control->on_drain(control->user);
		break;
	case QS_MESSAGE_RELOAD:
		on_reload(control, answer->reload.phase);
		break;
	case QS_MESSAGE_SOCKET:
		err = control_change_socket(control, &answer->socket, fds,
					    fd_count);
		if (!err)
			return;
		log_error("a change of the UDP sockets failed: %s",
			  strerror(-err));
		break;
	case QS_MESSAGE_LISTENER:
		err = control_change_listener(control, &answer->listener, fds,
					      fd_count);
		if (!err)
			return;
		log_error("a change of the TCP sockets failed: %s",
			  strerror(-err));
		break;
	case QS_MESSAGE_CONFIGS:
		on_configs(control, &answer->configs);
		break;
	case QS_MESSAGE_SECRETS:
		control->on_secrets(control->user, &answer->changed.secrets);
		break;
	case QS_MESSAGE_ICMP:
		control->on_icmp(control->user, &answer->icmp);
		break;
	case QS_MESSAGE_CONNECTIONS:
		if (fd_count == 1) {
			control->on_connections(control->user, fds[0]);
			return;
		}
		/* fallthrough */
	default:
		log_warn("a message of the loader is not understood: type %u",
			 answer->header.type);
	}
	control_close_fds(fds, fd_count);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct control *control = poll->data;
	union control_message answer;
	int fds[QS_WELCOME_DESCRIPTORS];
	size_t fd_count;
	const char *error;
	unsigned type;
	ssize_t n;
	int err;

	(void)status;
	(void)events;
	n = control_receive(control->fd, &answer, fds, &fd_count);
	if (n == -EAGAIN || n == -EINTR)
		return;
	if (n <= 0) {
		lose(control, n ? strerror((int)-n) : "it closed its socket");
		return;
	}
	type = control_message_type(&answer, (size_t)n);
	if (take_certificate(control, type, fds, fd_count))
		return;
	if (control->registered) {
		on_message(control, &answer, type, fds, fd_count);
	} else {
		err = take_answer(control, &answer, type, fds, fd_count,
				  &error);
		if (err)
			control_close_fds(fds, fd_count);
		on_back(control, err, error);
	}
	explicit_bzero(&answer, sizeof(answer));
}

static int watch(struct control *control)
{
	int err = uv_poll_init(control->loop, &control->poll, control->fd);

	if (err)
		return err;
	control->poll.data = control;
	control->polling = true;
	return uv_poll_start(&control->poll, UV_READABLE | UV_DISCONNECT,
			     on_readable);
}

static void reconnect(uv_timer_t *timer)
{
	struct control *control = timer->data;

	control->fd = connect_loader(control);
	if (control->fd >= 0 && !send_hello(control) && !watch(control))
		return;
	if (control->fd >= 0)
		close(control->fd);
	control->fd = -1;
	uv_timer_start(timer, reconnect, RECONNECT_MS, 0);
}

int control_start(struct control *control, uv_loop_t *loop)
{
	control->loop = loop;
	uv_timer_init(loop, &control->retry);
	control->retry.data = control;
	return watch(control);
}

void control_drain(struct control *control)
{
	control->draining = true;
	/* Without a loader it is sent when the loader is back. */
	if (control->fd >= 0)
		send_drain(control);
}

void control_close(struct control *control)
{
	control->closing = true;
	if (control->certificate_fd >= 0)
		close(control->certificate_fd);
	control->certificate_fd = -1;
	uv_close((uv_handle_t *)&control->retry, NULL);
	if (control->polling)
		disconnect(control);
}
