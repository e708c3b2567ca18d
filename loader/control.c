/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/control.h"
#include "loader/client.h"
#include "loader/lib/log.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A process that is starting and one that drains, for each slot. */
enum { MAX_CLIENTS = 2 * QS_MAX_TERMINATORS, BACKLOG = 64 };

static int make_parent(const char *path)
{
	char copy[PATH_MAX];

	strncpy(copy, path, sizeof(copy) - 1);
	copy[sizeof(copy) - 1] = '\0';
	if (mkdir(dirname(copy), 0755) < 0 && errno != EEXIST) {
		log_error("cannot make the directory of the control socket %s: "
			  "%s",
			  path, strerror(errno));
		return -1;
	}
	return 0;
}

/* A socket file that nobody listens on any more may go; all else may not. */
static int clear_path(const struct control *control)
{
	const char *path = control->address.sun_path;
	struct stat status;
	int error;

	if (lstat(path, &status) < 0)
		return 0;
	if (!S_ISSOCK(status.st_mode)) {
		log_error("--control %s: there is a file that is no socket",
			  path);
		return -1;
	}
	error = connect(control->listener,
			(const struct sockaddr *)&control->address,
			sizeof(control->address));
	if (!error) {
		log_error("--control %s: another loader listens there", path);
		return -1;
	}
	if (errno != ECONNREFUSED) {
		log_error("--control %s: cannot see whether another loader "
			  "listens there: %s",
			  path, strerror(errno));
		return -1;
	}
	unlink(path);
	return 0;
}

/* A file that is given to another user stays our group's: so our next process,
 * which looks whether anybody listens there, needs no CAP_DAC_OVERRIDE. */
static int bind_listener(const struct control *control, const uid_t *extra_uid)
{
	const char *path = control->address.sun_path;
	mode_t mask = umask(extra_uid ? 0117 : 0177);
	int error = bind(control->listener,
			 (const struct sockaddr *)&control->address,
			 sizeof(control->address));

	if (error)
		error = errno;
	umask(mask);
	if (!error && extra_uid && chown(path, *extra_uid, -1) < 0)
		error = errno;
	if (!error && listen(control->listener, BACKLOG) < 0)
		error = errno;
	if (!error)
		return 0;
	log_error("cannot listen on the control socket %s: %s", path,
		  strerror(error));
	return -1;
}

int control_listen(struct control *control, const char *path,
		   const uid_t *extra_uid)
{
	*control = (struct control){
		.address = {.sun_family = AF_UNIX},
		.extra_user = extra_uid,
		.extra_uid = extra_uid ? *extra_uid : 0,
		.listener = -1,
	};
	if (strlen(path) >= sizeof(control->address.sun_path)) {
		log_error("--control %s: longer than %zu characters", path,
			  sizeof(control->address.sun_path) - 1);
		return -1;
	}
	strcpy(control->address.sun_path, path);
	if (make_parent(path))
		return -1;
	control->listener = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (control->listener < 0) {
		log_error("cannot make a socket: %s", strerror(errno));
		return -1;
	}
	if (clear_path(control) || bind_listener(control, extra_uid)) {
		close(control->listener);
		control->listener = -1;
		return -1;
	}
	return 0;
}

static bool may_register(const struct control *control, uid_t uid)
{
	return uid == 0 || uid == geteuid() ||
	       (control->extra_user && uid == control->extra_uid);
}

static void accept_one(struct control *control, int fd)
{
	struct ucred peer;
	socklen_t length = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) < 0) {
		close(fd);
		return;
	}
	if (!may_register(control, peer.uid)) {
		client_refuse(fd, "this user may not register terminators "
				  "(--terminator-user of the loader)");
		log_warn("refused pid %d: user %u may not register terminators",
			 peer.pid, peer.uid);
		close(fd);
		return;
	}
	if (control->client_count == MAX_CLIENTS) {
		client_refuse(fd, "too many control connections");
		log_warn("refused pid %d: too many control connections",
			 peer.pid);
		close(fd);
		return;
	}
	client_start(control, fd, &peer);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct control *control = poll->data;
	int fd;

	if (status < 0 || !(events & UV_READABLE))
		return;
	while ((fd = accept4(control->listener, NULL, NULL,
			     SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0)
		accept_one(control, fd);
}

int control_start(struct control *control, uv_loop_t *loop,
		  struct registry *registry, struct reload *reload,
		  const struct control_deployment *deployment)
{
	int error;

	control->registry = registry;
	control->reload = reload;
	control->deployment = deployment;
	error = uv_poll_init(loop, &control->poll, control->listener);
	if (error) {
		log_error("cannot watch the control socket: %s",
			  uv_strerror(error));
		return -1;
	}
	control->poll.data = control;
	control->polling = true;
	uv_poll_start(&control->poll, UV_READABLE, on_connection);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct control *control = handle->data;

	close(control->listener);
	control->listener = -1;
}

void control_close(struct control *control)
{
	if (control->listener < 0)
		return;
	unlink(control->address.sun_path);
	while (control->clients)
		client_stop(control->clients);
	if (control->polling)
		uv_close((uv_handle_t *)&control->poll, on_closed);
	else
		on_closed(&(uv_handle_t){.data = control});
}
