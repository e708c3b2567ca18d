/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/quic.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "terminator/conn.h"
#include "terminator/debug_files.h"
#include "terminator/h3.h"
#include "terminator/limits.h"
#include "terminator/listing.h"
#include "terminator/stateless.h"

enum {
	MIN_INITIAL_DATAGRAM = 1200, /* RFC 9000, 14.1 */
	MIN_INITIAL_DCID = 8,	     /* RFC 9000, 7.2 */
};

int quic_register(struct quic *quic, struct conn *conn, const ngtcp2_cid *cid)
{
	struct cid_entry *entry;

	HASH_FIND(hh, quic->cids, cid->data, cid->datalen, entry);
	if (entry)
		return entry->conn == conn ? 0 : -EEXIST;
	entry = calloc(1, sizeof(*entry));
	if (!entry)
		return -ENOMEM;
	entry->cid = *cid;
	entry->conn = conn;
	HASH_ADD(hh, quic->cids, cid.data, cid->datalen, entry);
	DL_APPEND(conn->cids, entry);
	return 0;
}

static void forget_cid(struct quic *quic, struct cid_entry *entry)
{
	HASH_DEL(quic->cids, entry);
	DL_DELETE(entry->conn->cids, entry);
	free(entry);
}

void quic_unregister(struct quic *quic, struct conn *conn,
		     const ngtcp2_cid *cid)
{
	struct cid_entry *entry;

	HASH_FIND(hh, quic->cids, cid->data, cid->datalen, entry);
	if (entry && entry->conn == conn)
		forget_cid(quic, entry);
}

void quic_unregister_all(struct quic *quic, struct conn *conn)
{
	while (conn->cids)
		forget_cid(quic, conn->cids);
}

struct conn *quic_find(struct quic *quic, const uint8_t *cid, size_t size)
{
	struct cid_entry *entry;

	HASH_FIND(hh, quic->cids, cid, size, entry);
	return entry ? entry->conn : NULL;
}

static bool want_retry(const struct quic *quic)
{
	return quic->options.retry == RETRY_ALWAYS ||
	       (quic->options.retry == RETRY_AUTO &&
		quic->handshakes_open >= quic->options.retry_threshold);
}

static void begin(struct quic *quic, const struct conn_origin *origin,
		  const struct udp_datagram *datagram)
{
	struct conn *conn;

	if (!limits_allow_connection(quic->limits, &datagram->remote.any)) {
		send_refusal(quic, origin->header, datagram);
		return;
	}
	conn = conn_new(quic, origin, datagram);
	if (conn)
		conn_read(conn, datagram);
}

/* An Initial of no connection: the address validation of RFC 9000, 8.1.
 * `owner` is that of its DCID. */
static void accept_initial(struct quic *quic, const ngtcp2_pkt_hd *header,
			   const struct udp_datagram *datagram,
			   enum cid_owner owner)
{
	ngtcp2_cid original_dcid;
	struct conn_origin origin = {
		.header = header,
		.original_dcid = &header->dcid,
	};
	enum token_verdict verdict =
		check_token(quic, header, datagram, &original_dcid);

	if (verdict == TOKEN_INVALID) {
		send_invalid_token(quic, header, datagram);
		return;
	}
	/* A CID of ours belongs to a connection that is gone, unless it is from
	 * a Retry. One of a dead terminator's may as well be the client's own
	 * choice, which names some slot's former process by chance, and often:
	 * only that client's packets can be decrypted. */
	if (verdict != TOKEN_RETRY && owner == CID_OURS) {
		quic->stats->counters.drop_no_connection++;
		return;
	}
	if (verdict == TOKEN_NONE && want_retry(quic)) {
		send_retry(quic, header, datagram);
		return;
	}
	if (verdict != TOKEN_NONE) {
		origin.token = header->token;
		origin.token_size = header->tokenlen;
		origin.token_type = verdict == TOKEN_RETRY
					    ? NGTCP2_TOKEN_TYPE_RETRY
					    : NGTCP2_TOKEN_TYPE_NEW_TOKEN;
	}
	if (verdict == TOKEN_RETRY) {
		origin.original_dcid = &original_dcid;
		origin.retry_scid = &header->dcid;
	}
	begin(quic, &origin, datagram);
}

static void on_long_header(struct quic *quic, const ngtcp2_version_cid *vc,
			   const struct udp_datagram *datagram)
{
	struct qs_terminator_stats *stats = quic->stats;
	enum cid_owner owner = cid_owner(quic->identity, vc->dcid, vc->dcidlen);
	ngtcp2_pkt_hd header;

	if (owner == CID_OTHER)
		stats->counters.wrong_delivery++;
	else if (!ngtcp2_accept(&header, datagram->data, datagram->size))
		accept_initial(quic, &header, datagram, owner);
	else if (datagram->size < MIN_INITIAL_DATAGRAM)
		stats->counters.drop_small_initial++;
	else if (vc->dcidlen < MIN_INITIAL_DCID)
		stats->counters.drop_short_dcid++;
	else
		stats->counters.drop_no_connection++;
}

static void on_short_header(struct quic *quic, const ngtcp2_version_cid *vc,
			    const struct udp_datagram *datagram)
{
	ngtcp2_cid cid;

	switch (cid_owner(quic->identity, vc->dcid, vc->dcidlen)) {
	case CID_OTHER:
		quic->stats->counters.wrong_delivery++;
		break;
	case CID_UNKNOWN:
		quic->stats->counters.drop_unknown_cid++;
		break;
	case CID_OURS:
	case CID_DEAD:
		ngtcp2_cid_init(&cid, vc->dcid, vc->dcidlen);
		send_stateless_reset(quic, &cid, datagram);
		break;
	}
}

