/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/conn.h"

#include <assert.h>
#include <errno.h>
#include <nghttp3/nghttp3.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "quicsteer/measure.h"
#include "terminator/close_reason.h"
#include "terminator/conn_callbacks.h"
#include "terminator/debug_files.h"
#include "terminator/early_packet.h"
#include "terminator/exchange.h"
#include "terminator/h3.h"
#include "terminator/limits.h"
#include "terminator/listing.h"
#include "terminator/ngtcp2_more.h"
#include "terminator/preferred_address.h"
#include "terminator/quic.h"
#include "terminator/stateless.h"

enum {
	CONNECTION_WINDOW = 8 * 1024 * 1024,
	UNI_WINDOW = 64 * 1024,
	MAX_UNI_STREAMS = 8, /* control and QPACK, and greased ones */
	CID_LIMIT = 7,
	PROMISES_FORM = 2, /* counts up with what else a client remembers */
};

/* RFC 8446, 6.2 and RFC 9001, 8.2 */
#define ALERT_MISSING_EXTENSION 109

static ngtcp2_conn *find_ngtcp2(ngtcp2_crypto_conn_ref *reference)
{
	return ((struct conn *)reference->user_data)->ngtcp2;
}

static ngtcp2_cc_algo control_of(enum qs_config_congestion control)
{
	switch (control) {
	case QS_CONGESTION_BBR:
		return NGTCP2_CC_ALGO_BBR;
	case QS_CONGESTION_RENO:
		return NGTCP2_CC_ALGO_RENO;
	default:
		return NGTCP2_CC_ALGO_CUBIC;
	}
}

/* Those that we like best are the first. The reserved one, which is only shown,
 * keeps clients tolerant (RFC 9369, 4; RFC 9000, 15). */
static const uint32_t versions[] = {NGTCP2_PROTO_VER_V2, NGTCP2_PROTO_VER_V1,
				    0x1a2a3a4a};

static void fill_settings(const struct quic *quic,
			  const struct conn_origin *origin,
			  ngtcp2_settings *settings)
{
	ngtcp2_settings_default(settings);
	settings->initial_ts = uv_hrtime();
	settings->handshake_timeout = quic->options.handshake_timeout_ns;
	settings->token = origin->token;
	settings->tokenlen = origin->token_size;
	settings->token_type = origin->token_type;
	settings->cc_algo = control_of(quic->options.more.congestion_control);
	if (quic->options.more.prefer_v2) {
		settings->preferred_versions = versions;
		settings->preferred_versionslen = 2;
	}
	settings->available_versions = versions;
	settings->available_versionslen = 3;
}

static void fill_params(const struct quic *quic,
			const struct conn_origin *origin,
			const ngtcp2_cid *scid, ngtcp2_transport_params *params)
{
	ngtcp2_transport_params_default(params);
	params->initial_max_stream_data_bidi_remote = EXCHANGE_REQUEST_WINDOW;
	params->initial_max_stream_data_uni = UNI_WINDOW;
	params->initial_max_data = CONNECTION_WINDOW;
	params->initial_max_streams_bidi = quic->limits->options.streams;
	params->initial_max_streams_uni = MAX_UNI_STREAMS;
	params->max_idle_timeout = quic->options.idle_timeout_ns;
	params->active_connection_id_limit = CID_LIMIT;
	params->grease_quic_bit = 1;
	params->original_dcid = *origin->original_dcid;
	params->original_dcid_present = 1;
	if (origin->retry_scid) {
		params->retry_scid = *origin->retry_scid;
		params->retry_scid_present = 1;
	}
	cid_reset_token(quic->identity, scid, params->stateless_reset_token);
	params->stateless_reset_token_present = 1;
	preferred_address_fill(quic, scid, &params->preferred_addr);
	params->preferred_addr_present =
		quic->options.more.preferred_address_count > 0;
}

