/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/client/options.h"

#include <argp.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPT_CONNECTIONS = 256,
	OPT_RATE,
	OPT_WINDOW,
	OPT_NAME,
	OPT_CA,
	OPT_GET,
	OPT_UPLOAD,
	OPT_METHOD,
	OPT_FIELD,
	OPT_STATUS,
	OPT_UNCHECKED,
	OPT_TRAILERS,
	OPT_CANCEL_AT,
	OPT_RESET,
	OPT_TOLERANT,
	OPT_ROUNDS,
	OPT_CONTINUOUS,
	OPT_COOKIES,
	OPT_HOLD,
	OPT_INTERVAL,
	OPT_REBIND_AT,
	OPT_MIGRATE_AT,
	OPT_MIGRATE_TO,
	OPT_SHARE,
	OPT_TOKEN,
	OPT_RESUME,
	OPT_JSON,
	OPT_SHOW,
	OPT_TIMEOUT,
	OPT_PACE,
	OPT_KEEPALIVE,
	OPT_IDLE,
	OPT_HANDSHAKE,
	OPT_BIG_HELLO,
	OPT_CID_LENGTH,
	OPT_STREAM_WINDOW,
	OPT_VERSION,
};

static const struct argp_option table[] = {
	{0, 0, 0, 0, "What to ask for (all requests of a round at once):", 1},
	{"get", OPT_GET, "PATH", 0,
	 "GET; a path /bytes/N or /chunked/N must answer N octets of the "
	 "pattern",
	 0},
	{"upload", OPT_UPLOAD, "PATH=N", 0,
	 "PUT N octets of the pattern; %u in PATH is the connection's number",
	 0},
	{0, 0, 0, 0, "Changes to the request named last:", 2},
	{"method", OPT_METHOD, "METHOD", 0, "Another method", 0},
	{"field", OPT_FIELD, "NAME:VALUE", 0,
	 "A header field more; %u in VALUE is the connection's number", 0},
	{"status", OPT_STATUS, "N", 0, "Expect this status (default: 2xx)", 0},
	{"unchecked", OPT_UNCHECKED, 0, 0, "Take any response body", 0},
	{"trailers", OPT_TRAILERS, 0, 0,
	 "Send a trailer section and no Content-Length", 0},
	{"cancel-at", OPT_CANCEL_AT, "N", 0,
	 "Cancel the request after N octets of the response", 0},
	{"reset", OPT_RESET, 0, 0, "Expect that the server resets the stream",
	 0},
	{0, 0, 0, 0, "Connections:", 3},
	{"connections", OPT_CONNECTIONS, "N", 0, "How many (default 1)", 0},
	{"rate", OPT_RATE, "N", 0, "Begin N a second (default: all at once)",
	 0},
	{"window", OPT_WINDOW, "N", 0, "At most N open at once", 0},
	{"name", OPT_NAME, "NAME", 0,
	 "The server's name and authority (default localhost)", 0},
	{"ca", OPT_CA, "FILE", 0, "Verify the certificate against this one", 0},
	{"tolerant", OPT_TOLERANT, 0, 0,
	 "Only count a request that fails; its connection goes on", 0},
	{"rounds", OPT_ROUNDS, "N", 0, "Rounds of requests (default 1)", 0},
	{"continuous", OPT_CONTINUOUS, 0, 0,
	 "Make each request again as soon as it is done, as often as there "
	 "are rounds",
	 0},
	{"cookies", OPT_COOKIES, 0, 0,
	 "Send the last cookie that was set, each connection its own", 0},
	{"hold", OPT_HOLD, "SECONDS", 0,
	 "Go on with rounds until a connection is so old, or SIGUSR2 comes", 0},
	{"interval", OPT_INTERVAL, "MS", 0, "Wait between rounds", 0},
	{"pace", OPT_PACE, "N", 0,
	 "At most N octets a second in each direction, per connection, until "
	 "SIGUSR2 comes",
	 0},
	{"keepalive", OPT_KEEPALIVE, "MS", 0, "Send PING so often", 0},
	{"idle-timeout", OPT_IDLE, "MS", 0, "Default 30000", 0},
	{"big-hello", OPT_BIG_HELLO, 0, 0, "A ClientHello of two datagrams", 0},
	{"handshake-timeout", OPT_HANDSHAKE, "MS", 0, "Default 30000", 0},
	{"cid-length", OPT_CID_LENGTH, "N", 0,
	 "Octets of our CIDs, 0 or 5 to 20 (default 8)", 0},
	{"stream-window", OPT_STREAM_WINDOW, "N", 0,
	 "Octets a stream may have under way (default 4 MiB)", 0},
	{"quic-version", OPT_VERSION, "HEX", 0, "Default 1", 0},
	{0, 0, 0, 0, "Movement:", 4},
	{"rebind-at", OPT_REBIND_AT, "PERCENT", 0,
	 "Change the local port silently when so much has passed", 0},
	{"share-socket", OPT_SHARE, 0, 0,
	 "Rebind odd connections onto the socket of the one before", 0},
	{"migrate-at", OPT_MIGRATE_AT, "PERCENT", 0,
	 "Migrate actively when so much has passed", 0},
	{"migrate-to", OPT_MIGRATE_TO, "ADDRESS", 0,
	 "... to this local address (default: the same, another port)", 0},
	{"token", OPT_TOKEN, 0, 0,
	 "Each connection is followed by another one with its NEW_TOKEN", 0},
	{"resume", OPT_RESUME, 0, 0, "... and with its TLS session", 0},
	{0, 0, 0, 0, "Output:", 5},
	{"json", OPT_JSON, 0, 0, "A line of JSON for each connection", 0},
	{"show", OPT_SHOW, 0, 0, "With each response in it", 0},
	{"timeout", OPT_TIMEOUT, "SECONDS", 0,
	 "Give up what is left after that (default 300)", 0},
	{0},
};

