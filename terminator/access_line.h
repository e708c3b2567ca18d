/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One line of the access log. Pure. Whatever the fields hold, a line is one
 * line: JSON as qs_json_text() writes it; in the combined format quotes and
 * backslashes have a backslash before them, and octets that are not printable
 * ASCII are \xHH, as Apache has it.
 */
#ifndef TERMINATOR_ACCESS_LINE_H
#define TERMINATOR_ACCESS_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "quicsteer/counters.h"

enum {
	/* Longer ones are cut: octets of each field. */
	ACCESS_METHOD_MAX = 32,
	ACCESS_AUTHORITY_MAX = 255,
	ACCESS_PATH_MAX = 4096,
	ACCESS_USER_AGENT_MAX = 1024,
	ACCESS_REFERER_MAX = 2048,
	/* Six octets for each of those, and all that is not cut. */
	ACCESS_LINE_MAX = 48 * 1024,
};

#define ACCESS_NO_TIME UINT64_MAX

/* What became of a response. */
enum access_end {
	ACCESS_COMPLETE,
	ACCESS_BROKEN,	  /* we reset the stream: the backend broke off, or the
			     request's body was malformed */
	ACCESS_CANCELLED, /* the client reset it, or its connection ended */
};

struct access_text {
	const char *data; /* NULL: there is none */
	size_t size;
};

struct access_line {
	uint64_t time_ns; /* CLOCK_REALTIME of the request's coming */
	const char *client;
	struct access_text method, authority, path; /* path with query */
	enum qs_protocol protocol;
	bool early_data; /* it came before the handshake was complete */
	unsigned status; /* 0: none was told */
	enum access_end end;
	uint64_t bytes_received; /* octets of the request's body */
	uint64_t bytes_sent;	 /* of the response's body, as sent */
	const char *terminator;	 /* "" is none, here and below */
	const char *pool;
	const char *backend;
	const char *backend_address;
	/* Microseconds, or ACCESS_NO_TIME: until a connection to a backend was
	 * begun or had; until that was made, 0 if it was there; from the
	 * request to the response's header; to its end. */
	uint64_t queue_us, connect_us, first_byte_us, total_us;
	unsigned retries; /* backends or connections that were in vain */
	const char *request_id;
	struct access_text user_agent, referer;
};

/* access_line_json writes a JSON object and a line feed into `to`, which has
 * ACCESS_LINE_MAX octets. Returns the size. */
size_t access_line_json(const struct access_line *line, char *to);

/* access_line_combined writes Apache's combined format likewise; 499 is the
 * status of requests that were given up before one was told. */
size_t access_line_combined(const struct access_line *line, char *to);

#endif
