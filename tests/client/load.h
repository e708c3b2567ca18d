/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * h3load's connections: when each begins, what it does between its rounds, how
 * it moves, and what came of it.
 */
#ifndef TESTS_CLIENT_LOAD_H
#define TESTS_CLIENT_LOAD_H

#include "tests/client/http.h"
#include "tests/client/options.h"

enum entry_state {
	ENTRY_WAITING,
	ENTRY_RUNNING,
	ENTRY_BETWEEN, /* two connections: the server sent GOAWAY */
	ENTRY_ENDED,
	ENTRY_FREED,
};

struct load;

/* A client; "connection" in options and output, though GOAWAY can make it go
 * on over several. */
struct entry {
	struct http_session session;
	struct load *load;
	uint32_t number;
	enum entry_state state;
	uv_timer_t step; /* to the next round, or the end */
	uint64_t started_ns;
	uint64_t round_ns; /* when the last round began, 0: the first */
	unsigned int reconnects;
	json_t *terminators; /* names, of each connection so far */
	json_t *backends;    /* {name: requests} */
	bool confirmed, rebound, migrated;
	unsigned int ports[2]; /* local, before and after the rebinding */
};

struct load_totals {
	unsigned int begun, ended, ok;
	uint64_t requests, received, sent, sends_refused;
	uint64_t requests_failed;
	uint64_t request_ns, slowest_ns; /* of requests that did well */
	uint64_t goaways, reconnects;
	uint64_t handshake_ns; /* sum over completed handshakes */
	unsigned int handshakes;
};

struct load {
	const struct load_options *options;
	uv_loop_t loop;
	uv_timer_t tick;    /* begins connections, paces, moves */
	uv_timer_t timeout; /* of the whole run */
	uv_signal_t progress_signal, stop_signal, hurry_signal;
	struct connection_options connection;
	struct http_options http;
	struct entry *entries;
	size_t entry_count;
	size_t next;	     /* entry to begin */
	bool stopping;	     /* nothing more is begun */
	uint64_t hurried_ns; /* when pace and hold were lifted, 0: not yet */
	double unpaced_s;    /* whose octets nobody was given yet */
	double allowance;    /* connections that the rate lets begin now */
	uint64_t last_tick_ns, started_ns;
	struct load_totals totals;
	json_t *requests_failed;	    /* {reason: how many} */
	json_t *by_backend, *by_terminator; /* {name: requests} */
};

/* load_run runs everything to its end. Returns 0, or -errno when it could not
 * begin. The results are in load->totals and on stdout. */
int load_run(struct load *load, const struct load_options *options);

/* load_end frees the results. */
void load_end(struct load *load);

/* load_stop_when_done closes what keeps the loop running, if all is done. */
void load_stop_when_done(struct load *load);

/* load_receive takes in a datagram of any connection. */
void load_receive(struct udp_endpoint *endpoint,
		  const struct udp_address *sender, const uint8_t *data,
		  size_t size);

/* entry_begin begins a client, with what `predecessor` (NULL: none) was
 * given. */
void entry_begin(struct entry *entry, const struct entry *predecessor);

/* entry_move moves a client's connection if the options want that now. */
void entry_move(struct entry *entry);

/* report_entry prints an ended connection as a line of JSON. */
void report_entry(const struct entry *entry, const char *failed);

/* report_progress prints how many connections are where, as a line of JSON. */
void report_progress(const struct load *load);

/* report_summary prints the totals: JSON, or a line for people. */
void report_summary(const struct load *load);

#endif
