/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/http_private.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int make_h3(struct http_session *session)
{
	ngtcp2_conn *quic = session->connection.quic;
	int64_t control, encoder, decoder;
	nghttp3_settings settings;

	nghttp3_settings_default(&settings);
	if (nghttp3_conn_client_new(&session->h3, http_callbacks(), &settings,
				    NULL, session) != 0)
		return -1;
	if (ngtcp2_conn_open_uni_stream(quic, &control, NULL) != 0 ||
	    ngtcp2_conn_open_uni_stream(quic, &encoder, NULL) != 0 ||
	    ngtcp2_conn_open_uni_stream(quic, &decoder, NULL) != 0 ||
	    nghttp3_conn_bind_control_stream(session->h3, control) != 0 ||
	    nghttp3_conn_bind_qpack_streams(session->h3, encoder, decoder) !=
		    0) {
		connection_fail(&session->connection,
				"the server lets us open no control streams");
		return -1;
	}
	return 0;
}

static int submit(struct http_session *session, struct request *request,
		  int64_t stream)
{
	static const nghttp3_data_reader reader = {http_read_body};
	const struct request_plan *plan = request->plan;
	nghttp3_nv fields[6 + REQUEST_FIELDS_MAX];
	char values[REQUEST_FIELDS_MAX][REQUEST_VALUE_SIZE];
	uint32_t number = session->connection.number;
	char path[512], length[24];
	size_t count = 0, i;

	snprintf(length, sizeof(length), "%" PRIu64, plan->body_size);
	request_expand(plan->path, number, path, sizeof(path));
	fields[count++] = http_field(":method", plan->method);
	fields[count++] = http_field(":scheme", "https");
	fields[count++] = http_field(":authority", session->options->authority);
	fields[count++] = http_field(":path", path);
	if (plan->has_body && !plan->trailers)
		fields[count++] = http_field("content-length", length);
	for (i = 0; i < plan->field_count; i++) {
		request_expand(plan->field_values[i], number, values[i],
			       sizeof(values[i]));
		fields[count++] = http_field(plan->field_names[i], values[i]);
	}
	if (session->options->cookies && session->cookie[0])
		fields[count++] = http_field("cookie", session->cookie);
	request->stream = stream;
	return nghttp3_conn_submit_request(session->h3, stream, fields, count,
					   plan->has_body ? &reader : NULL,
					   request);
}

/* Returns 1 when it has begun, 0 when the server allows no stream now (later:
 * streams_available), -1 on failure. */
static int begin_request(struct http_session *session, size_t number)
{
	struct connection *connection = &session->connection;
	struct request *request = &session->requests[number];
	int64_t stream;

	if (ngtcp2_conn_open_bidi_stream(connection->quic, &stream, request))
		return 0;
	if (request_begin(request, &session->options->plans[number],
			  session->options->show) < 0 ||
	    submit(session, request, stream) != 0) {
		connection_fail(connection, "cannot submit a request");
		return -1;
	}
	request->started_ns = connection_now();
	return 1;
}

static int begin_again(struct http_session *session)
{
	int begun = 1;

	for (size_t i = 0; i < session->begun && begun > 0; i++) {
		if (session->requests[i].again)
			begun = begin_request(session, i);
	}
	return begun;
}

/* Begins as many of the round's requests as the server's limit allows; those
 * that finished on an earlier connection are done. */
static int begin_requests(void *user)
{
	struct http_session *session = user;
	int begun = session->goaway ? 0 : begin_again(session);

	while (begun > 0 && session->begun < session->options->plan_count) {
		struct request *request = &session->requests[session->begun];

		if (!request->finished || request->again)
			begun = begin_request(session, session->begun);
		if (begun > 0)
			session->begun++;
	}
	return begun < 0 ? -1 : 0;
}

static void reset_round(struct http_session *session)
{
	size_t i;

	for (i = 0; i < session->options->plan_count; i++)
		session->requests[i].finished = false;
	session->begun = 0;
	session->done = 0;
}

void http_round(struct http_session *session)
{
	reset_round(session);
	if (begin_requests(session) < 0)
		connection_close(&session->connection,
				 NGHTTP3_H3_INTERNAL_ERROR);
	else
		connection_write(&session->connection);
}

static int on_ready(void *user)
{
	struct http_session *session = user;

	if (make_h3(session) < 0)
		return -1;
	return begin_requests(session);
}

static int on_confirmed(void *user)
{
	struct http_session *session = user;

	session->owner->confirmed(session->user);
	return 0;
}

