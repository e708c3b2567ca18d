/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The terminator's end of the loader's control socket (quicsteer/control.h):
 * registers, notices when the loader is gone, and registers again with the same
 * slot and server ID when it is back.
 */
#ifndef TERMINATOR_CONTROL_H
#define TERMINATOR_CONTROL_H

#include <stdbool.h>
#include <sys/un.h>
#include <uv.h>

#include "quicsteer/control.h"
#include "quicsteer/counters.h"

struct control {
	uv_loop_t *loop;
	struct sockaddr_un address; /* of the loader's socket */
	char name[QS_NAME_SIZE];
	int fd; /* -1 while the loader is away */
	uv_poll_t poll;
	bool polling;
	bool registered; /* WELCOME has come on this socket */
	uv_timer_t retry;
	bool closing;
	bool draining; /* the loader knows, or is to be told */
	struct qs_welcome welcome;
	/* Ours since the first registration, by port_index; -1: none. */
	int udp_fds[QS_MAX_PORTS];
	bool has_sockets; /* these are there */
	/* A file with the loader's self-signed certificate; -1: none. */
	int certificate_fd;
	/* Mapped at addresses that stay the same over a loader's restart. */
	const struct qs_terminator *terminators;
	struct qs_terminator_stats *all_stats;
	struct qs_terminator_stats *stats; /* our row */
	const struct qs_backend *backends; /* QS_MAX_BACKENDS */
	struct qs_trials *trials;	   /* likewise */
	struct qs_proxy_stats *proxy;	   /* our row */
	/* All to be set before control_start. */
	/* The loader is gone; we wait for it. */
	void (*on_lost)(void *user);
	/* The loader will not have us back: nothing reaches us any more. */
	void (*on_refused)(void *user, const char *reason);
	/* A newer process has our name: drain and end. */
	void (*on_drain)(void *user);
	/* Check, apply or discard a configuration, or take the certificate.
	 * `result`, of zeros but for its header, is sent after the first two.
	 */
	void (*on_reload)(void *user, enum qs_reload_phase phase,
			  struct qs_result *result);
	/* Use other CID configurations. Returns 0, or -errno: it goes on with
	 * those that it has. */
	int (*on_configs)(void *user, const struct qs_configs *configs);
	/* Ticket secrets have changed, or may have while the loader was away.
	 */
	void (*on_secrets)(void *user, const struct qs_secrets *secrets);
	/* Serve on the socket `fd` from now on, or on none if it is -1.
	 * Returns 0, after which it is given away, or -errno. */
	int (*on_socket)(void *user, unsigned index, int fd);
	/* ICMP errors came that may be about connections of ours. */
	void (*on_icmp)(void *user, const struct qs_icmp_errors *errors);
	/* Accept from the listening socket `fd` from now on, or from none of
	 * this key if it is -1. Returns 0, after which it is given away, or
	 * -errno. */
	int (*on_listener)(void *user, const struct qs_listener_key *key,
			   int fd);
	/* The loader is back: give it what listening sockets there are. */
	void (*on_back)(void *user);
	/* List all connections on the pipe `fd`, which is given away. */
	void (*on_connections)(void *user, int fd);
	void *user;
};

/*
 * control_register registers as `name` and waits for the answer, at most
 * `timeout_ms` for the loader to be there. On success control->welcome,
 * udp_fds, certificate_fd, terminators and stats are set. Returns 0, or -errno
 * with `*error` pointing to a message.
 */
int control_register(struct control *control, const char *path,
		     const char *name, uint64_t timeout_ms, const char **error);

/* control_start watches the loader from now on, on the loop. */
int control_start(struct control *control, uv_loop_t *loop);

/* control_drain asks the loader for no more new connections, again whenever
 * it comes back. */
void control_drain(struct control *control);

/* control_give_listener hands a listening socket, which stays ours, back to a
 * loader that may have lost it. */
void control_give_listener(struct control *control,
			   const struct qs_listener_key *key, int fd);

/* control_close ends the registration; the loop must run on for the close
 * callbacks. */
void control_close(struct control *control);

#endif