static uint64_t number(const struct argp_state *state, const char *text,
		       uint64_t maximum)
{
	char *end;
	unsigned long long value = strtoull(text, &end, 10);

	if (end == text || *end != '\0' || value > maximum)
		argp_error(state, "%s: not a number up to %" PRIu64, text,
			   maximum);
	return value;
}

static struct request_plan *add_plan(struct load_options *options,
				     const struct argp_state *state)
{
	struct request_plan *plan;

	if (options->plan_count == PLANS_MAX)
		argp_error(state, "more than %d requests", PLANS_MAX);
	plan = &options->plans[options->plan_count++];
	memset(plan, 0, sizeof(*plan));
	plan->size = UINT64_MAX;
	return plan;
}

static void add_get(struct load_options *options,
		    const struct argp_state *state, const char *path)
{
	struct request_plan *plan = add_plan(options, state);
	const char *last = strrchr(path, '/');

	plan->method = "GET";
	plan->path = path;
	if (last && (strncmp(path, "/bytes/", 7) == 0 ||
		     strncmp(path, "/chunked/", 9) == 0)) {
		plan->checked = true;
		plan->size = number(state, last + 1, UINT64_MAX);
	}
}

static void add_upload(struct load_options *options,
		       const struct argp_state *state, char *text)
{
	struct request_plan *plan = add_plan(options, state);
	char *equals = strrchr(text, '=');

	if (!equals)
		argp_error(state, "%s: not of the form PATH=N", text);
	*equals = '\0';
	plan->method = "PUT";
	plan->path = text;
	plan->has_body = true;
	plan->body_size = number(state, equals + 1, UINT64_MAX);
}

static void add_field(struct request_plan *plan, const struct argp_state *state,
		      char *text)
{
	char *colon = strchr(text + 1, ':');

	if (!colon || plan->field_count == REQUEST_FIELDS_MAX)
		argp_error(state, "%s: not NAME:VALUE, or too many", text);
	*colon = '\0';
	plan->field_names[plan->field_count] = text;
	plan->field_values[plan->field_count++] = colon + 1;
}

static error_t parse_plan(int key, char *text, struct argp_state *state,
			  struct load_options *options)
{
	struct request_plan *plan;