static int note_h3_error(struct http_session *session, nghttp3_ssize error)
{
	if (error >= 0)
		return 0;
	connection_fail(&session->connection, "HTTP/3: %s",
			nghttp3_strerror((int)error));
	return -1;
}

static int on_stream_data(void *user, int64_t stream, const uint8_t *data,
			  size_t size, bool last)
{
	struct http_session *session = user;
	nghttp3_ssize consumed =
		nghttp3_conn_read_stream(session->h3, stream, data, size, last);

	if (consumed < 0)
		return note_h3_error(session, consumed);
	http_extend(session, stream, (uint64_t)consumed);
	return 0;
}

static int on_stream_acked(void *user, int64_t stream, uint64_t size)
{
	struct http_session *session = user;

	return note_h3_error(session, nghttp3_conn_add_ack_offset(
					      session->h3, stream, size));
}

static struct request *request_of(struct http_session *session, int64_t stream)
{
	size_t i;

	for (i = 0; i < session->begun; i++) {
		struct request *request = &session->requests[i];

		if (request->stream == stream && !request->finished)
			return request;
	}
	return NULL;
}

static bool is_idle(const struct http_session *session)
{
	size_t i;

	for (i = 0; i < session->begun; i++) {
		if (!session->requests[i].finished &&
		    !session->requests[i].refused)
			return false;
	}
	return true;
}

void http_note_goaway(struct http_session *session, int64_t id)
{
	size_t i;

	if (!session->goaway)
		session->goaways++;
	session->goaway = true;
	session->goaway_id = id;
	for (i = 0; i < session->begun; i++) {
		struct request *request = &session->requests[i];

		request->refused |= !request->finished && request->stream >= id;
	}
	if (is_idle(session))
		session->owner->leave(session->user);
}

static void finish(struct http_session *session, struct request *request,
		   bool with_code, uint64_t code)
{
	char reason[CONNECTION_REASON_SIZE];
	bool failed;

	request->finished = true;
	if (request->cookie[0]) {
		memcpy(session->cookie, request->cookie,
		       sizeof(session->cookie));
		session->cookies_set++;
	}
	/* What is still owed counts for the connection's window. */
	ngtcp2_conn_extend_max_offset(session->connection.quic,
				      request->credit_owed);
	failed = request_verdict(request, with_code, code, reason,
				 sizeof(reason)) < 0;
	if (!failed) {
		session->requests_done++;
		session->uploads_checked += request_upload_is_checked(request);
	} else if (!session->options->tolerant)
		connection_fail(&session->connection, "%s", reason);
	session->owner->request_done(session->user, request,
				     failed ? reason : NULL);
	if (request->log) {
		if (!session->log)
			session->log = json_array();
		json_array_append(session->log, request->log);
	}
	request_end(request);
	if (!failed && session->repeated < session->options->repeats) {
		session->repeated++;
		request->again = true;
		begin_requests(session);
		return;
	}
	session->done++;
	if (session->done == session->options->plan_count) {
		session->rounds++;
		session->owner->round_done(session->user);
	} else if (session->goaway && is_idle(session))
		session->owner->leave(session->user);
}

static int on_stream_closed(void *user, int64_t stream, bool with_code,
			    uint64_t code)
{
	struct http_session *session = user;
	struct request *request = request_of(session, stream);
	int error = nghttp3_conn_close_stream(
		session->h3, stream, with_code ? code : NGHTTP3_H3_NO_ERROR);

	if (error < 0 && error != NGHTTP3_ERR_STREAM_NOT_FOUND)
		return note_h3_error(session, error);
	if (!request)
		return 0;
	if (session->goaway && with_code && code == NGHTTP3_H3_REQUEST_REJECTED)
		request->refused = true;
	if (!request->refused)
		finish(session, request, with_code, code);
	else if (is_idle(session))
		session->owner->leave(session->user);
	return session->connection.failed[0] ? -1 : 0;
}

static int on_stream_reset(void *user, int64_t stream)
{
	struct http_session *session = user;

	return note_h3_error(session, nghttp3_conn_shutdown_stream_read(
					      session->h3, stream));
}

static int on_stream_unblocked(void *user, int64_t stream)
{
	struct http_session *session = user;

	return note_h3_error(session,
			     nghttp3_conn_unblock_stream(session->h3, stream));
}

