/* SPDX-License-Identifier: GPL-2.0-only */
/* What probe_tcp.c (the connection) and probe_http.c (what is said on it)
 * share. */
#ifndef HEALTHD_PROBE_PRIVATE_H
#define HEALTHD_PROBE_PRIVATE_H

#include "healthd/expect.h"
#include "healthd/probe.h"

#include <llhttp.h>
#include <stdbool.h>

enum {
	PROBE_HEAD_MAX = 64 * 1024, /* octets before the header's end */
	PROBE_FAILURE_SIZE = 128,
};

struct probe {
	uv_tcp_t tcp;
	uv_timer_t timer; /* of the whole check */
	uv_connect_t connect;
	uv_write_t write;
	int handles; /* that are not closed */
	bool ended;
	const struct qs_config_check *config; /* borrowed */
	const char *host;		      /* borrowed */
	probe_done done;
	void *user;
	const char *waits_for; /* for the message of a timeout */
	int connect_error;     /* uv's, of a connect that failed at once */
	/* HTTP */
	char *request; /* owned */
	llhttp_t parser;
	size_t received;
	bool head_done;
	bool decided;
	char failure[PROBE_FAILURE_SIZE]; /* empty: passed, once decided */
	struct expect_body body;
};

/* probe_end: ends the check with this result (NULL: passed). */
void probe_end(struct probe *probe, const char *failure);

/* probe_http_begin: sends the request on the new connection. */
void probe_http_begin(struct probe *probe);

/* probe_http_free: frees what probe_http_begin made. */
void probe_http_free(struct probe *probe);

#endif
