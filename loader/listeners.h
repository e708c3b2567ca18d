/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The service's listening TCP sockets, which the loader holds for all
 * terminators: at the VIPs for TLS, elsewhere for plain HTTP. Where terminators
 * of an earlier loader hold one, it is taken over when they hand it back, or
 * opened anew when they are gone.
 */
#ifndef QS_LOADER_LISTENERS_H
#define QS_LOADER_LISTENERS_H

#include "loader/client.h"
#include "loader/options.h"

enum { LISTENERS_MAX = QS_MAX_VIPS + QS_CONFIG_MAX_HTTP };

struct listener_slot {
	struct qs_listener_key key;
	int fd; /* owned; -1: not had yet */
};

struct listeners {
	struct control *control; /* borrowed */
	struct listener_slot slots[LISTENERS_MAX];
	size_t count;
	uv_timer_t retry;
	bool started;
};

/*
 * listeners_open: opens what `options` want; what is taken is awaited if there
 * are `terminators` of an earlier loader. Returns 0, or -1 after writing who
 * holds one into `text`, and has closed all.
 */
int listeners_open(struct listeners *listeners, const struct options *options,
		   bool terminators, char *text, size_t size);

/* listeners_start: goes on trying, on `loop`, for those that it lacks. */
void listeners_start(struct listeners *listeners, uv_loop_t *loop,
		     struct control *control);

/* listeners_close: closes all; the loop must then run its close callback. */
void listeners_close(struct listeners *listeners);

/* listeners_send: gives all to a terminator that has registered. Returns 0 or
 * -errno. */
int listeners_send(const struct listeners *listeners,
		   const struct client *client);

/* listeners_given_back: a terminator has this one, whose descriptor stays the
 * caller's. */
void listeners_given_back(struct listeners *listeners,
			  const struct client *client,
			  const struct qs_listener_key *key, int fd);

/*
 * listeners_check: whether listeners_change() can open what `options` want.
 * Returns 0, or -1 after writing who holds one into `text`.
 */
int listeners_check(const struct listeners *listeners,
		    const struct options *options, char *text, size_t size);

/* listeners_change: opens what `options` want, closes what they do not, here
 * and at all terminators. */
void listeners_change(struct listeners *listeners,
		      const struct options *options);

#endif