static ssize_t on_next(void *user, int64_t *ret_stream, bool *ret_end,
		       ngtcp2_vec *vectors, size_t count)
{
	struct http_session *session = user;
	int last = 0;
	nghttp3_ssize taken;

	*ret_stream = -1;
	if (!session->h3 ||
	    ngtcp2_conn_get_max_data_left(session->connection.quic) == 0)
		return 0;
	taken = nghttp3_conn_writev_stream(session->h3, ret_stream, &last,
					   (nghttp3_vec *)vectors, count);
	*ret_end = last;
	if (taken < 0)
		note_h3_error(session, taken);
	return taken;
}

static int on_sent(void *user, int64_t stream, size_t size)
{
	struct http_session *session = user;

	return note_h3_error(session, nghttp3_conn_add_write_offset(
					      session->h3, stream, size));
}

static int on_blocked(void *user, int64_t stream)
{
	struct http_session *session = user;

	nghttp3_conn_block_stream(session->h3, stream);
	return 0;
}

static int on_shut(void *user, int64_t stream)
{
	struct http_session *session = user;

	nghttp3_conn_shutdown_stream_write(session->h3, stream);
	return 0;
}

static void on_ended(void *user, const char *failed)
{
	struct http_session *session = user;
	const struct connection *connection = &session->connection;

	if (session->goaway && is_idle(session) && connection->closed_by_peer &&
	    connection->close_code == NGHTTP3_H3_NO_ERROR)
		failed = NULL;
	session->owner->ended(session->user, failed);
}

int http_start(struct http_session *session, const struct http_options *options,
	       const struct http_owner *owner, void *user)
{
	memset(session, 0, sizeof(*session));
	session->options = options;
	session->owner = owner;
	session->user = user;
	session->requests =
		calloc(options->plan_count, sizeof(*session->requests));
	return session->requests ? 0 : -ENOMEM;
}

int http_connect(struct http_session *session, uint32_t number,
		 const struct connection_options *connection,
		 struct udp_endpoint *endpoint)
{
	static const struct connection_app app = {
		.ready = on_ready,
		.confirmed = on_confirmed,
		.stream_data = on_stream_data,
		.stream_acked = on_stream_acked,
		.stream_closed = on_stream_closed,
		.stream_reset = on_stream_reset,
		.stream_unblocked = on_stream_unblocked,
		.streams_available = begin_requests,
		.next = on_next,
		.sent = on_sent,
		.blocked = on_blocked,
		.shut = on_shut,
		.ended = on_ended,
	};

	if (session->done == session->options->plan_count)
		reset_round(session);
	return connection_start(&session->connection, number, connection,
				endpoint, &app, session);
}

void http_leave(struct http_session *session)
{
	size_t i;

	for (i = 0; i < session->begun; i++)
		request_end(&session->requests[i]);
	if (session->h3)
		nghttp3_conn_del(session->h3);
	session->h3 = NULL;
	session->begun = 0;
	session->goaway = false;
	session->terminator[0] = '\0';
}

void http_tick(struct http_session *session, uint64_t octets)
{
	size_t i;

	if (session->connection.over || !session->h3)
		return;
	/* A pause's budget is not saved up for a flood afterwards. */
	session->down_budget = octets;
	session->up_budget = octets;
	for (i = 0; i < session->begun; i++) {
		struct request *request = &session->requests[i];

		if (request->finished)
			continue;
		http_give_credit(session, request);
		if (!request->waits)
			continue;
		request->waits = false;
		nghttp3_conn_resume_stream(session->h3, request->stream);
	}
	connection_write(&session->connection);
}

unsigned int http_percent(const struct http_session *session)
{
	uint64_t wanted = 0, passed = 0;
	size_t i;

	for (i = 0; i < session->options->plan_count; i++) {
		const struct request_plan *plan = &session->options->plans[i];
		const struct request *request = &session->requests[i];

		if (plan->checked && plan->size != UINT64_MAX)
			wanted += plan->size;
		if (plan->has_body)
			wanted += plan->body_size;
		if (i < session->begun)
			passed += request->acked +
				  (plan->checked ? request->received : 0);
	}
	return wanted ? (unsigned int)(passed * 100 / wanted) : 0;
}

void http_in_flight(const struct http_session *session, bool *ret_download,
		    bool *ret_upload)
{
	size_t i;

	*ret_download = false;
	*ret_upload = false;
	for (i = 0; i < session->begun; i++) {
		const struct request *request = &session->requests[i];

		if (request->finished)
			continue;
		if (request->plan->has_body)
			*ret_upload |=
				request->acked > 0 &&
				request->acked < request->plan->body_size;
		else
			*ret_download |= request->received > 0;
	}
}

void http_free(struct http_session *session)
{
	http_leave(session);
	free(session->requests);
	json_decref(session->log);
	session->requests = NULL;
	session->log = NULL;
}
