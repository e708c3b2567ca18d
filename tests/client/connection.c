/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/connection.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "tests/client/connection_private.h"

enum { RECEIVE_MAX = 2048 }; /* what udp.c can take */

uint64_t connection_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * NGTCP2_SECONDS + (uint64_t)now.tv_nsec;
}

void connection_fail(struct connection *connection, const char *format, ...)
{
	va_list arguments;

	if (connection->failed[0])
		return;
	va_start(arguments, format);
	vsnprintf(connection->failed, sizeof(connection->failed), format,
		  arguments);
	va_end(arguments);
}

static void end_now(uv_timer_t *timer)
{
	struct connection *connection = timer->data;

	if (connection->app->ended)
		connection->app->ended(
			connection->user,
			connection->failed[0] ? connection->failed : NULL);
}

void connection_end(struct connection *connection)
{
	if (connection->over)
		return;
	connection->over = true;
	connection->ended_ns = connection_now();
	uv_timer_start(&connection->timer, end_now, 0, 0);
}

void connection_abandon(struct connection *connection)
{
	connection_end(connection);
}

static struct connection_path *path_in_use(struct connection *connection)
{
	const ngtcp2_path *path = ngtcp2_conn_get_path(connection->quic);

	return connection_path_of(connection, &path->local);
}

static void on_timer(uv_timer_t *timer)
{
	struct connection *connection = timer->data;
	int error =
		ngtcp2_conn_handle_expiry(connection->quic, connection_now());

	if (error == 0) {
		connection_write(connection);
		return;
	}
	if (error == NGTCP2_ERR_IDLE_CLOSE)
		connection_fail(connection, "idle timeout");
	if (error == NGTCP2_ERR_HANDSHAKE_TIMEOUT)
		connection_fail(connection, "handshake timeout");
	if (error == NGTCP2_ERR_IDLE_CLOSE) {
		connection_end(connection);
		return;
	}
	connection_give_up(connection, error);
}

void connection_set_timer(struct connection *connection)
{
	uint64_t now = connection_now();
	uint64_t expiry = ngtcp2_conn_get_expiry(connection->quic);
	uint64_t wait_ms = 0;

	if (expiry == UINT64_MAX)
		return;
	if (expiry > now)
		wait_ms = (expiry - now + NGTCP2_MILLISECONDS - 1) /
			  NGTCP2_MILLISECONDS;
	uv_update_time(connection->loop);
	uv_timer_start(&connection->timer, on_timer, wait_ms, 0);
}

/* Writes when all that has come is read: one ACK for it. The timer is due
 * before the loop waits again. */
static void write_soon(struct connection *connection)
{
	uv_timer_start(&connection->timer, on_timer, 0, 0);
}

/* The peer closed the connection, or a stateless reset did. */
static void peer_closed(struct connection *connection)
{
	const ngtcp2_ccerr *error = ngtcp2_conn_get_ccerr(connection->quic);

	if (connection->stateless_reset)
		connection_fail(connection, "stateless reset");
	else if (error->type == NGTCP2_CCERR_TYPE_APPLICATION) {
		connection->closed_by_peer = true;
		connection->close_code = error->error_code;
		connection_fail(connection,
				"closed by peer: application 0x%" PRIx64,
				error->error_code);
	} else
		connection_fail(connection,
				"closed by peer: transport 0x%" PRIx64,
				error->error_code);
	connection_end(connection);
}

void connection_receive(struct connection *connection,
			struct udp_endpoint *endpoint, const uint8_t *data,
			size_t size)
{
	const struct connection_path *from = NULL;
	ngtcp2_path path = {0};
	size_t i;
	int error;

	if (connection->over)
		return;
	for (i = 0; i < connection->path_count; i++) {
		if (connection->paths[i].endpoint == endpoint)
			from = &connection->paths[i];
	}
	assert(from);
	connection->datagrams_received++;
	ngtcp2_addr_init(&path.local,
			 (const struct sockaddr *)&from->local.storage,
			 from->local.size);
	ngtcp2_addr_init(&path.remote,
			 (const struct sockaddr *)&connection->remote.storage,
			 connection->remote.size);
	error = ngtcp2_conn_read_pkt(connection->quic, &path, NULL, data, size,
				     connection_now());
	if (error == NGTCP2_ERR_DRAINING)
		peer_closed(connection);
	else if (error == NGTCP2_ERR_RECV_VERSION_NEGOTIATION) {
		connection_fail(connection, "version negotiation");
		connection_end(connection);
	} else if (error != 0)
		connection_give_up(connection, error);
	else
		write_soon(connection);
}

bool connection_uses(const struct connection *connection,
		     const struct udp_endpoint *endpoint)
{
	size_t i;

	for (i = 0; i < connection->path_count; i++) {
		if (connection->paths[i].endpoint == endpoint)
			return true;
	}
	return false;
}

void connection_rebind(struct connection *connection,
		       struct udp_endpoint *endpoint)
{
	struct connection_path *path = path_in_use(connection);

	assert(path);
	udp_release(path->endpoint);
	path->endpoint = endpoint;
}

int connection_migrate(struct connection *connection,
		       struct udp_endpoint *endpoint)
{
	struct connection_path *added;
	ngtcp2_path path = {0};
	int error;

