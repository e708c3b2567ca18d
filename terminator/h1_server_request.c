/* SPDX-License-Identifier: GPL-2.0-only */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "terminator/fields.h"
#include "terminator/h1_server_private.h"
#include "terminator/message.h"
#include "terminator/site.h"

static struct h1_server *from_parser(llhttp_t *parser)
{
	return parser->data;
}

static struct limits *limits_of(const struct h1_server *h1)
{
	return h1->conn->tcp->limits;
}

/* Ends the parse; the client gets this status if it still can. */
static int refuse(struct h1_server *h1, unsigned status)
{
	h1->refusal = status;
	return HPE_USER;
}

static int on_method(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_server *h1 = from_parser(parser);

	text_add(&h1->method, data, size);
	return 0;
}

static int on_url(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_server *h1 = from_parser(parser);

	text_add(&h1->target, data, size);
	return h1->target.size > limits_of(h1)->options.uri_length +
					 H1_AUTHORITY_MAX
		       ? refuse(h1, 414)
		       : 0;
}

static int add_head(struct h1_server *h1, struct text *text, const char *data,
		    size_t size)
{
	text_add(text, data, size);
	h1->head_size += size;
	return h1->head_size > limits_of(h1)->options.header_size
		       ? refuse(h1, 431)
		       : 0;
}

static int on_header_field(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_server *h1 = from_parser(parser);

	return add_head(h1, &h1->name, data, size);
}

static int on_header_value(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_server *h1 = from_parser(parser);

	return add_head(h1, &h1->value, data, size);
}

static void lower_case(struct text *text)
{
	for (size_t i = 0; i < text->size; i++)
		if (text->data[i] >= 'A' && text->data[i] <= 'Z')
			text->data[i] += 'a' - 'A';
}

static int on_header_value_complete(llhttp_t *parser)
{
	struct h1_server *h1 = from_parser(parser);
	struct field field;

	lower_case(&h1->name);
	if (h1->name.failed || h1->value.failed)
		return refuse(h1, 503);
	field = (struct field){
		.name = h1->name.data,
		.name_size = h1->name.size,
		.value = h1->value.size ? h1->value.data : "",
		.value_size = h1->value.size,
	};
	field_trim(&field);
	if (!field_valid(&field))
		return refuse(h1, 400);
	if (h1->fields.count == H1_FIELDS_MAX)
		return refuse(h1, 431);
	if (field_list_add(&h1->fields, &field) < 0)
		return refuse(h1, 503);
	text_clear(&h1->name);
	text_clear(&h1->value);
	return 0;
}

/* Framing must be beyond doubt: only "chunked", once, in HTTP/1.1, without a
 * Content-Length (RFC 9112, 6.1). Returns a status, or 0. */
static unsigned check_framing(const struct h1_server *h1)
{
	size_t codings = 0, lengths = 0;

	for (size_t i = 0; i < h1->fields.count; i++) {
		const struct field *field = &h1->fields.fields[i];

		lengths += field_is(field, "content-length");
		if (!field_is(field, "transfer-encoding"))
			continue;
		if (!field_value_is_any_case(field, "chunked"))
			return 501;
		codings++;
	}
	if (codings > 1 || lengths > 1 || (codings && lengths) ||
	    (codings && h1->parser.http_minor == 0))
		return 400;
	return 0;
}

/* We see to Expect: it does not go further. Returns a status, or 0. */
static unsigned take_expect(struct h1_server *h1, bool *ret_expects)
{
	size_t kept = 0;

	*ret_expects = false;
	for (size_t i = 0; i < h1->fields.count; i++) {
		const struct field *field = &h1->fields.fields[i];

		if (!field_is(field, "expect")) {
			h1->fields.fields[kept++] = *field;
			continue;
		}
		if (!field_value_is_any_case(field, "100-continue"))
			return 417;
		*ret_expects = h1->parser.http_minor == 1;
	}
	h1->fields.count = kept;
	return 0;
}

static const struct field *find_host(const struct h1_server *h1)
{
	for (size_t i = 0; i < h1->fields.count; i++)
		if (field_is(&h1->fields.fields[i], "host"))
			return &h1->fields.fields[i];
	return NULL;
}

/* HTTP/1.0 knows no Host: what the client has connected to is meant. */
static struct field own_address(const struct h1_server *h1, char *text,
				size_t size)
{
	const union udp_address *local = &h1->conn->local;
	char address[INET6_ADDRSTRLEN];

	udp_address_text(local, address);
	snprintf(text, size, strchr(address, ':') ? "[%s]:%u" : "%s:%u",
		 address, ntohs(local->v6.sin6_port));
	return (struct field){.value = text, .value_size = strlen(text)};
}

