/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * HTTP/3 by nghttp3: runs a round of requests, all at once, each on a stream of
 * its own, and may be paced in both directions.
 *
 * A session may go on over another connection when the server sends GOAWAY
 * (RFC 9114, 5.2): requests that the server will answer finish on the old one,
 * no request begins on it any more, and those that it refuses are made again on
 * the next.
 */
#ifndef TESTS_CLIENT_HTTP_H
#define TESTS_CLIENT_HTTP_H

#include "tests/client/connection.h"
#include "tests/client/request.h"

struct http_session;

struct http_options {
	const struct request_plan *plans;
	size_t plan_count;
	const char *authority;
	bool show;     /* keep a log of each response */
	bool cookies;  /* send what the last set-cookie said */
	bool tolerant; /* a request that fails does not fail the connection */
	uint64_t pace; /* octets a second in each direction, 0: no limit */
	/* A request that is done is made again at once, until the session has
	 * done so this often; 0: a round of requests waits for its last. */
	uint64_t repeats;
};

/* What the session tells its owner, mostly from inside ngtcp2: begin rounds
 * and close connections later, from the loop. */
struct http_owner {
	/* A request is done; `failed` is NULL, or what is wrong with it. */
	void (*request_done)(void *user, const struct request *request,
			     const char *failed);
	/* The round's requests are all done (well, or else the connection is
	 * failing). */
	void (*round_done)(void *user);
	/* The server sent GOAWAY, and nothing is under way any more: close the
	 * connection, then perhaps http_connect(). */
	void (*leave)(void *user);
	/* The handshake is confirmed. */
	void (*confirmed)(void *user);
	/* The connection is over; see connection_app.ended. A peer that closed
	 * it after GOAWAY with nothing under way is no failure. */
	void (*ended)(void *user, const char *failed);
};

struct http_session {
	struct connection connection;
	const struct http_options *options;
	const struct http_owner *owner;
	void *user;
	nghttp3_conn *h3;
	struct request *requests; /* options->plan_count of them */
	size_t begun, done;	  /* of this round */
	bool goaway;		  /* seen on this connection */
	int64_t goaway_id;	  /* streams from here on are refused */
	uint64_t goaways;	  /* connections on which it was seen */
	uint64_t rounds;	  /* finished */
	uint64_t repeated;	  /* requests that were made again at once */
	uint64_t requests_done;
	uint64_t uploads_checked;	    /* by the backend's checksum */
	uint64_t body_received, body_acked; /* octets, of all requests */
	uint64_t down_budget, up_budget;    /* octets that the pace allows */
	char terminator[REQUEST_NAME_SIZE]; /* "" until the first response */
	char cookie[REQUEST_VALUE_SIZE];    /* the last; "": none yet */
	unsigned int cookies_set;
	json_t *log; /* array, or NULL */
};

/* http_start makes a session without a connection. Returns 0 or -ENOMEM. */
int http_start(struct http_session *session, const struct http_options *options,
	       const struct http_owner *owner, void *user);

/* http_connect connects, for the first time or after http_leave(), and begins
 * the round's requests when the handshake is done. Takes over the endpoint's
 * hold. Returns 0 or -errno. */
int http_connect(struct http_session *session, uint32_t number,
		 const struct connection_options *connection,
		 struct udp_endpoint *endpoint);

/* http_leave forgets the connection, which must be over, and keeps the rest of
 * the round for the next one. */
void http_leave(struct http_session *session);

/* http_round begins another round. */
void http_round(struct http_session *session);

/* http_tick lets `octets` more pass in each direction of a paced session. */
void http_tick(struct http_session *session, uint64_t octets);

/* http_percent tells how much of the round's bodies has passed, 0 to 100. */
unsigned int http_percent(const struct http_session *session);

/* http_in_flight tells whether a response body that has begun is unfinished,
 * and whether a request body is. */
void http_in_flight(const struct http_session *session, bool *ret_download,
		    bool *ret_upload);

/* http_free frees the session's memory, not its connection's. */
void http_free(struct http_session *session);

#endif