void conn_promises(const struct quic *quic, uint64_t promises[8])
{
	const uint64_t all[8] = {
		PROMISES_FORM,
		EXCHANGE_REQUEST_WINDOW,
		UNI_WINDOW,
		CONNECTION_WINDOW,
		quic->limits->options.streams,
		MAX_UNI_STREAMS,
		quic->limits->options.header_size,
		quic->options.more.early_data,
	};

	memcpy(promises, all, sizeof(all));
}

static ngtcp2_path path_of(const struct udp_datagram *datagram)
{
	ngtcp2_path path = {
		.local = {(ngtcp2_sockaddr *)&datagram->local.any,
			  udp_address_size(&datagram->local)},
		.remote = {(ngtcp2_sockaddr *)&datagram->remote.any,
			   udp_address_size(&datagram->remote)},
	};

	return path;
}

static int make_ngtcp2(struct conn *conn, const struct conn_origin *origin,
		       const ngtcp2_cid *scid,
		       const struct udp_datagram *datagram)
{
	ngtcp2_settings settings;
	ngtcp2_transport_params params;
	ngtcp2_path path = path_of(datagram);

	fill_settings(conn->quic, origin, &settings);
	if (conn->qlog_fd >= 0)
		settings.qlog_write = debug_qlog_write;
	fill_params(conn->quic, origin, scid, &params);
	if (params.preferred_addr_present &&
	    quic_register(conn->quic, conn, &params.preferred_addr.cid))
		return -ENOMEM;
	if (ngtcp2_conn_server_new(&conn->ngtcp2, &origin->header->scid, scid,
				   &path, origin->header->version,
				   conn_callbacks(), &settings, &params, NULL,
				   conn))
		return -ENOMEM;
	ngtcp2_conn_set_tls_native_handle(conn->ngtcp2, conn->tls);
	return 0;
}

struct conn *conn_new(struct quic *quic, const struct conn_origin *origin,
		      const struct udp_datagram *datagram)
{
	struct conn *conn = calloc(1, sizeof(*conn));
	ngtcp2_cid scid;

	if (!conn)
		return NULL;
	conn->quic = quic;
	conn->began_ns = uv_hrtime();
	conn->reference.get_conn = find_ngtcp2;
	conn->reference.user_data = conn;
	ngtcp2_ccerr_default(&conn->error);
	conn->config_id = quic->identity->config_id;
	cid_new(quic->identity, conn->config_id, &scid);
	uv_timer_init(quic->loop, &conn->timer);
	conn->timer.data = conn;
	DL_APPEND(quic->conns, conn);
	quic->handshakes_open++;
	quic->stats->counters.connections_accepted++;
	quic->stats->gauges.connections_open++;
	quic->stats->connections_by_config[conn->config_id]++;
	debug_qlog_open(conn, origin->original_dcid, &scid);
	conn->tls = tls_session_new(quic->tls, &conn->reference);
	if (conn->tls)
		conn->tls_scope = tls_scope_ref(tls_session_scope(conn->tls));
	if (!conn->tls || make_ngtcp2(conn, origin, &scid, datagram) ||
	    quic_register(quic, conn, &scid) ||
	    quic_register(quic, conn, &origin->header->dcid)) {
		conn_free(conn);
		return NULL;
	}
	return conn;
}

static void on_timer_closed(uv_handle_t *handle)
{
	free(handle->data);
}

/* What only an active connection needs. */
static void free_session(struct conn *conn)
{
	paths_remove(conn);
	if (conn->h3)
		h3_free(conn->h3);
	conn->h3 = NULL;
	if (conn->marked)
		LL_DELETE2(conn->quic->dirty, conn, next_dirty);
	if (conn->is_blocked)
		LL_DELETE2(conn->quic->blocked, conn, next_blocked);
	conn->marked = conn->is_blocked = false;
	free(conn->kept);
	conn->kept = NULL;
	conn->kept_size = 0;
	if (!conn->handshake_done) {
		conn->handshake_done = true;
		conn->quic->handshakes_open--;
		conn->quic->stats->counters.handshakes_failed++;
	}
}

