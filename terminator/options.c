/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/options.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "loader/lib/log.h"
#include "loader/lib/parse.h"
#include "loader/lib/version.h"

static const char usage[] =
	"Usage: quicsteer-terminator --name NAME --config FILE [OPTION]...\n"
	"       quicsteer-terminator --name NAME --certificate FILE\n"
	"           --private-key FILE --backend URL [--backend URL]...\n"
	"           [--control SOCKET | --listen ADDRESS:PORT] [OPTION]...\n"
	"Ends QUIC connections and proxies their HTTP/3 requests to HTTP/1.1\n"
	"backends. Needs no privilege: the loader gives it its socket.\n"
	"\n"
	"  --name NAME             [a-z0-9-], at most 31; shown in Via\n"
	"  --config FILE           quicsteer.yaml; other options go before "
	"what\n"
	"                          it says, also after a reload\n"
	"  --certificate FILE      PEM chain, the server's first\n"
	"  --private-key FILE      PEM key of that certificate\n"
	"  --backend URL           http://ADDRESS[:PORT]; round robin over "
	"all;\n"
	"                          replaces the file's pools and routes\n"
	"  --control SOCKET        the loader's (" QS_CONTROL_SOCKET ")\n"
	"  --listen ADDRESS:PORT   a SO_REUSEPORT socket of its own, without\n"
	"                          loader: no steering, for comparison and "
	"for\n"
	"                          a process that is alone\n"
	"  --retry POLICY          auto, always or never (auto: while more\n"
	"                          than --retry-threshold handshakes are "
	"open)\n"
	"  --retry-threshold N     (256)\n"
	"  --idle-timeout S        seconds, QUIC (30)\n"
	"  --drain-timeout S       seconds from SIGTERM to the end (30)\n"
	"  --loader-timeout S      seconds to wait for the loader (10)\n"
	"  --connect-timeout MS    to a backend, then 504 (5000)\n"
	"  --response-timeout MS   for a response's header, then 504 (60000)\n"
	"  --body-timeout MS       between octets of a response (60000)\n"
	"  --log-level LEVEL       error, warn, info or debug (info)\n"
	"  --log-format FORMAT     text, or json: an object a line (text)\n"
	"  --help, --version\n"
	"\n"
	"SIGTERM drains: no new connections, GOAWAY, then the end. A second\n"
	"SIGTERM, or SIGINT, ends at once.\n"
	"SIGHUP reads FILE and the certificate again, for this process alone\n"
	"(lbctl reload: for all). If anything is wrong, nothing changes.\n"
	"SIGUSR1 opens the access log's file again, after it was moved away.\n"
	"SIGUSR2 starts this program again; when the new process serves, this\n"
	"one drains. Not with --listen: there the kernel would hand packets "
	"of\n"
	"open connections to the new process, and break them.\n"
	"Exit status: 0 ended as asked, 1 failure, 2 wrong usage.\n";

enum option_id {
	OPT_NAME = 256,
	OPT_CONFIG,
	OPT_CERTIFICATE,
	OPT_PRIVATE_KEY,
	OPT_BACKEND,
	OPT_CONTROL,
	OPT_LISTEN,
	OPT_RETRY,
	OPT_RETRY_THRESHOLD,
	OPT_IDLE_TIMEOUT,
	OPT_DRAIN_TIMEOUT,
	OPT_LOADER_TIMEOUT,
	OPT_CONNECT_TIMEOUT,
	OPT_RESPONSE_TIMEOUT,
	OPT_BODY_TIMEOUT,
	OPT_LOG_LEVEL,
	OPT_LOG_FORMAT,
	OPT_HELP,
	OPT_VERSION,
};

