/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/icmp.h"

#include <string.h>

#include "terminator/conn.h"
#include "terminator/icmp_check.h"
#include "terminator/paths.h"
#include "terminator/quic.h"

static bool is_ipv4(const struct qs_tuple *path)
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	return !memcmp(path->source, mapped, sizeof(mapped));
}

/* Whether the quoted datagram can be one of the connection's. */
static bool is_quoted(const struct conn *conn,
		      const struct qs_icmp_error *error)
{
	const ngtcp2_cid *dcid = ngtcp2_conn_get_dcid(conn->ngtcp2);
	size_t size = error->quoted_size;
	struct icmp_cid quoted;

	if (size > sizeof(error->quoted))
		return false;
	icmp_quoted_dcid(error->quoted, size, dcid->datalen, &quoted);
	if (!icmp_is_cid(&quoted, dcid->data, dcid->datalen))
		return false;
	return !icmp_quoted_scid(error->quoted, size, &quoted) ||
	       quic_find(conn->quic, quoted.octets, quoted.size) == conn;
}

static void lower(struct conn *conn, const struct qs_icmp_error *error)
{
	struct qs_terminator_stats *stats = conn->quic->stats;
	size_t payload;

	switch (icmp_judge_mtu(error->mtu, is_ipv4(&conn->path),
			       conn_most_payload(conn), &payload)) {
	case ICMP_MTU_TAKEN:
		stats->counters.icmp_paths_lowered++;
		conn->most_payload = payload;
		conn_mark(conn);
		break;
	case ICMP_MTU_TOO_SMALL:
		stats->counters.icmp_too_small++;
		break;
	case ICMP_MTU_TOO_LARGE:
		stats->counters.icmp_too_large++;
		break;
	}
}

static void take(struct quic *quic, const struct qs_icmp_error *error)
{
	struct qs_terminator_stats *stats = quic->stats;
	struct qs_tuple path = {};
	struct conn *conn = NULL;
	bool is_known = false, is_ours = false;

	memcpy(path.source, error->client, sizeof(path.source));
	memcpy(path.destination, error->vip, sizeof(path.destination));
	memcpy(path.source_port, error->client_port, 2);
	memcpy(path.destination_port, error->vip_port, 2);
	stats->counters.icmp_received++;
	/* Several, where a client has no CIDs, or the quote is too short. */
	while ((conn = paths_next(&quic->paths, &path, conn))) {
		is_known = true;
		if (!is_quoted(conn, error))
			continue;
		is_ours = true;
		if (error->kind == QS_ICMP_TOO_BIG)
			lower(conn, error);
		else
			stats->counters.icmp_unreachable++;
	}
	if (!is_known)
		stats->counters.icmp_not_ours++;
	else if (!is_ours)
		stats->counters.icmp_wrong_cid++;
}

void icmp_take(struct quic *quic, const struct qs_icmp_errors *message)
{
	__u32 i;

	for (i = 0; i < message->count && i < QS_ICMP_BATCH; i++)
		take(quic, &message->errors[i]);
}
