/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * h3load's command line.
 */
#ifndef TESTS_CLIENT_OPTIONS_H
#define TESTS_CLIENT_OPTIONS_H

#include "tests/client/request.h"
#include "tests/client/udp.h"

enum { PLANS_MAX = 1024 };

struct load_options {
	struct udp_address target;
	const char *server_name;
	const char *ca_file; /* NULL: any certificate will do */
	unsigned int connections;
	unsigned int rate;   /* connections begun a second, 0: all at once */
	unsigned int window; /* most that are open at once, 0: all */
	struct request_plan plans[PLANS_MAX];
	size_t plan_count;
	unsigned int rounds;
	bool continuous;
	uint64_t repeats;     /* requests made again at once, by `continuous` */
	uint64_t hold_ms;     /* more rounds until a connection is so old */
	uint64_t interval_ms; /* between rounds */
	unsigned int rebind_percent;  /* 0: never */
	unsigned int migrate_percent; /* 0: never */
	struct udp_address migrate_to;
	bool has_migrate_to;
	bool share_socket;
	bool successors; /* each connection is followed by one with its token */
	bool resume;	 /* ... and its session ticket */
	bool cookies;	 /* send them back, each connection its own */
	bool json, show;
	bool big_hello;
	bool tolerant; /* a connection goes on when a request fails */
	unsigned int timeout_s;
	uint64_t pace;
	uint64_t keepalive_ms, idle_timeout_ms, handshake_timeout_ms;
	unsigned int cid_length;
	uint64_t stream_window, window_size;
	uint32_t version;
};

/* options_parse reads the command line; on a mistake it prints a message and
 * exits with status 2. */
void options_parse(struct load_options *options, int argc, char **argv);

#endif
