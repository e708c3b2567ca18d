/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/conn.h"
#include "terminator/h3.h"
#include "terminator/h3_stream.h"
#include "terminator/quic.h"

/* Nothing of the whole connection gets on, for want of window or of
 * acknowledgements. A stream alone may wait for others that have priority. */
static bool is_stuck(const struct h3 *h3, uint64_t now_ns, uint64_t limit_ns)
{
	return now_ns - h3->acked_ns >= limit_ns;
}

static bool is_unread(const struct h3_stream *stream, bool stuck,
		      uint64_t now_ns, uint64_t limit_ns)
{
	ngtcp2_conn *conn = stream->h3->conn->ngtcp2;

	if (!stream->answered || stream->refused ||
	    now_ns - stream->acked_ns < limit_ns)
		return false;
	return stream->blocked ||
	       (stuck &&
		(stream->unread || !ngtcp2_conn_get_max_data_left(conn)));
}

void h3_end_unread(struct h3 *h3, uint64_t now_ns, uint64_t limit_ns)
{
	bool stuck = is_stuck(h3, now_ns, limit_ns);
	struct h3_stream *stream;

	for (stream = h3->streams; stream; stream = stream->next) {
		if (!is_unread(stream, stuck, now_ns, limit_ns))
			continue;
		h3->conn->quic->stats->counters.limit_unread++;
		h3_stream_cancel(stream);
		h3_stream_refuse(stream, NGHTTP3_H3_EXCESSIVE_LOAD);
	}
}