static const struct option long_options[] = {
	{"name", required_argument, NULL, OPT_NAME},
	{"config", required_argument, NULL, OPT_CONFIG},
	{"certificate", required_argument, NULL, OPT_CERTIFICATE},
	{"private-key", required_argument, NULL, OPT_PRIVATE_KEY},
	{"backend", required_argument, NULL, OPT_BACKEND},
	{"control", required_argument, NULL, OPT_CONTROL},
	{"listen", required_argument, NULL, OPT_LISTEN},
	{"retry", required_argument, NULL, OPT_RETRY},
	{"retry-threshold", required_argument, NULL, OPT_RETRY_THRESHOLD},
	{"idle-timeout", required_argument, NULL, OPT_IDLE_TIMEOUT},
	{"drain-timeout", required_argument, NULL, OPT_DRAIN_TIMEOUT},
	{"loader-timeout", required_argument, NULL, OPT_LOADER_TIMEOUT},
	{"connect-timeout", required_argument, NULL, OPT_CONNECT_TIMEOUT},
	{"response-timeout", required_argument, NULL, OPT_RESPONSE_TIMEOUT},
	{"body-timeout", required_argument, NULL, OPT_BODY_TIMEOUT},
	{"log-level", required_argument, NULL, OPT_LOG_LEVEL},
	{"log-format", required_argument, NULL, OPT_LOG_FORMAT},
	{"help", no_argument, NULL, OPT_HELP},
	{"version", no_argument, NULL, OPT_VERSION},
	{NULL, 0, NULL, 0},
};

static bool complain(const char *option, const char *value, const char *right)
{
	fprintf(stderr, "quicsteer-terminator: --%s %s: must be %s\n", option,
		value, right);
	return false;
}

static bool number(const char *option, const char *value, uint32_t min,
		   uint32_t max, uint32_t *to)
{
	char right[64];
	uint32_t parsed;

	if (!qs_parse_number(value, max, &parsed) && parsed >= min) {
		*to = parsed;
		return true;
	}
	snprintf(right, sizeof(right), "a number from %u to %u", min, max);
	return complain(option, value, right);
}

static bool seconds_to_ms(const char *option, const char *value, uint32_t min,
			  uint32_t max, uint32_t *ms)
{
	if (!number(option, value, min, max, ms))
		return false;
	*ms *= 1000;
	return true;
}

static bool retry_policy(const char *value, enum retry_policy *policy)
{
	if (!strcmp(value, "auto"))
		*policy = RETRY_AUTO;
	else if (!strcmp(value, "always"))
		*policy = RETRY_ALWAYS;
	else if (!strcmp(value, "never"))
		*policy = RETRY_NEVER;
	else
		return complain("retry", value, "auto, always or never");
	return true;
}

static bool name_option(struct options *options, const char *value)
{
	char padded[QS_NAME_SIZE] = {0};

	if (strlen(value) >= sizeof(padded))
		return complain("name", value, "at most 31 of [a-z0-9-]");
	memcpy(padded, value, strlen(value));
	if (!qs_name_is_valid(padded))
		return complain("name", value, "1 to 31 of [a-z0-9-]");
	options->name = value;
	return true;
}

static bool log_level(struct options *options, const char *value)
{
	if (qs_log_level_parse(value, &options->log_level))
		return complain("log-level", value,
				"error, warn, info or debug");
	options->given |= OPTIONS_LOG_LEVEL;
	qs_log_set_level(options->log_level);
	return true;
}

static bool log_format(struct options *options, const char *value)
{
	if (qs_log_format_parse(value, &options->log_format))
		return complain("log-format", value, "text or json");
	options->given |= OPTIONS_LOG_FORMAT;
	qs_log_set_format(options->log_format);
	return true;
}

static bool add_backend(struct options *options, const char *value)
{
	if (options->backend_count == OPTIONS_MAX_BACKENDS)
		return complain("backend", value, "given at most 64 times");
	options->backends[options->backend_count++] = value;
	return true;
}

