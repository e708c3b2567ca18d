/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * h3load's connections: when each begins, what it does between its rounds, how
 * it moves, and what came of it.
 */
#ifndef TESTS_CLIENT_LOAD_H
#define TESTS_CLIENT_LOAD_H

#include "tests/client/http.h"
#include "tests/client/options.h"

enum entry_state { ENTRY_WAITING, ENTRY_RUNNING, ENTRY_ENDED, ENTRY_FREED };

struct load;

struct entry {
	struct http_session session;
	struct load *load;
	uint32_t number;
	enum entry_state state;
	uv_timer_t step; /* to the next round, or the end */
	bool confirmed, rebound, migrated;
	unsigned int ports[2]; /* local, before and after the rebinding */
};

struct load_totals {
	unsigned int begun, ended, ok;
	uint64_t requests, received, sent, sends_refused;
	uint64_t handshake_ns; /* sum over completed handshakes */
	unsigned int handshakes;
};

struct load {
	const struct load_options *options;
	uv_loop_t loop;
	uv_timer_t tick;    /* begins connections, paces, moves */
	uv_timer_t timeout; /* of the whole run */
	uv_signal_t progress_signal, stop_signal;
	struct connection_options connection;
	struct http_options http;
	struct entry *entries;
	size_t entry_count;
	size_t next;	  /* entry to begin */
	bool stopping;	  /* nothing more is begun */
	double allowance; /* connections that the rate lets begin now */
	uint64_t last_tick_ns, started_ns;
	struct load_totals totals;
};

/* load_run runs everything to its end. Returns 0, or -errno when it could not
 * begin. The results are in load->totals and on stdout. */
int load_run(struct load *load, const struct load_options *options);

/* report_entry prints an ended connection as a line of JSON. */
void report_entry(const struct entry *entry, const char *failed);

/* report_progress prints how many connections are where, as a line of JSON. */
void report_progress(const struct load *load);

/* report_summary prints the totals: JSON, or a line for people. */
void report_summary(const struct load *load);

#endif
