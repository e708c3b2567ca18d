/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A terminator that serves: its parts, and what they do when a signal, the
 * loader or the operator wants something of them.
 */
#ifndef TERMINATOR_TERMINATOR_H
#define TERMINATOR_TERMINATOR_H

#include <stdbool.h>
#include <uv.h>

#include "terminator/cid.h"
#include "terminator/control.h"
#include "terminator/drain.h"
#include "terminator/limits.h"
#include "terminator/manager.h"
#include "terminator/options.h"
#include "terminator/quic.h"
#include "terminator/reload.h"
#include "terminator/successor.h"
#include "terminator/tcp.h"
#include "terminator/usage.h"

enum { TERMINATOR_SIGNALS = 5 };

struct terminator {
	char **argv; /* of main, for a hot restart */
	struct options options;
	uv_loop_t loop;
	uv_signal_t signals[TERMINATOR_SIGNALS];
	uv_timer_t heartbeat;
	uint64_t sampled_ns; /* CLOCK_MONOTONIC of the last usage_sample */
	struct usage usage;
	struct manager manager;
	struct control control;
	struct identity identity;
	struct qs_terminator_stats own_stats; /* until the loader gives a row */
	struct qs_terminator_stats *stats;
	const struct qs_wish *wish; /* of our name; NULL without a loader */
	const struct qs_terminator *row; /* ours; likewise */
	struct quic quic;
	struct limits limits;
	struct tcp tcp;
	struct reload reload;
	struct drain drain;
	struct successor successor;
	bool ending;
	int status; /* to exit with */
};

/* terminator_tell_health has the router's page of the health know of the drain
 * and of the loader. */
void terminator_tell_health(struct terminator *t);

/* terminator_serve serves on the UDP sockets that `fds` has by port_index, -1
 * where there is none, and on TCP sockets as they come, until the end. Options,
 * stats, identity, router and the current setup must be there. Returns the exit
 * status. */
int terminator_serve(struct terminator *t, const int fds[QS_MAX_PORTS]);

#endif
