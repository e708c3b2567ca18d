/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/goaway.h"

#include <utlist.h>

#include "terminator/conn.h"
#include "terminator/drain.h"
#include "terminator/h3.h"
#include "terminator/limits.h"
#include "terminator/quic.h"

/* For requests that cross the first GOAWAY; more, if the path is slow. */
#define NOTICE_NS (1000 * NGTCP2_MILLISECONDS)
/* From the handshake's end to the first GOAWAY. */
#define FRESH_NS (500 * NGTCP2_MILLISECONDS)

static uint64_t round_trips_ns(const struct conn *conn, unsigned count)
{
	ngtcp2_conn_info info;

	ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
	return count * info.smoothed_rtt;
}

static void advance(struct conn *conn, enum goaway_state state, uint64_t now_ns)
{
	h3_goaway(conn->h3, state == GOAWAY_LAST);
	conn->goaway = state;
	conn->goaway_ns = now_ns;
	conn_mark(conn);
}

static bool has_made_all_requests(const struct conn *conn)
{
	uint32_t most = conn->quic->limits->options.connection_requests;

	return most && conn->requests >= most;
}

/* Its configuration is too old, or it has lived long enough. */
static bool is_to_leave(const struct conn *conn)
{
	return conn->quic->identity->leave >> conn->config_id & 1 ||
	       has_made_all_requests(conn);
}

static bool is_fresh(const struct conn *conn, uint64_t now_ns)
{
	uint64_t age_ns = now_ns - conn->handshake_ns;

	return age_ns < (conn->requests ? FRESH_NS : DRAIN_UNUSED_NS);
}

static void count_last_request(struct conn *conn)
{
	conn->quic->stats->counters.limit_connection_requests++;
}

static void step(struct conn *conn, uint64_t now_ns)
{
	uint64_t notice_ns;

	if (conn->state != CONN_ACTIVE || !conn->h3 || !conn->handshake_done)
		return;
	switch (conn->goaway) {
	case GOAWAY_NONE:
		if ((!conn->quic->draining && !is_to_leave(conn)) ||
		    is_fresh(conn, now_ns))
			break;
		if (has_made_all_requests(conn))
			count_last_request(conn);
		advance(conn, GOAWAY_NOTICED, now_ns);
		break;
	case GOAWAY_NOTICED:
		notice_ns = round_trips_ns(conn, 3);
		if (notice_ns < NOTICE_NS)
			notice_ns = NOTICE_NS;
		if (now_ns - conn->goaway_ns >= notice_ns)
			advance(conn, GOAWAY_LAST, now_ns);
		break;
	case GOAWAY_LAST:
		/* conn_write() closes it. */
		if (goaway_is_done(conn, now_ns))
			conn_mark(conn);
		else if (is_to_leave(conn) &&
			 now_ns - conn->goaway_ns >=
				 conn->quic->options.drain_timeout_ns)
			conn_close_well(conn, QS_CLOSE_drained);
		break;
	}
}

void goaway_begin(struct quic *quic)
{
	quic->draining = true;
	goaway_step(quic);
}

void goaway_undo(struct quic *quic)
{
	quic->draining = false;
}

void goaway_step(struct quic *quic)
{
	uint64_t now_ns = uv_hrtime();
	struct conn *conn, *next;

	DL_FOREACH_SAFE (quic->conns, conn, next)
		step(conn, now_ns);
}

bool goaway_is_done(const struct conn *conn, uint64_t now_ns)
{
	return conn->goaway == GOAWAY_LAST && h3_drained(conn->h3) &&
	       now_ns - conn->goaway_ns >= round_trips_ns(conn, 2);
}
