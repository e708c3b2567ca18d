/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A reload of the configuration by all that runs: the loader and every
 * terminator check the file, and only when all agree do all apply it
 * (quicsteer/control.h). One at a time.
 */
#ifndef QS_LOADER_RELOAD_H
#define QS_LOADER_RELOAD_H

#include "loader/client.h"
#include "loader/live.h"

/* How long the terminators may take to answer, in each of the two phases, and
 * healthd, which reads the file by itself, to follow. */
enum { RELOAD_TIMEOUT_MS = 5000, RELOAD_HEALTHD_MS = 2000 };

struct reload {
	struct control *control; /* borrowed */
	struct live *live;	 /* borrowed */
	uv_timer_t timer;
	bool started;
	enum qs_reload_phase phase; /* REQUEST: none is in progress */
	struct client *operator;    /* who waits for the RESULT, or NULL */
	unsigned int waiting;	    /* terminators whose RESULT is awaited */
	bool applied;		    /* only healthd is waited for */
	__u64 applied_ns;	    /* CLOCK_MONOTONIC */
	struct qs_result result;
};

/* reload_start: reloads can be made on `loop` from now on. */
void reload_start(struct reload *reload, uv_loop_t *loop,
		  struct control *control, struct live *live);

/*
 * reload_begin: begins a reload. Its outcome is logged and, if `operator` is
 * not NULL, sent there as RESULT; at once, if another one is in progress.
 */
void reload_begin(struct reload *reload, struct client *operator);

/* reload_in_progress: whether there is one. */
bool reload_in_progress(const struct reload *reload);

/* reload_certificate: has terminators whose configuration names no certificate
 * take, at once, the one that they were sent. None may be in progress. */
void reload_certificate(const struct reload *reload);

/* reload_answer: a terminator's RESULT. */
void reload_answer(struct reload *reload, struct client *client,
		   const struct qs_result *result);

/* reload_joined: a terminator has registered; it takes part. */
void reload_joined(struct reload *reload, struct client *client);

/* reload_left: a client's connection has ended; nobody waits for it. */
void reload_left(struct reload *reload, struct client *client);

/*
 * reload_close: gives up what is in progress; the terminators then go on as
 * before. The loop must then run until its handle is closed.
 */
void reload_close(struct reload *reload);

#endif
