/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the parts of the HTTP/1.1 front share: h1_server.c has the connection's
 * life, h1_server_request.c reads requests, h1_server_response.c writes
 * responses.
 */
#ifndef TERMINATOR_H1_SERVER_PRIVATE_H
#define TERMINATOR_H1_SERVER_PRIVATE_H

#include <llhttp.h>

#include "terminator/fields.h"
#include "terminator/h1_server.h"
#include "terminator/h1_target.h"
#include "terminator/tcp_conn.h"
#include "terminator/text.h"
#include "terminator/websocket.h"

enum {
	H1_FIELDS_MAX = 2048,	   /* in one section; no limit is over it */
	H1_DROP_MAX = 1024 * 1024, /* of a body that nobody wants */
};

struct h1_server {
	struct tcp_conn *conn;
	llhttp_t parser;
	struct text unread; /* input that the parser did not take yet */
	size_t unread_at;
	bool paused;  /* the parser, behind a whole request */
	bool closing; /* no request follows */
	bool failed;  /* what follows cannot be read as HTTP */
	bool broken;  /* the response broke off */
	bool draining;
	bool given_up; /* nobody has a request on it: close it */
	bool input_ended;
	enum qs_close_reason reason; /* of an end by us */

	/* The request. */
	struct text method, target, name, value;
	struct field_list fields; /* of the section that is read */
	size_t head_size;
	bool in_head;		     /* its first octet came */
	struct limits_sender sender; /* of the request */
	uint32_t requests;	     /* so far */
	bool head_done;
	bool request_done;
	bool ended;	  /* it has neither body nor trailers */
	unsigned refusal; /* status that a callback of the parser wants */
	struct exchange *exchange;

	/* The response. */
	struct text out; /* sections and chunk ends to be sent */
	size_t out_at;
	bool head_told;
	bool has_body;
	bool chunked;
	bool response_done; /* all of it has been put out */

	/* A WebSocket. */
	bool tunnel; /* is asked for, or: */
	bool tunnel_open;
	bool tunnel_ended; /* the client's side */
	char websocket_key[WEBSOCKET_KEY_SIZE];
};

/* h1_request_init sets up the parser. */
void h1_request_init(struct h1_server *h1);

/* h1_request_feed has the parser take octets, at most `size`; returns how many
 * it took. What is wrong is answered or breaks the response off. */
size_t h1_request_feed(struct h1_server *h1, const char *data, size_t size);

/* h1_request_room tells how many octets may be fed now. */
size_t h1_request_room(const struct h1_server *h1);

/* h1_request_rest_is_long tells that more of the request is still to come than
 * is worth waiting for when nobody wants it. */
bool h1_request_rest_is_long(const struct h1_server *h1);

/* h1_request_next makes ready for the next request; the exchange is freed. */
void h1_request_next(struct h1_server *h1);

/* h1_tunnel_request makes the request one for a tunnel if it is. Returns a
 * status that refuses it, or 0. */
unsigned h1_tunnel_request(struct h1_server *h1,
			   struct exchange_request *request);

/* h1_tunnel_feed passes on octets; returns how many it took: all. */
size_t h1_tunnel_feed(struct h1_server *h1, const char *data, size_t size);

/* h1_tunnel_end ends the client's side, once. */
void h1_tunnel_end(struct h1_server *h1);

/* h1_response_front is what exchanges tell. */
extern const struct exchange_front h1_response_front;

/* h1_response_own answers by itself, with `location` if not NULL, and has the
 * connection end. Breaks off if a response is under way. */
void h1_response_own(struct h1_server *h1, unsigned status,
		     const char *location);

/* h1_response_continue tells the client to send the body (RFC 9110, 10.1.1). */
void h1_response_continue(struct h1_server *h1);

/* h1_response_output is the protocol's. */
size_t h1_response_output(struct h1_server *h1, uint8_t *data, size_t size);

#endif
