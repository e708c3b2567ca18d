/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The control socket: terminators say hello, and their end is noticed here;
 * lbctl asks for a reload or for connections.
 */
#ifndef QS_LOADER_CONTROL_H
#define QS_LOADER_CONTROL_H

#include "loader/registry.h"

#include <sys/un.h>
#include <uv.h>

/* What every WELCOME holds besides slot and instance. */
struct control_deployment {
	struct qs_secrets secrets;
	struct qs_control_cid_config configs[QS_CID_CONFIGS];
	__u8 config_id; /* for new CIDs */
};

struct client;
struct listeners;
struct own_certificate;
struct reload;
struct rotation;

struct control {
	struct registry *registry;   /* borrowed */
	struct reload *reload;	     /* borrowed */
	struct rotation *rotation;   /* borrowed; before control_start */
	struct listeners *listeners; /* likewise */
	struct own_certificate *own; /* likewise */
	const struct control_deployment *deployment; /* borrowed */
	struct sockaddr_un address;
	bool extra_user; /* extra_uid may register, too */
	uid_t extra_uid;
	int listener; /* owned; -1 when closed */
	uv_poll_t poll;
	bool polling;
	struct client *clients; /* list */
	int client_count;
};

/*
 * control_listen: makes the socket at `path`, and the directory it is in.
 * Root and this user may connect, `extra_uid` too if not NULL. Returns 0, or
 * -1 after one message.
 */
int control_listen(struct control *control, const char *path,
		   const uid_t *extra_uid);

/* control_start: serves clients on `loop` from now on. 0 or -1 and message. */
int control_start(struct control *control, uv_loop_t *loop,
		  struct registry *registry, struct reload *reload,
		  const struct control_deployment *deployment);

/*
 * control_close: stops, closes all connections without calling anyone dead,
 * and removes the socket file. If it was started, the loop must run until its
 * handles are closed.
 */
void control_close(struct control *control);

#endif