	if (key > OPT_VERSION)
		return ARGP_ERR_UNKNOWN; /* argp's own events */
	if (options->plan_count == 0)
		argp_error(state, "name a request first, by --get or --upload");
	plan = &options->plans[options->plan_count - 1];
	switch (key) {
	case OPT_METHOD:
		plan->method = text;
		plan->checked = false;
		plan->size = UINT64_MAX;
		break;
	case OPT_FIELD:
		add_field(plan, state, text);
		break;
	case OPT_STATUS:
		plan->status = (unsigned int)number(state, text, 599);
		break;
	case OPT_UNCHECKED:
		plan->checked = false;
		plan->size = UINT64_MAX;
		break;
	case OPT_TRAILERS:
		plan->trailers = true;
		break;
	case OPT_CANCEL_AT:
		plan->cancel_at = number(state, text, UINT64_MAX);
		break;
	case OPT_RESET:
		plan->reset_expected = true;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static error_t parse_movement(int key, char *text, struct argp_state *state,
			      struct load_options *options)
{
	switch (key) {
	case OPT_REBIND_AT:
		options->rebind_percent =
			(unsigned int)number(state, text, 100);
		break;
	case OPT_MIGRATE_AT:
		options->migrate_percent =
			(unsigned int)number(state, text, 100);
		break;
	case OPT_MIGRATE_TO:
		if (udp_parse(text, &options->migrate_to) < 0)
			argp_error(state, "%s: not an address", text);
		options->has_migrate_to = true;
		break;
	case OPT_TOLERANT:
		options->tolerant = true;
		break;
	case OPT_SHARE:
		options->share_socket = true;
		break;
	case OPT_TOKEN:
		options->successors = true;
		break;
	case OPT_RESUME:
		options->resume = true;
		break;
	case OPT_JSON:
		options->json = true;
		break;
	case OPT_SHOW:
		options->show = true;
		break;
	default:
		return parse_plan(key, text, state, options);
	}
	return 0;
}

static error_t parse_connection(int key, char *text, struct argp_state *state,
				struct load_options *options)
{
	switch (key) {
	case OPT_KEEPALIVE:
		options->keepalive_ms = number(state, text, 3600000);
		break;
	case OPT_IDLE:
		options->idle_timeout_ms = number(state, text, 3600000);
		break;
	case OPT_BIG_HELLO:
		options->big_hello = true;
		break;
	case OPT_HANDSHAKE:
		options->handshake_timeout_ms = number(state, text, 3600000);
		break;
	case OPT_CID_LENGTH:
		options->cid_length = (unsigned int)number(state, text, 20);
		if (options->cid_length > 0 && options->cid_length < 5)
			argp_error(state, "CIDs of 1 to 4 octets do not work");
		break;
	case OPT_STREAM_WINDOW:
		options->stream_window = number(state, text, 1 << 30);
		break;
	case OPT_VERSION:
		options->version = (uint32_t)strtoul(text, NULL, 16);
		break;
	case OPT_PACE:
		options->pace = number(state, text, UINT64_MAX);
		break;
	default:
		return parse_movement(key, text, state, options);
	}
	return 0;
}

static error_t parse(int key, char *text, struct argp_state *state)
{
	struct load_options *options = state->input;

	switch (key) {
	case OPT_GET:
		add_get(options, state, text);
		break;
	case OPT_UPLOAD:
		add_upload(options, state, text);
		break;
	case OPT_CONNECTIONS:
		options->connections =
			(unsigned int)number(state, text, 100000);
		break;
	case OPT_RATE:
		options->rate = (unsigned int)number(state, text, 100000);
		break;
	case OPT_WINDOW:
		options->window = (unsigned int)number(state, text, 100000);
		break;
	case OPT_NAME:
		options->server_name = text;
		break;
	case OPT_CA:
		options->ca_file = text;
		break;
	case OPT_ROUNDS:
		options->rounds = (unsigned int)number(state, text, 1000000);
		break;
	case OPT_CONTINUOUS:
		options->continuous = true;
		break;
	case OPT_COOKIES:
		options->cookies = true;
		break;
	case OPT_HOLD:
		options->hold_ms = number(state, text, 3600) * 1000;
		break;
	case OPT_INTERVAL:
		options->interval_ms = number(state, text, 3600000);
		break;
	case OPT_TIMEOUT:
		options->timeout_s = (unsigned int)number(state, text, 3600);
		break;
	case ARGP_KEY_ARG:
		if (udp_parse(text, &options->target) < 0 ||
		    udp_port(&options->target) == 0)
			argp_error(state, "%s: not ADDRESS:PORT", text);
		break;
	default:
		return parse_connection(key, text, state, options);
	}
	return 0;
}

void options_parse(struct load_options *options, int argc, char **argv)
{
	static const struct argp argp = {
		.options = table,
		.parser = parse,
		.args_doc = "ADDRESS:PORT",
		.doc = "Load an HTTP/3 server and check what it answers.",
	};

	memset(options, 0, sizeof(*options));
	options->server_name = "localhost";
	options->connections = 1;
	options->rounds = 1;
	options->timeout_s = 300;
	options->idle_timeout_ms = 30000;
	options->handshake_timeout_ms = 30000;
	options->cid_length = 8;
	options->stream_window = 4 * 1024 * 1024;
	argp_err_exit_status = 2;
	argp_parse(&argp, argc, argv, 0, NULL, options);
	if (options->target.size == 0 || options->plan_count == 0) {
		fprintf(stderr, "h3load: an ADDRESS:PORT and a --get or "
				"--upload are needed; see --help\n");
		exit(2);
	}
	if (options->pace && options->stream_window > 64 * 1024)
		options->stream_window = 64 * 1024;
	options->window_size = options->stream_window * 4;
	if (options->continuous) {
		options->repeats =
			options->plan_count * (uint64_t)(options->rounds - 1);
		options->rounds = 1;
	}
}
