/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the upstream stand on: a loop, a router, a front that
 * notes what it is told, and servers that follow a script, all in one thread.
 */
#ifndef TESTS_UNIT_UPSTREAM_BED_H
#define TESTS_UNIT_UPSTREAM_BED_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "terminator/exchange.h"
#include "terminator/router.h"
#include "terminator/text.h"
#include "terminator/upstream.h"

enum { BED_MAX_URLS = 32 };

struct bed {
	uv_loop_t loop;
	uv_timer_t guard;
	bool expired;
	struct router *router;
	struct qs_config_pool options;
	const char *urls[BED_MAX_URLS];
	size_t url_count;
	struct qs_terminator_stats stats;
	uint64_t most_held; /* of stats.gauges.body_bytes_held */
};

/* bed_open makes loop and router; `change` may change the options first. */
void bed_open(struct bed *bed, void (*change)(struct qs_config_pool *));

/* bed_open_bare makes the router without pools. */
void bed_open_bare(struct bed *bed);

/* bed_apply applies options and URLs; bed_add adds a URL first, unless it is
 * wrong. Both return what router_apply_urls does. */
int bed_apply(struct bed *bed);
int bed_add(struct bed *bed, const char *url);

/* bed_close closes the router and asserts that nothing is left in the loop
 * and in the gauges. Servers must be closed before. */
void bed_close(struct bed *bed);

/* bed_run runs the loop until `done(data)`; asserts that it takes less than
 * thirty seconds. */
void bed_run(struct bed *bed, bool (*done)(void *data), void *data);

/* bed_wait runs the loop for so many milliseconds, and some turns more in case
 * the machine was too busy for any. */
void bed_wait(struct bed *bed, unsigned ms);

/* A front and its one exchange. */
struct front {
	struct bed *bed;
	struct exchange *exchange;
	bool hold; /* does not read the response */

	unsigned interims[16];
	unsigned interim_count;
	unsigned status; /* 0 before `head` */
	bool head_end;
	struct text fields; /* "name: value\n" for each */
	struct text body;   /* the first 64 KiB, NUL terminated by front_body */
	uint64_t size;
	uint64_t hash;
	bool pattern; /* the body is the pattern so far */
	bool complete;
	struct text trailers;
	bool broken;
	bool malformed; /* refused at once */

	uint64_t upload_size;
	uint64_t upload_sent;
	uint64_t sent_before_head;
	uint64_t consumed;
	const char *tunnel; /* `:protocol`, of CONNECT; NULL: none */
	bool upload_open;   /* does not end the request by itself */
	bool in_upload;
	int result; /* of the last exchange_request_* */
};

/* front_start begins a request; `target` is "METHOD /path", `fields` pairs of
 * name and value with a NULL at the end, or NULL. With an upload size over 0
 * the body is so many octets of the pattern; with upload_open the end is the
 * test's to tell. Set those and `tunnel` before; all else is set here. */
void front_start(struct front *front, struct bed *bed, const char *target,
		 const char *const *fields);

/* front_take reads and releases `size` octets, all in the first vector. */
void front_take(struct front *front, size_t size);

/* front_read reads and releases what there is of the response. */
void front_read(struct front *front);

/* front_done tells that the exchange has told its last. For bed_run. */
bool front_done(void *front);

/* front_has_head tells that `head` came. For bed_run. */
bool front_has_head(void *front);

/* front_body gives the start of the body as a string. */
const char *front_body(struct front *front);

/* front_has_field tells whether this "name: value" was in the head. */
bool front_has_field(const struct front *front, const char *field);

/* front_free frees the exchange and all else. */
void front_free(struct front *front);

/* What a scripted server does when the octets that came on a connection since
 * its last step contain `until`. */
struct step {
	const char *until;
	const char *reply; /* NULL: nothing */
	enum { STEP_KEEP, STEP_CLOSE, STEP_RESET } then;
};

struct script {
	uv_tcp_t listener;
	const struct step *steps; /* for all connections, in order of time */
	size_t step_count;
	size_t step;	  /* the next one */
	bool repeat;	  /* stays at its step */
	unsigned answers; /* steps taken */
	uint16_t port;
	struct script_peer *peers;
	unsigned connections; /* so far */
	unsigned open;
	uint64_t received; /* octets */
	bool deaf;	   /* reads nothing */
	struct text last;  /* what made the last step come */
};

/* script_listen listens on a free port; script_start also adds it to the bed's
 * router. */
void script_listen(struct script *script, struct bed *bed,
		   const struct step *steps, size_t count);
void script_start(struct script *script, struct bed *bed,
		  const struct step *steps, size_t count);

/* script_is_left tells that no connection is open. For bed_run. */
bool script_is_left(void *script);

/* script_say sends octets on all open connections. */
void script_say(struct script *script, const char *octets);

/* script_close_peers closes all connections, with a RST if `reset`; script_stop
 * the listener too. */
void script_close_peers(struct script *script, bool reset);
void script_stop(struct script *script);

#endif