void conn_count_losses(struct conn *conn)
{
	uint64_t lost = ngtcp2_conn_get_pkt_lost(conn->ngtcp2);

	conn->quic->stats->counters.packets_lost += lost - conn->packets_lost;
	conn->packets_lost = lost;
}

/* What ngtcp2 measured over the connection's life. */
static void count_path(struct conn *conn)
{
	struct qs_terminator_stats *stats = conn->quic->stats;
	ngtcp2_conn_info info;

	conn_count_losses(conn);
	if (!conn->handshake_ns)
		return;
	ngtcp2_conn_get_conn_info(conn->ngtcp2, &info);
	qs_histogram_add(&stats->histogram[QS_HISTOGRAM_rtt],
			 info.smoothed_rtt / NGTCP2_MICROSECONDS);
}

void conn_set_reason(struct conn *conn, enum qs_close_reason reason)
{
	if (conn->has_reason)
		return;
	conn->has_reason = true;
	conn->reason = reason;
}

/* What only lingers is not open: nobody waits for its end. */
static void leave_active(struct conn *conn, enum conn_state state)
{
	if (conn->state == CONN_ACTIVE)
		conn->quic->stats->gauges.connections_open--;
	conn->state = state;
}

void conn_end_tls(struct conn *conn)
{
	if (!conn->tls)
		return;
	if (conn->ngtcp2)
		ngtcp2_conn_set_tls_native_handle(conn->ngtcp2, NULL);
	tls_session_free(conn->tls);
	conn->tls = NULL;
}

void conn_free(struct conn *conn)
{
	struct quic *quic = conn->quic;

	assert(conn->state != CONN_GONE);
	free_session(conn);
	quic_unregister_all(quic, conn);
	conn_end_tls(conn);
	tls_scope_free(conn->tls_scope);
	limits_drop_connection(conn->client);
	if (conn->ngtcp2) {
		count_path(conn);
		ngtcp2_conn_del(conn->ngtcp2);
	}
	debug_qlog_close(conn);
	listings_skip(quic->listings, conn);
	DL_DELETE(quic->conns, conn);
	quic->stats->counters.connections_closed++;
	quic->stats
		->close[conn->has_reason ? conn->reason : QS_CLOSE_internal]++;
	quic->stats->connections_by_config[conn->config_id]--;
	leave_active(conn, CONN_GONE);
	uv_timer_stop(&conn->timer);
	uv_close((uv_handle_t *)&conn->timer, on_timer_closed);
}

void conn_mark(struct conn *conn)
{
	if (conn->marked || conn->state != CONN_ACTIVE)
		return;
	conn->marked = true;
	LL_PREPEND2(conn->quic->dirty, conn, next_dirty);
}

/* The state lasts three times the PTO (RFC 9000, 10.2). */
static void linger(struct conn *conn, enum conn_state state)
{
	uint64_t ns = 3 * ngtcp2_conn_get_pto(conn->ngtcp2);

	free_session(conn);
	leave_active(conn, state);
	uv_timer_start(&conn->timer, conn_on_timer,
		       ns / NGTCP2_MILLISECONDS + 1, 0);
}

void conn_close(struct conn *conn)
{
	uint8_t *buffer = conn->quic->buffer;
	ngtcp2_path_storage path;
	ngtcp2_pkt_info info;
	ngtcp2_ssize size;
	size_t sent;

	ngtcp2_path_storage_zero(&path);
	size = ngtcp2_conn_write_connection_close(
		conn->ngtcp2, &path.path, &info, buffer,
		sizeof(conn->quic->buffer), &conn->error, uv_hrtime());
	if (size <= 0) {
		conn_free(conn);
		return;
	}
	linger(conn, CONN_CLOSING);
	conn->close_repeat = 1;
	if (conn_keep(conn, &path.path, 0, buffer, (size_t)size, (size_t)size))
		conn_send_kept(conn, &sent);
}

