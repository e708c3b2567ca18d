/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/control.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "loader/lib/log.h"

enum {
	RECONNECT_MS = 50,
	ANSWER_TIMEOUT_MS = 5000,
	MAX_DESCRIPTORS = QS_WELCOME_DESCRIPTORS,
};

/* The kernel rounds values of array maps up to 8 octets. */
static size_t map_size(size_t value_size, size_t count)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t size = (value_size + 7) / 8 * 8 * count;

	return (size + page - 1) / page * page;
}

static int connect_loader(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int err = -errno;

		close(fd);
		return err;
	}
	return fd;
}

/* Sends a HELLO: a new one, or one that resumes and shows our UDP socket. */
static int send_hello(struct control *control)
{
	struct qs_hello hello = {
		.header = {QS_CONTROL_MAGIC, QS_CONTROL_VERSION,
			   QS_MESSAGE_HELLO},
	};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(int))];
	} ancillary;
	struct iovec vector = {&hello, sizeof(hello)};
	struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1};

	memcpy(hello.name, control->name, sizeof(hello.name));
	if (control->udp_fd >= 0) {
		hello.flags = QS_HELLO_RESUME;
		hello.slot = control->welcome.slot;
		hello.instance = control->welcome.instance;
		message.msg_control = &ancillary;
		message.msg_controllen = sizeof(ancillary);
		ancillary.header.cmsg_level = SOL_SOCKET;
		ancillary.header.cmsg_type = SCM_RIGHTS;
		ancillary.header.cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(&ancillary.header), &control->udp_fd,
		       sizeof(int));
	}
	if (sendmsg(control->fd, &message, MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

union answer {
	struct qs_message_header header;
	struct qs_welcome welcome;
	struct qs_refused refused;
};

static void close_all(const int *fds, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		close(fds[i]);
}

/* Reads one message with its descriptors. Returns its size, 0 at the loader's
 * end of the socket, or -errno. */
static ssize_t receive_answer(int fd, union answer *answer,
			      int fds[MAX_DESCRIPTORS], size_t *fd_count)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(MAX_DESCRIPTORS * sizeof(int))];
	} ancillary;
	struct iovec vector = {answer, sizeof(*answer)};
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

/* Maps at *map, or maps anew at the same address, so that pointers stay good.
 * Returns 0 or -errno. */
static int map_again(void *map, size_t size, int protection, int fd,
		     off_t offset)
{
	void *old = *(void **)map;
	void *new = mmap(old, size, protection,
			 MAP_SHARED | (old ? MAP_FIXED : 0), fd, offset);

	if (new == MAP_FAILED)
		return -errno;
	*(void **)map = new;
	return 0;
}

static int map_stats(struct control *control, const int *fds)
{
	struct qs_terminator_stats before = {0};
	bool again = control->stats;
	int err;

	if (again)
		before = *control->stats;
	err = map_again(&control->all_stats,
			map_size(sizeof(struct qs_terminator_stats),
				 QS_MAX_TERMINATORS),
			PROT_READ | PROT_WRITE,
			fds[QS_WELCOME_TERMINATOR_STATS], 0);
	if (err)
		return err;
	control->stats = &control->all_stats[control->welcome.slot];
	/* The maps were lost and made anew: our counts go on. */
	if (again && control->stats->instance != before.instance)
		*control->stats = before;
	control->stats->instance = control->welcome.instance;
	return 0;
}

static int map_all(struct control *control, const int *fds)
{
	size_t row = sizeof(struct qs_proxy_stats);
	int err;

	err = map_again(
		&control->terminators,
		map_size(sizeof(struct qs_terminator), QS_MAX_TERMINATORS),
		PROT_READ, fds[QS_WELCOME_TERMINATORS], 0);
	if (!err)
		err = map_again(
			&control->backends,
			map_size(sizeof(struct qs_backend), QS_MAX_BACKENDS),
			PROT_READ, fds[QS_WELCOME_BACKENDS], 0);
	if (!err)
		err = map_again(
			&control->trials,
			map_size(sizeof(struct qs_trials), QS_MAX_BACKENDS),
			PROT_READ | PROT_WRITE, fds[QS_WELCOME_TRIALS], 0);
	if (!err)
		err = map_again(&control->proxy, row, PROT_READ | PROT_WRITE,
				fds[QS_WELCOME_PROXY_STATS],
				(off_t)(row * control->welcome.slot));
	return err ? err : map_stats(control, fds);
}

