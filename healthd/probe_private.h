/* SPDX-License-Identifier: GPL-2.0-only */
/* What probe_tcp.c (the connection), probe_tls.c and probe_http.c (what is said
 * on it) share. */
#ifndef HEALTHD_PROBE_PRIVATE_H
#define HEALTHD_PROBE_PRIVATE_H

#include "healthd/expect.h"
#include "healthd/probe.h"
#include "terminator/backend_tls.h"

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
	/* TLS */
	struct backend_tls *tls; /* borrowed; NULL: in the clear */
	const char *name;	 /* of the backend's row; borrowed */
	struct tls_link *link;	 /* owned */
	bool is_open;		 /* verified, and the request is sent */
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

/* probe_http_begin: has the new connection say what it has to. */
void probe_http_begin(struct probe *probe);

/* probe_http_ask: sends the request. */
void probe_http_ask(struct probe *probe);

/* probe_http_input: octets of the answer. */
void probe_http_input(struct probe *probe, const char *data, size_t size);

/* probe_http_end: no more come; UV_EOF or another error of libuv's. */
void probe_http_end(struct probe *probe, int error);

/* probe_tls_begin: begins the handshake; when it is done, the request is sent.
 */
void probe_tls_begin(struct probe *probe);

/* probe_tls_send: encrypts and sends. */
void probe_tls_send(struct probe *probe, const char *data, size_t size);

/* probe_tls_input: ciphertext that came. */
void probe_tls_input(struct probe *probe, const char *data, size_t size);

/* probe_tls_free: frees what probe_tls_begin made. */
void probe_tls_free(struct probe *probe);

/* probe_http_free: frees what probe_http_begin made. */
void probe_http_free(struct probe *probe);

#endif