static bool number_option(struct options *options, int id, const char *value)
{
	struct qs_config_pool *pool = &options->pool;

	switch (id) {
	case OPT_RETRY_THRESHOLD:
		options->given |= OPTIONS_RETRY_THRESHOLD;
		return number("retry-threshold", value, 0, 1000000,
			      &options->retry_threshold);
	case OPT_IDLE_TIMEOUT:
		options->given |= OPTIONS_IDLE_TIMEOUT;
		return seconds_to_ms("idle-timeout", value, 1, 3600,
				     &options->idle_timeout_ms);
	case OPT_DRAIN_TIMEOUT:
		options->given |= OPTIONS_DRAIN_TIMEOUT;
		return seconds_to_ms("drain-timeout", value, 0, 86400,
				     &options->drain_timeout_ms);
	case OPT_LOADER_TIMEOUT:
		options->given |= OPTIONS_LOADER_TIMEOUT;
		return seconds_to_ms("loader-timeout", value, 0, 86400,
				     &options->loader_timeout_ms);
	case OPT_CONNECT_TIMEOUT:
		options->given |= OPTIONS_CONNECT_TIMEOUT;
		return number("connect-timeout", value, 1, 3600000,
			      &pool->connect_timeout_ms);
	case OPT_RESPONSE_TIMEOUT:
		options->given |= OPTIONS_RESPONSE_TIMEOUT;
		return number("response-timeout", value, 1, 3600000,
			      &pool->response_timeout_ms);
	default:
		options->given |= OPTIONS_BODY_TIMEOUT;
		return number("body-timeout", value, 1, 3600000,
			      &pool->body_timeout_ms);
	}
}

static bool set_option(struct options *options, int id, const char *value)
{
	switch (id) {
	case OPT_NAME:
		return name_option(options, value);
	case OPT_CONFIG:
		options->config = value;
		return true;
	case OPT_CERTIFICATE:
		options->certificate = value;
		return true;
	case OPT_PRIVATE_KEY:
		options->private_key = value;
		return true;
	case OPT_BACKEND:
		return add_backend(options, value);
	case OPT_CONTROL:
		options->control = value;
		return true;
	case OPT_LISTEN:
		options->standalone = true;
		return !qs_parse_endpoint(value, &options->listen) ||
		       complain("listen", value,
				"ADDRESS:PORT or [ADDRESS]:PORT");
	case OPT_RETRY:
		options->given |= OPTIONS_RETRY;
		return retry_policy(value, &options->retry);
	case OPT_LOG_LEVEL:
		return log_level(options, value);
	case OPT_LOG_FORMAT:
		return log_format(options, value);
	default:
		return number_option(options, id, value);
	}
}

static void set_defaults(struct options *options)
{
	memset(options, 0, sizeof(*options));
	options->log_level = QS_LOG_INFO;
	options->drain_timeout_ms = 30000;
	options->loader_timeout_ms = 10000;
	options->retry = RETRY_AUTO;
	options->retry_threshold = 256;
	options->idle_timeout_ms = 30000;
	options->pool.connect_timeout_ms = 5000;
	options->pool.response_timeout_ms = 60000;
	options->pool.body_timeout_ms = 60000;
	options->pool.keepalive_ms = 30000;
	options->pool.keepalive_connections = 512;
	options->pool.max_connections = 1024;
}

/* What a configuration file says need not be said again. */
static bool check(const struct options *options)
{
	const char *missing = !options->name		? "name"
			      : options->config		? NULL
			      : !options->certificate	? "certificate"
			      : !options->private_key	? "private-key"
			      : !options->backend_count ? "backend"
							: NULL;

	if (missing) {
		fprintf(stderr,
			"quicsteer-terminator: --%s is missing; see --help\n",
			missing);
		return false;
	}
	if (options->standalone && options->control) {
		fprintf(stderr, "quicsteer-terminator: --listen and --control "
				"exclude each other\n");
		return false;
	}
	return true;
}

bool options_use_file(const struct options *options)
{
	return options->config && !options->backend_count;
}

bool options_parse(struct options *options, int argc, char **argv, int *status)
{
	int id;

	set_defaults(options);
	*status = 2;
	while ((id = getopt_long(argc, argv, "", long_options, NULL)) != -1) {
		switch (id) {
		case OPT_HELP:
			fputs(usage, stdout);
			*status = 0;
			return false;
		case OPT_VERSION:
			puts("quicsteer-terminator " QS_VERSION);
			*status = 0;
			return false;
		case '?': /* getopt_long has said what is wrong */
			return false;
		default:
			if (!set_option(options, id, optarg))
				return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr,
			"quicsteer-terminator: %s: not an option; see "
			"--help\n",
			argv[optind]);
		return false;
	}
	return check(options);
}