/* Pages of our own are served where all else is sent to https. */
static bool is_own_page(const struct h1_server *h1,
			const struct exchange_request *request)
{
	const struct site *site = router_site(h1->conn->tcp->router);
	const struct route *route = site ? site_find(site, request) : NULL;

	return route &&
	       (route == &site->health.route || route == &site->metrics.route);
}

static bool must_redirect(const struct h1_server *h1,
			  const struct exchange_request *request)
{
	const struct tcp_conn *conn = h1->conn;

	return !conn->tls &&
	       (conn->misplaced || conn->tcp->options.redirect_http) &&
	       !is_own_page(h1, request);
}

/* To the same host and path at the port of TLS. */
static void redirect(struct h1_server *h1,
		     const struct exchange_request *request)
{
	const struct field *authority = &request->authority;
	struct message message;
	struct text location = {};
	size_t host_size = authority->value_size;
	uint16_t tls_port = tcp_tls_port(h1->conn->tcp);
	char port[8];

	if (message_check(&message, request) < 0 || message.connect) {
		refuse(h1, 400);
		return;
	}
	if (h1->conn->misplaced)
		tls_port = ntohs(h1->conn->local.v6.sin6_port);
	for (size_t i = authority->value_size; i-- > 0;)
		if (authority->value[i] == ':') {
			host_size = i;
			break;
		} else if (authority->value[i] == ']') {
			break;
		}
	text_add_string(&location, "https://");
	text_add(&location, authority->value, host_size);
	snprintf(port, sizeof(port), ":%u", tls_port);
	if (tls_port != 443)
		text_add_string(&location, port);
	text_add(&location, request->path.value, request->path.value_size);
	text_add(&location, "", 1);
	h1_response_own(h1, location.failed ? 503 : 308,
			location.failed ? NULL : location.data);
	text_free(&location);
}

/* Returns a status that refuses it, or 0. */
static unsigned begin_exchange(struct h1_server *h1,
			       struct exchange_request *request, bool expects)
{
	const struct tcp_conn *conn = h1->conn;

	if (must_redirect(h1, request)) {
		redirect(h1, request);
		return h1->refusal;
	}
	switch (exchange_new(conn->tcp->router, &h1_response_front, h1, request,
			     &h1->exchange)) {
	case 0:
		if (expects && !h1->ended)
			h1_response_continue(h1);
		if (!h1->ended)
			limits_watch_body(limits_of(h1), &h1->sender);
		return 0;
	case -EPROTO:
		return 400;
	default:
		return 503;
	}
}

static unsigned begin_request(struct h1_server *h1)
{
	const llhttp_t *parser = &h1->parser;
	char text[INET6_ADDRSTRLEN], own[INET6_ADDRSTRLEN + 8];
	static char path[H1_TARGET_MAX];
	const struct field *host;
	struct field address;
	struct exchange_request request = {
		.method = {.value = h1->method.data,
			   .value_size = h1->method.size},
		.protocol = QS_PROTOCOL_h1,
		.peer_address = udp_address_text(&h1->conn->peer, text),
		.peer = &h1->conn->peer.any,
		.local = &h1->conn->local.any,
	};
	bool expects;
	unsigned status = check_framing(h1);

	if (!status)
		status = take_expect(h1, &expects);
	if (status)
		return status;
	host = find_host(h1);
	if (!host && parser->http_minor == 1)
		return 400;
	if (!host) {
		address = own_address(h1, own, sizeof(own));
		host = &address;
	}
	if (h1_target_split(&request, h1->target.data, h1->target.size, host,
			    h1->conn->tls ? "https" : "http", path) < 0)
		return 400;
	request.misdirected = tcp_conn_misdirects(h1->conn, &request.authority);
	request.fields = h1->fields.fields;
	request.field_count = h1->fields.count;
	request.end = h1->ended =
		!(parser->flags & F_CHUNKED) && !parser->content_length;
	status = h1_tunnel_request(h1, &request);
	if (status)
		return status;
	return begin_exchange(h1, &request, expects);
}

static bool is_last_request(const struct h1_server *h1)
{
	uint32_t most = limits_of(h1)->options.connection_requests;

	return most && h1->requests >= most;
}