/* ngtcp2 takes no CID over 20 octets for the versions that it knows. */
static bool has_long_cid(const struct udp_datagram *datagram)
{
	const uint8_t *data = datagram->data;
	size_t dcid_size;

	if (datagram->size < 7 || !(data[0] & 0x80))
		return false;
	dcid_size = data[5];
	return dcid_size > NGTCP2_MAX_CIDLEN ||
	       (datagram->size > 6 + dcid_size &&
		data[6 + dcid_size] > NGTCP2_MAX_CIDLEN);
}

/* The length of the CID, if the header is a short one. */
static size_t short_cid_length(const struct quic *quic,
			       const struct udp_datagram *datagram)
{
	return cid_length(quic->identity,
			  datagram->size > 1 ? datagram->data[1] : 0);
}

static void on_datagram(void *user, const struct udp_datagram *datagram)
{
	struct quic *quic = user;
	struct qs_terminator_stats *stats = quic->stats;
	ngtcp2_version_cid vc;
	struct conn *conn;
	int rv = NGTCP2_ERR_INVALID_ARGUMENT;

	/* ngtcp2 asserts that there is something. */
	if (datagram->size)
		rv = ngtcp2_pkt_decode_version_cid(
			&vc, datagram->data, datagram->size,
			short_cid_length(quic, datagram));
	if (rv == NGTCP2_ERR_VERSION_NEGOTIATION) {
		send_version_negotiation(quic, &vc, datagram);
		return;
	}
	if (rv) {
		if (has_long_cid(datagram))
			stats->counters.drop_cid_length++;
		else
			stats->counters.drop_invalid++;
		return;
	}
	conn = quic_find(quic, vc.dcid, vc.dcidlen);
	if (conn)
		conn_read(conn, datagram);
	else if (!(datagram->data[0] & 0x80))
		on_short_header(quic, &vc, datagram);
	else if (!vc.version)
		stats->counters.drop_invalid++;
	else
		on_long_header(quic, &vc, datagram);
}

void quic_apply_tls(struct quic *quic)
{
	const struct qs_config_quic *options = &quic->options.more;
	struct tls_tickets tickets = {
		.rotation_ms = options->ticket_rotation_ms,
		.early_data = options->early_data,
	};

	conn_promises(quic, tickets.promises);
	tls_set_tickets(quic->tls, quic->identity->secrets.tickets, &tickets);
	tls_set_key_log(quic->tls, options->keylog_file,
			&quic->stats->counters.debug_file_errors);
}

void quic_apply_options(struct quic *quic)
{
	quic_apply_tls(quic);
	debug_files_warn(&quic->options.more);
}

static void before_sleep(uv_prepare_t *handle)
{
	struct quic *quic = handle->data;

	while (quic->dirty) {
		struct conn *conn = quic->dirty;

		LL_DELETE2(quic->dirty, conn, next_dirty);
		conn->marked = false;
		conn_write(conn);
	}
}

static void on_writable(void *user)
{
	struct quic *quic = user;
	struct conn *conn, *next;
	struct udp *udp;

	for (conn = quic->blocked; conn; conn = next) {
		next = conn->next_blocked;
		udp = sockets_find(&quic->sockets, &conn->kept_local);
		if (!udp || !udp->blocked)
			conn_unblock(conn);
	}
}

int quic_start(struct quic *quic, uv_loop_t *loop, const int fds[QS_MAX_PORTS])
{
	int err = 0, i;

	quic->sockets = (struct sockets){
		.loop = loop,
		.on_datagram = on_datagram,
		.on_writable = on_writable,
		.user = quic,
		.stats = quic->stats,
	};
	for (i = 0; i < QS_MAX_PORTS && !err; i++)
		if (fds[i] >= 0)
			err = sockets_set(&quic->sockets, (unsigned)i, fds[i]);
	if (err) {
		sockets_close(&quic->sockets);
		return err;
	}
	quic->loop = loop;
	quic->resets.filled_ns = uv_hrtime();
	paths_start(&quic->paths);
	uv_prepare_init(loop, &quic->before_sleep);
	quic->before_sleep.data = quic;
	uv_prepare_start(&quic->before_sleep, before_sleep);
	return 0;
}

void quic_step(struct quic *quic)
{
	uint64_t now_ns = uv_hrtime();
	struct conn *conn;

	DL_FOREACH (quic->conns, conn) {
		if (conn->h3)
			h3_end_unread(conn->h3, now_ns,
				      quic->options.idle_timeout_ns);
	}
}

void quic_close_all(struct quic *quic, enum qs_close_reason reason)
{
	struct conn *conn, *next;

	/* Each may be gone then. */
	DL_FOREACH_SAFE (quic->conns, conn, next) {
		if (conn->state == CONN_ACTIVE && conn->h3 &&
		    h3_going_away(conn->h3))
			conn_write(conn);
	}
	DL_FOREACH_SAFE (quic->conns, conn, next) {
		if (conn->state == CONN_ACTIVE)
			conn_close_well(conn, reason);
	}
}

void quic_close(struct quic *quic, enum qs_close_reason reason)
{
	struct conn *conn, *next;

	quic_close_all(quic, reason);
	/* No time is left for their closing periods. */
	DL_FOREACH_SAFE (quic->conns, conn, next)
		conn_free(conn);
	listings_close(quic->listings);
	uv_close((uv_handle_t *)&quic->before_sleep, NULL);
	sockets_close(&quic->sockets);
}
