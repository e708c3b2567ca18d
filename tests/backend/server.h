/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test backend's HTTP/1.1 server: connections, requests, and the way out
 * for answers. What the paths answer is answers.c.
 */
#ifndef TESTS_BACKEND_SERVER_H
#define TESTS_BACKEND_SERVER_H

#include <llhttp.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "tests/backend/mode.h"

#include "terminator/body.h"
#include "terminator/fields.h"
#include "terminator/text.h"

enum {
	SERVER_CONNECTIONS_MAX = 4096,
	SERVER_HEAD_MAX = 128 * 1024, /* octets of fields in a request */
	SERVER_OUT_MAX = 256 * 1024,  /* octets waiting to be written */
	SERVER_PIECE = 64 * 1024,     /* octets appended at once */
	SERVER_RECORD_MAX = 192 * 1024,
};

struct connection;

/* What a path does. Members may be NULL. */
struct answer {
	const char *path; /* a parameter follows if it ends in "/" */
	/* The header section is there. */
	void (*begin)(struct connection *connection);
	/* A piece of the request body. */
	void (*body)(struct connection *connection, const char *data,
		     size_t size);
	/* The request is there whole. */
	void (*end)(struct connection *connection);
	/* There is room for at least SERVER_PIECE octets, and the answer has
	 * begun (`left` is not 0). */
	void (*produce)(struct connection *connection);
	/* The timer fired. */
	void (*tick)(struct connection *connection);
};

struct server {
	uv_loop_t *loop;
	const char *name;
	struct sockaddr_storage address;
	uv_tcp_t listener;
	bool listener_open; /* until it is closed wholly */
	struct mode mode;
	uint64_t delay_ms; /* before every answer */
	/* NULL, or the server that this one controls by /control. */
	struct server *controlled;
	bool records;	      /* notes in `received` */
	struct text received; /* all octets, the first SERVER_RECORD_MAX */
	struct connection *connections; /* list */
	size_t count;
};

struct connection {
	struct connection *prev;
	struct connection *next;
	struct server *server;
	uv_tcp_t tcp;
	uv_timer_t timer;
	uv_write_t write;
	unsigned handles; /* not yet closed */
	bool closing;

	/* The request. */
	llhttp_t parser;
	struct text target;
	struct text name; /* of the field that is read */
	struct text value;
	struct field_list fields;
	struct field_list trailers;
	bool head_done;
	bool delayed; /* the timer lets the answer begin */
	bool request_done;
	bool keep_alive;
	bool reading;
	bool stalled;	       /* the body stays unread */
	struct text pipelined; /* octets behind the request */
	char input[SERVER_PIECE];

	/* The answer. */
	const struct answer *answer;
	uint64_t parameters[2]; /* from the path */
	uint64_t position;	/* of the body octet that comes next */
	uint64_t left;		/* body octets to be produced */
	uint64_t hash;		/* of the body so far */
	bool chunked;
	bool finished; /* all of the answer is in `out` */
	bool resets;   /* a connection that ends does so with a RST */
	bool writing;
	struct body out;
};

/* server_start listens on the address. Returns 0 or -errno. */
int server_start(struct server *server, uv_loop_t *loop,
		 const struct sockaddr_storage *address, const char *name);

/* server_stop closes all; the loop then has no handles of the server's. */
void server_stop(struct server *server);

/* server_set_mode has all requests that come from now on answered so. */
void server_set_mode(struct server *server, const struct mode *mode);

/* connection_put appends octets of the answer, as they are. */
void connection_put(struct connection *connection, const void *data,
		    size_t size);

/* connection_print appends text. */
void connection_print(struct connection *connection, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* connection_put_body appends body octets, as one chunk if `chunked`. */
void connection_put_body(struct connection *connection, const void *data,
			 size_t size);

/* connection_finish tells that the answer is whole. */
void connection_finish(struct connection *connection);

/* connection_wait has `tick` called in so many milliseconds. */
void connection_wait(struct connection *connection, uint64_t ms);

/* connection_pump writes and reads what can be. To be called after a tick or
 * any other call that comes from the loop. */
void connection_pump(struct connection *connection);

/* connection_close closes the connection, with a RST if `reset`. */
void connection_close(struct connection *connection, bool reset);

/* answer_find finds what the connection's target asks for and reads its
 * parameters; never NULL. */
const struct answer *answer_find(struct connection *connection);

#endif