void conn_close_well(struct conn *conn, enum qs_close_reason reason)
{
	conn_set_reason(conn, reason);
	ngtcp2_ccerr_set_application_error(&conn->error, NGHTTP3_H3_NO_ERROR,
					   NULL, 0);
	conn_close(conn);
}

/* Ever fewer answers to what still arrives (RFC 9000, 10.2.1). */
static void repeat_close(struct conn *conn)
{
	size_t sent;

	if (++conn->close_packets < conn->close_repeat)
		return;
	conn->close_repeat *= 2;
	/* When the socket is full it is lost; the next cause repeats it. */
	if (conn->kept)
		conn_send_kept(conn, &sent);
}

/* Finds the code to close with. ngtcp2 has one error for the extension of the
 * transport parameters and for one of them: RFC 9001, 8.2 and RFC 9000, 7.3
 * name two. */
static void explain(struct conn *conn, int rv)
{
	ngtcp2_ccerr *error = &conn->error;

	if (rv == NGTCP2_ERR_CRYPTO)
		ngtcp2_ccerr_set_tls_alert(
			error, ngtcp2_conn_get_tls_alert(conn->ngtcp2), NULL,
			0);
	else if (rv == NGTCP2_ERR_REQUIRED_TRANSPORT_PARAM &&
		 !tls_session_has_parameters(conn->tls))
		ngtcp2_ccerr_set_tls_alert(error, ALERT_MISSING_EXTENSION, NULL,
					   0);
	/* Callbacks leave the reason of a failure of their own. */
	else if (!error->error_code)
		ngtcp2_ccerr_set_liberr(error, rv, NULL, 0);
}

void conn_fail(struct conn *conn, int rv)
{
	conn_set_reason(conn,
			close_reason(rv, &conn->error,
				     ngtcp2_conn_get_ccerr(conn->ngtcp2)));
	switch (rv) {
	case NGTCP2_ERR_DRAINING:
		linger(conn, CONN_DRAINING);
		return;
	case NGTCP2_ERR_DROP_CONN:
		conn_free(conn);
		return;
	case NGTCP2_ERR_IDLE_CLOSE:
		conn->quic->stats->counters.idle_timeouts++;
		conn_free(conn);
		return;
	case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
		conn_free(conn);
		return;
	default:
		explain(conn, rv);
		conn_close(conn);
	}
}

/* ngtcp2 cannot begin with this Initial, as it holds the middle of a
 * ClientHello: it must come again, unless it has already. */
static void retry_instead(struct conn *conn,
			  const struct udp_datagram *datagram)
{
	struct quic *quic = conn->quic;
	ngtcp2_pkt_hd header;

	conn_set_reason(conn, QS_CLOSE_retry);
	conn_free(conn);
	if (!ngtcp2_accept(&header, datagram->data, datagram->size) &&
	    !header.tokenlen)
		send_retry(quic, &header, datagram);
}

void conn_read(struct conn *conn, const struct udp_datagram *datagram)
{
	ngtcp2_path path = path_of(datagram);
	int rv;

	conn->bytes_received += datagram->size;
	if (!conn->handshake_done && !conn->early_packets)
		conn->early_packets =
			early_packet_is_in(datagram->data, datagram->size);
	if (conn->state == CONN_CLOSING)
		repeat_close(conn);
	if (conn->state != CONN_ACTIVE || conn->flood.over)
		return;
	rv = flood_read(conn, &path, datagram, uv_hrtime());
	if (rv == NGTCP2_ERR_RETRY)
		retry_instead(conn, datagram);
	else if (rv)
		conn_fail(conn, rv);
	else
		conn_mark(conn);
}

void conn_on_timer(uv_timer_t *timer)
{
	struct conn *conn = timer->data;
	int rv;

	if (conn->state != CONN_ACTIVE) {
		conn_free(conn);
		return;
	}
	rv = ngtcp2_conn_handle_expiry(conn->ngtcp2, uv_hrtime());
	if (rv)
		conn_fail(conn, rv);
	else
		conn_mark(conn);
}