static int on_headers_complete(llhttp_t *parser)
{
	struct h1_server *h1 = from_parser(parser);
	unsigned status;

	h1->head_done = true;
	h1->requests++;
	h1->in_head = false;
	limits_unwatch(&h1->sender);
	if (parser->http_major != 1 || parser->http_minor > 1)
		status = 505;
	else if (h1->target.failed || h1->method.failed)
		status = 503;
	else
		status = begin_request(h1);
	if (!llhttp_should_keep_alive(parser) || h1->draining ||
	    is_last_request(h1))
		h1->closing = true;
	/* What else the connection could speak is not spoken here. */
	parser->upgrade = 0;
	if (status) {
		refuse(h1, status);
		return -1;
	}
	field_list_clear(&h1->fields);
	/* Answered by ourselves: nothing more is read. */
	return h1->exchange ? 0 : -1;
}

static int on_body(llhttp_t *parser, const char *data, size_t size)
{
	struct h1_server *h1 = from_parser(parser);

	h1->sender.received += size;
	switch (exchange_request_body(h1->exchange, data, size)) {
	case 0:
		return 0;
	case -EMSGSIZE:
		return refuse(h1, 400);
	default:
		return refuse(h1, 503);
	}
}

static int on_message_complete(llhttp_t *parser)
{
	struct h1_server *h1 = from_parser(parser);
	int result = 0;

	h1->request_done = true;
	limits_unwatch(&h1->sender);
	if (!h1->ended)
		result = exchange_request_end(h1->exchange, h1->fields.fields,
					      h1->fields.count);
	field_list_clear(&h1->fields);
	if (result)
		return refuse(h1, result == -EPROTO  ? 400
				  : result == -E2BIG ? 431
						     : 503);
	h1->paused = true;
	return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
	.on_method = on_method,
	.on_url = on_url,
	.on_header_field = on_header_field,
	.on_header_value = on_header_value,
	.on_header_value_complete = on_header_value_complete,
	.on_headers_complete = on_headers_complete,
	.on_body = on_body,
	.on_message_complete = on_message_complete,
};

void h1_request_init(struct h1_server *h1)
{
	llhttp_init(&h1->parser, HTTP_REQUEST, &settings);
	h1->parser.data = h1;
}

/* A method that we do not know is no error of form (RFC 9110, 15.6.2). */
static unsigned status_of(const struct h1_server *h1, llhttp_errno_t error)
{
	const char *at = llhttp_get_error_pos(&h1->parser);

	switch (error) {
	case HPE_INVALID_METHOD:
		return at && field_token_valid(at, 1) ? 501 : 400;
	case HPE_INVALID_VERSION: /* or no CRLF behind it */
		return h1->parser.http_major == 1 && h1->parser.http_minor <= 1
			       ? 400
			       : 505;
	case HPE_PAUSED_H2_UPGRADE:
		return 505;
	default:
		return 400;
	}
}

size_t h1_request_room(const struct h1_server *h1)
{
	if (h1->failed || h1->broken || (h1->paused && !h1->tunnel_open))
		return 0;
	if (!h1->exchange)
		return SIZE_MAX;
	return EXCHANGE_REQUEST_WINDOW - exchange_request_held(h1->exchange);
}

size_t h1_request_feed(struct h1_server *h1, const char *data, size_t size)
{
	llhttp_t *parser = &h1->parser;
	llhttp_errno_t error;

	if (h1->tunnel_open)
		return h1_tunnel_feed(h1, data, size);
	if (!h1->head_done && !h1->in_head) {
		h1->in_head = true;
		limits_watch_header(limits_of(h1), &h1->sender);
	}
	error = llhttp_execute(parser, data, size);
	if (error == HPE_OK)
		return size;
	if (error == HPE_PAUSED && h1->paused)
		return (size_t)(llhttp_get_error_pos(parser) - data);
	h1->failed = true;
	h1->closing = true;
	/* An answer of our own has been made, or is made now. */
	if (h1->exchange || !h1->head_told)
		h1_response_own(
			h1, h1->refusal ? h1->refusal : status_of(h1, error),
			NULL);
	return size;
}

bool h1_request_rest_is_long(const struct h1_server *h1)
{
	return !h1->request_done && !h1->ended &&
	       (h1->parser.flags & F_CHUNKED ||
		h1->parser.content_length > H1_DROP_MAX);
}

void h1_request_next(struct h1_server *h1)
{
	exchange_free(h1->exchange);
	h1->exchange = NULL;
	text_clear(&h1->method);
	text_clear(&h1->target);
	h1->head_size = 0;
	h1->head_done = h1->request_done = h1->ended = false;
	h1->tunnel = false;
	h1->head_told = h1->has_body = h1->chunked = h1->response_done = false;
	if (h1->paused)
		llhttp_resume(&h1->parser);
	h1->paused = false;
}
