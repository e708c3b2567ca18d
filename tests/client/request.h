/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One request as the command line asked for it, and one such request under way:
 * the making of its body and the check of the response. No I/O.
 */
#ifndef TESTS_CLIENT_REQUEST_H
#define TESTS_CLIENT_REQUEST_H

#include <jansson.h>
#include <nghttp3/nghttp3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/backend/pattern.h"

enum {
	REQUEST_FIELDS_MAX = 8,
	REQUEST_NAME_SIZE = 64,	  /* of a terminator, with its NUL */
	REQUEST_KEPT_MAX = 512,	  /* octets of an unchecked response body */
	REQUEST_VALUE_SIZE = 256, /* of a field or cookie, with its NUL */
};

/* What to ask for and what to expect. */
struct request_plan {
	const char *method;
	const char *path; /* "%u" in it becomes the connection's number */
	const char *field_names[REQUEST_FIELDS_MAX];
	const char *field_values[REQUEST_FIELDS_MAX]; /* "%u" as in path */
	size_t field_count;
	bool has_body;
	uint64_t body_size;  /* of the request; the pattern */
	bool trailers;	     /* send a trailer section behind the body */
	unsigned int status; /* expected; 0: any of class 2xx */
	bool checked;	     /* the response body must be the pattern */
	uint64_t size;	     /* expected size of it, UINT64_MAX: any */
	uint64_t cancel_at;  /* cancel after so many octets; 0: never */
	bool reset_expected; /* the stream must be reset by the server */
};

struct request {
	const struct request_plan *plan;
	int64_t stream;
	unsigned int interim; /* 1xx responses so far */
	unsigned int status;
	char terminator[REQUEST_NAME_SIZE]; /* from the last via field */
	char server[REQUEST_NAME_SIZE];	    /* the server field */
	char backend[REQUEST_NAME_SIZE];    /* the x-backend field */
	char cookie[REQUEST_VALUE_SIZE]; /* NAME=VALUE of the last set-cookie */
	uint64_t received;		 /* octets of response body */
	uint64_t credit_owed; /* of these, not yet given back as window */
	char kept[REQUEST_KEPT_MAX + 1]; /* the first of them */
	uint8_t *ring; /* request body between made and acknowledged */
	size_t ring_size;
	uint64_t made, acked;
	uint64_t sum; /* FNV-1a of what was made */
	bool waits;   /* no body octets now: the pace or the ring's size */
	bool cancelled, finished;
	bool refused; /* by GOAWAY: to be made again elsewhere */
	bool again;   /* it is done, and to be made again on this connection */
	uint64_t started_ns;
	json_t *log; /* NULL, or the response for --show */
};

/* request_begin makes ready for `plan`. `show`: keep a log. Returns 0 or
 * -ENOMEM. */
int request_begin(struct request *request, const struct request_plan *plan,
		  bool show);

/* request_end frees what the request holds. */
void request_end(struct request *request);

/* request_expand writes a text of the plan for a connection's number, which
 * takes the place of "%u". */
void request_expand(const char *text, uint32_t number, char *expanded,
		    size_t size);

/* request_header takes in one field of the response's header, interim header
 * or trailer section. Neither string is NUL terminated. */
void request_header(struct request *request, nghttp3_vec name,
		    nghttp3_vec value, bool trailer);

/* request_body takes in body octets of the response. Returns NULL, or what is
 * wrong with them. */
const char *request_body(struct request *request, const uint8_t *data,
			 size_t size);

/* request_verdict judges the whole response. `closed_with_code` tells that the
 * stream was reset. Writes what is wrong into `reason` and returns -1, or
 * returns 0. */
int request_verdict(const struct request *request, bool closed_with_code,
		    uint64_t code, char *reason, size_t size);

/* request_upload_is_checked tells whether the response proves by a checksum
 * that the request body arrived as it was. */
bool request_upload_is_checked(const struct request *request);

/* request_make gives the next contiguous octets of the request body, at most
 * `limit`. An empty vector: the ring is full, or the body is all made. */
nghttp3_vec request_make(struct request *request, uint64_t limit);

/* request_acked frees `size` octets of the ring. */
void request_acked(struct request *request, uint64_t size);

#endif