	assert(connection->path_count < CONNECTION_PATHS);
	added = &connection->paths[connection->path_count++];
	added->endpoint = endpoint;
	added->local = endpoint->local;
	ngtcp2_addr_init(&path.local,
			 (const struct sockaddr *)&added->local.storage,
			 added->local.size);
	ngtcp2_addr_init(&path.remote,
			 (const struct sockaddr *)&connection->remote.storage,
			 connection->remote.size);
	error = ngtcp2_conn_initiate_migration(connection->quic, &path,
					       connection_now());
	if (error < 0) {
		connection->path_count--;
		udp_release(endpoint);
	}
	return error;
}

void connection_make_cid(struct connection *connection, ngtcp2_cid *cid)
{
	cid->datalen = connection->cid_length;
	if (cid->datalen == 0)
		return;
	memcpy(cid->data, &connection->number, sizeof(connection->number));
	random_octets(cid->data + sizeof(connection->number),
		      cid->datalen - sizeof(connection->number));
}

void random_octets(uint8_t *data, size_t size)
{
	ssize_t taken = getrandom(data, size, 0);

	assert(taken == (ssize_t)size);
	(void)taken;
}

static void fill_settings(const struct connection_options *options,
			  ngtcp2_settings *settings,
			  ngtcp2_transport_params *parameters)
{
	ngtcp2_settings_default(settings);
	settings->initial_ts = connection_now();
	settings->handshake_timeout =
		options->handshake_timeout_ms * NGTCP2_MILLISECONDS;
	settings->max_window = options->window;
	settings->max_stream_window = options->stream_window;
	settings->token = options->token;
	settings->tokenlen = options->token_size;
	settings->token_type = NGTCP2_TOKEN_TYPE_NEW_TOKEN;

	ngtcp2_transport_params_default(parameters);
	parameters->initial_max_streams_uni = 8;
	parameters->initial_max_data = options->window;
	parameters->initial_max_stream_data_bidi_local = options->stream_window;
	parameters->initial_max_stream_data_uni = 64 * 1024;
	parameters->max_idle_timeout =
		options->idle_timeout_ms * NGTCP2_MILLISECONDS;
	parameters->max_udp_payload_size = RECEIVE_MAX;
	parameters->active_connection_id_limit = 7;
}

static ngtcp2_conn *quic_of(ngtcp2_crypto_conn_ref *reference)
{
	struct connection *connection = reference->user_data;

	return connection->quic;
}

static int make_quic(struct connection *connection,
		     const struct connection_options *options)
{
	struct connection_path *first = &connection->paths[0];
	ngtcp2_cid destination = {.datalen = NGTCP2_MIN_INITIAL_DCIDLEN + 6};
	ngtcp2_transport_params parameters;
	ngtcp2_settings settings;
	ngtcp2_path path = {0};
	ngtcp2_cid source;

	random_octets(destination.data, destination.datalen);
	connection_make_cid(connection, &source);
	ngtcp2_addr_init(&path.local,
			 (const struct sockaddr *)&first->local.storage,
			 first->local.size);
	ngtcp2_addr_init(&path.remote,
			 (const struct sockaddr *)&connection->remote.storage,
			 connection->remote.size);
	fill_settings(options, &settings, &parameters);
	return ngtcp2_conn_client_new(
		&connection->quic, &destination, &source, &path,
		options->version ? options->version : NGTCP2_PROTO_VER_V1,
		connection_callbacks(), &settings, &parameters, NULL,
		connection);
}

int connection_start(struct connection *connection, uint32_t number,
		     const struct connection_options *options,
		     struct udp_endpoint *endpoint,
		     const struct connection_app *app, void *user)
{
	memset(connection, 0, sizeof(*connection));
	connection->number = number;
	connection->app = app;
	connection->user = user;
	connection->remote = options->remote;
	connection->cid_length = options->cid_length;
	connection->loop = options->loop;
	connection->started_ns = connection_now();
	connection->paths[0].local = endpoint->local;
	connection->paths[0].endpoint = endpoint;
	connection->path_count = 1;
	if (make_quic(connection, options) != 0)
		goto fail;
	connection->reference.reference.get_conn = quic_of;
	connection->reference.reference.user_data = connection;
	connection->tls = tls_session_new(
		options->tls, options->server_name,
		options->alpn ? options->alpn : "h3", options->big_hello,
		&connection->reference, options->ticket);
	if (!connection->tls)
		goto fail;
	ngtcp2_conn_set_tls_native_handle(connection->quic, connection->tls);
	ngtcp2_conn_set_keep_alive_timeout(connection->quic,
					   options->keepalive_ms
						   ? options->keepalive_ms *
							     NGTCP2_MILLISECONDS
						   : UINT64_MAX);
	uv_timer_init(options->loop, &connection->timer);
	connection->timer.data = connection;
	connection_write(connection);
	return 0;
fail:
	udp_release(endpoint);
	if (connection->quic)
		ngtcp2_conn_del(connection->quic);
	return -ENOMEM;
}

void connection_free(struct connection *connection, uv_close_cb closed)
{
	size_t i;

	assert(connection->over);
	for (i = 0; i < connection->path_count; i++)
		udp_release(connection->paths[i].endpoint);
	connection->path_count = 0;
	ngtcp2_conn_del(connection->quic);
	wolfSSL_free(connection->tls);
	if (connection->reference.session)
		wolfSSL_SESSION_free(connection->reference.session);
	connection->quic = NULL;
	connection->tls = NULL;
	uv_close((uv_handle_t *)&connection->timer, closed);
}