static int take_welcome(struct control *control,
			const struct qs_welcome *welcome, const int *fds,
			size_t fd_count)
{
	size_t expected = control->udp_fd >= 0 ? QS_WELCOME_SOCKET
					       : QS_WELCOME_DESCRIPTORS;
	int err;

	if (fd_count != expected || welcome->slot >= QS_MAX_TERMINATORS)
		return -EPROTO;
	control->welcome = *welcome;
	err = map_all(control, fds);
	if (err)
		return err;
	if (expected == QS_WELCOME_DESCRIPTORS) {
		control->udp_fd = fds[QS_WELCOME_SOCKET];
		fd_count = QS_WELCOME_SOCKET;
	}
	close_all(fds, fd_count);
	return 0;
}

/* Returns 0, or -errno; -EACCES with a reason means that we were refused. */
static int read_answer(struct control *control, const char **error)
{
	static char reason[sizeof(((struct qs_refused *)0)->reason)];
	union answer answer;
	int fds[MAX_DESCRIPTORS];
	size_t fd_count;
	ssize_t n = receive_answer(control->fd, &answer, fds, &fd_count);
	int err = -EPROTO;

	*error = "the loader's answer is not understood (another version?)";
	if (n <= 0)
		return n ? (int)n : -ECONNRESET;
	if (n >= (ssize_t)sizeof(answer.header) &&
	    answer.header.magic == QS_CONTROL_MAGIC &&
	    answer.header.version == QS_CONTROL_VERSION) {
		if (answer.header.type == QS_MESSAGE_REFUSED &&
		    n == sizeof(answer.refused)) {
			memcpy(reason, answer.refused.reason, sizeof(reason));
			reason[sizeof(reason) - 1] = 0;
			*error = reason;
			err = -EACCES;
		} else if (answer.header.type == QS_MESSAGE_WELCOME &&
			   n == sizeof(answer.welcome)) {
			err = take_welcome(control, &answer.welcome, fds,
					   fd_count);
		}
	}
	explicit_bzero(&answer, sizeof(answer));
	if (err)
		close_all(fds, fd_count);
	return err;
}

static void sleep_ms(uint64_t ms)
{
	struct timespec time = {.tv_sec = (time_t)(ms / 1000),
				.tv_nsec = (long)(ms % 1000) * 1000000};

	nanosleep(&time, NULL);
}

static int wait_for_loader(const char *path, uint64_t timeout_ms)
{
	uint64_t end = uv_hrtime() + timeout_ms * 1000000;
	int fd;

	for (;;) {
		fd = connect_loader(path);
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
	control->path = path;
	control->udp_fd = -1;
	snprintf(control->name, sizeof(control->name), "%s", name);
	control->fd = wait_for_loader(path, timeout_ms);
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

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct control *control = poll->data;
	const char *error;
	int err;

	(void)status;
	(void)events;
	err = read_answer(control, &error);
	if (err == -EAGAIN)
		return;
	if (!err) {
		log_info("the loader is back: slot %u, instance %u kept",
			 control->welcome.slot, control->welcome.instance);
		if (control->draining)
			send_drain(control);
		return;
	}
	if (err == -EACCES) {
		disconnect(control);
		control->closing = true;
		control->on_refused(control->user, error);
		return;
	}
	control->stats->counters.loader_lost++;
	log_info("the loader is gone: connections go on, waiting for it");
	disconnect(control);
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

	control->fd = connect_loader(control->path);
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
	uv_close((uv_handle_t *)&control->retry, NULL);
	if (control->polling)
		disconnect(control);
}
