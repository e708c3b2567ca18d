/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The configuration of all programs: one YAML file. What is written in it is
 * described, key by key, in config_schema.c and config_schema_pools.c; this is
 * what comes out: checked, in base units, defaults filled in.
 */
#ifndef QS_LOADER_LIB_CONFIG_H
#define QS_LOADER_LIB_CONFIG_H

#include "loader/lib/config_quic.h"
#include "loader/lib/log.h"
#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	QS_CONFIG_MAX_ROUTES = 256,
	QS_CONFIG_MAX_HTTP = 16, /* plain HTTP addresses and ports */
	QS_CONFIG_MAX_STATUSES = 16,
	QS_CONFIG_MAX_RULES = 32,	  /* in one list */
	QS_CONFIG_MAX_ERROR_PAGES = 16,	  /* likewise */
	QS_CONFIG_MAX_SELF_SIGNED = 128,  /* names */
	QS_CONFIG_NO_POOL = QS_MAX_POOLS, /* a route without one */
	QS_CONFIG_MAX_CID = 6, /* of seven IDs; the loader's own needs one */
	QS_CONFIG_MAX_RATE = 1000000, /* new connections a second, or at once */
};

/* Names of enumerations are those of the file: "http", "tcp", "none". */
enum qs_check_type { QS_CHECK_NONE, QS_CHECK_TCP, QS_CHECK_HTTP };
enum qs_config_mode {
	QS_MODE_AUTO,
	QS_MODE_NATIVE,
	QS_MODE_GENERIC,
	QS_MODE_TC,
};
enum qs_config_retry { QS_RETRY_NEVER, QS_RETRY_AUTO, QS_RETRY_ALWAYS };

/* A share in a thousand, from "50 %" or "12.5 %". */
typedef uint32_t qs_per_mille;

/* New connections, which a source prefix of so many bits may open. */
struct qs_config_new_connections {
	uint32_t per_source; /* a second; 0: no limit */
	uint32_t per_source_burst;
	uint32_t prefix_v4;
	uint32_t prefix_v6;
	uint32_t total; /* a second, of all sources; 0: no limit */
	uint32_t total_burst;
	struct qs_prefix_key *allow;
	size_t allow_count; /* 0: any */
	struct qs_prefix_key *deny;
	size_t deny_count;
};

/* The load balancer's own page of its health. */
struct qs_config_health_page {
	bool enabled;
	char *path;
};

/* The loader's metrics, relayed. */
struct qs_config_metrics_page {
	bool enabled;
	char *path;
	struct qs_prefix_key *allow; /* clients that get it */
	size_t allow_count;	     /* 0: those on this machine */
};

/* A server ID and who has it. */
struct qs_config_server_id {
	char *server_id; /* hex, lower case, of the configuration's length */
	char *terminator;
};

/* A CID configuration of terminators that have server IDs of their own. */
struct qs_config_cid {
	uint32_t id; /* 0 to 6 */
	bool is_encrypted;
	char *key_file; /* NULL: not encrypted */
	uint32_t server_id_length;
	uint32_t nonce_length;
	struct qs_config_server_id *server_ids;
	size_t server_id_count;
};

struct qs_config_loader {
	char *interface;
	struct qs_vip_key vips[QS_MAX_VIPS];
	size_t vip_count;
	enum qs_config_mode mode;
	bool dispatcher;    /* "auto": true, "never": false */
	bool drop_options;  /* "drop": true, "steer": false */
	bool key_client_ip; /* "client-ip": true, "4-tuple": false */
	bool cpu_steering;
	bool tcp; /* TLS over TCP at the VIPs, too */
	struct qs_vip_key http[QS_CONFIG_MAX_HTTP];
	size_t http_count;
	bool metrics_on; /* "none": false */
	struct qs_vip_key metrics;
	uint32_t cid_max_age_ms;  /* 0: none */
	uint32_t cid_rotation_ms; /* 0: never by itself */
	struct qs_config_cid *cid_configs;
	size_t cid_config_count;
	char *terminator_user; /* NULL: root and the loader's user only */
	struct qs_config_new_connections new_connections;
};

/* What backends are told of the client, beside its request. */
struct qs_config_forwarded {
	struct qs_prefix_key *trusted; /* proxies that are believed */
	size_t trusted_count;
	bool standard; /* Forwarded, too */
};

struct qs_config_request_id {
	bool enabled;
	char *field; /* lower case */
	bool respond;
};

enum qs_config_access_format {
	QS_ACCESS_NONE,
	QS_ACCESS_JSON,
	QS_ACCESS_COMBINED,
};

/* A line for each request that terminators answered. */
struct qs_config_access_log {
	enum qs_config_access_format format;
	char *file; /* "-": standard output */
	qs_per_mille sample;
};

/* What a terminator allows its clients. */
struct qs_config_limits {
	uint32_t header_fields;	      /* of a section */
	uint32_t header_size;	      /* octets, as RFC 9114, 4.2.2 counts */
	uint32_t uri_length;	      /* octets of path and query */
	uint32_t body_mib;	      /* 0: no limit */
	uint32_t streams;	      /* at once, of a connection */
	uint32_t connection_requests; /* over its life; 0: no limit */
	uint32_t client_connections;  /* of an address; 0: no limit */
	uint32_t client_requests;     /* a second, of an address; 0: no limit */
	uint32_t client_burst;	      /* at once, beyond that */
	uint32_t header_timeout_ms;
	uint32_t body_timeout_ms;
	uint32_t body_minimum_rate; /* octets a second */
};

/* One more than the first; clients choose by name and kind of key. */
struct qs_config_certificate {
	char *certificate; /* PEM file */
	char *private_key; /* PEM file */
	char **names;	   /* of hosts; none: those in the certificate */
	size_t name_count;
};

struct qs_config_terminator {
	char *certificate; /* PEM file; NULL: none */
	char *private_key; /* PEM file; NULL as the certificate */
	struct qs_config_certificate *certificates;
	size_t certificate_count;
	char **self_signed_names; /* of a certificate, if there is none */
	size_t self_signed_name_count;
	enum qs_config_retry retry;
	uint32_t retry_threshold;
	uint32_t idle_timeout_ms;
	uint32_t handshake_timeout_ms;
	bool redirect_http; /* "redirect": true, "serve": false */
	uint32_t drain_timeout_ms;
	uint32_t loader_timeout_ms;
	struct qs_config_limits limits;
	struct qs_config_health_page health;
	struct qs_config_metrics_page metrics;
	struct qs_config_access_log access_log;
	uint32_t compression_streams; /* at once, of one terminator */
	struct qs_config_forwarded forwarded;
	struct qs_config_request_id request_id;
	struct qs_config_quic quic;
};

/* A range of status codes, inclusive. */
struct qs_config_statuses {
	uint16_t first, last;
};

/* Active checks of the backends of a pool. */
struct qs_config_check {
	enum qs_check_type type;
	char *path;
	char *host;	   /* of the Host field; NULL: the backend's own */
	bool proxy_header; /* as the pool's proxy_protocol says */
	struct qs_config_statuses statuses[QS_CONFIG_MAX_STATUSES];
	size_t status_count;
	char *body; /* must be in the first 64 KiB of the body; NULL: any */
	uint32_t interval_ms;
	uint32_t interval_down_ms; /* while it is down */
	uint32_t timeout_ms;
	uint32_t rise; /* checks passed until it is up */
	uint32_t fall; /* checks failed until it is down */
	qs_per_mille jitter;
};

struct qs_config_breaker {
	bool enabled;
	uint32_t consecutive_failures; /* opens it; 0: not by these */
	qs_per_mille error_rate;       /* opens it; 0: not by this */
	uint32_t minimum_requests; /* in the window, for the rate to count */
	uint32_t window_ms;
	uint32_t open_ms;     /* the first time; doubled each time in a row */
	uint32_t open_max_ms; /* the cap of that */
	uint32_t half_open_requests; /* trials; all must succeed to close */
	uint32_t max_ejected; /* per cent of the pool, checks counted in */
};

struct qs_config_health_weight {
	bool enabled;
	qs_per_mille minimum; /* a slow backend keeps so much of its weight */
	uint32_t window_ms;   /* over which response times are smoothed */
};

struct qs_config_backend {
	char *name;	 /* unique in the file, 1 to 31 of [a-z0-9._-] */
	char *host;	 /* a numeric address, without brackets, or a name */
	bool is_address; /* host is numeric: `address` holds it */
	struct qs_vip_key address; /* port is set in both cases */
	bool is_tls;		   /* https; the same in all of a pool */
	uint32_t weight;
};

/* Sending a request to another backend when one fails. */
struct qs_config_retries {
	uint32_t attempts; /* after the first one */
	qs_per_mille budget;
	uint32_t minimum; /* in 10 s, whatever the budget says */
	bool on_timeout;
	struct qs_config_statuses statuses[QS_CONFIG_MAX_STATUSES];
	size_t status_count;
};

/* Requests that wait for a connection, of each terminator. */
struct qs_config_queue {
	uint32_t size;
	uint32_t timeout_ms;
};

enum qs_config_proxy_protocol { QS_PROXY_NONE, QS_PROXY_V2 };

/* TLS to https backends. */
struct qs_config_pool_tls {
	char *ca_file;	   /* NULL: the system's */
	char *server_name; /* NULL: each backend's host */
	bool verify;
};

enum qs_config_balance {
	QS_BALANCE_ROUND_ROBIN,
	QS_BALANCE_LEAST_REQUESTS,
	QS_BALANCE_HASH,
	QS_BALANCE_LATENCY,
};

enum qs_config_affinity {
	QS_AFFINITY_NONE,
	QS_AFFINITY_CLIENT_IP,
	QS_AFFINITY_HEADER,
	QS_AFFINITY_COOKIE,
};

enum qs_config_same_site {
	QS_SAME_SITE_LAX,
	QS_SAME_SITE_STRICT,
	QS_SAME_SITE_NONE,
};

struct qs_config_affinity_cookie {
	char *name;	     /* 1 to 63 characters; NULL: quicsteer-POOL */
	uint32_t max_age_ms; /* 0: as long as the browser keeps it */
	char *path;	     /* 1 to 127 characters */
	enum qs_config_same_site same_site;
	bool secure;
};

struct qs_config_pool {
	char *name; /* 1 to 31 of [a-z0-9-] */
	uint32_t connect_timeout_ms;
	uint32_t response_timeout_ms;
	uint32_t body_timeout_ms;
	uint32_t total_timeout_ms; /* 0: none */
	uint32_t keepalive_ms;
	uint32_t keepalive_connections;
	uint32_t max_connections; /* of each terminator to each backend */
	struct qs_config_queue queue;
	struct qs_config_retries retries;
	enum qs_config_proxy_protocol proxy_protocol;
	struct qs_config_pool_tls tls;
	uint32_t resolve_ms; /* how often host names are looked up */
	uint32_t drain_ms;   /* a removed backend may finish its requests */
	enum qs_config_balance balance;
	char *hash_key;		 /* as request_key_parse() reads it */
	qs_per_mille hash_bound; /* over 1000; 0: none */
	uint32_t slow_start_ms;
	enum qs_config_affinity affinity;
	char *affinity_header; /* lower case; not NULL for that affinity */
	struct qs_config_affinity_cookie affinity_cookie;
	struct qs_config_check check;
	struct qs_config_breaker breaker;
	struct qs_config_health_weight health_weight;
	struct qs_config_backend *backends;
	size_t backend_count;
};

/* A header field that a rule sets or adds. */
struct qs_config_field {
	char *name;  /* lower case */
	char *value; /* a template (template.h) */
};

/* What is done to a header section, in this order. */
struct qs_config_rules {
	char **remove; /* names in lower case */
	size_t remove_count;
	struct qs_config_field *set; /* in place of all of this name */
	size_t set_count;
	struct qs_config_field *add;
	size_t add_count;
};

/* A file in place of the text of our own failures. */
struct qs_config_error_page {
	struct qs_config_statuses statuses[QS_CONFIG_MAX_STATUSES];
	size_t status_count;
	char *file;
};

enum qs_config_coding { QS_CODING_BR, QS_CODING_ZSTD, QS_CODING_GZIP };
enum qs_config_effort { QS_EFFORT_LOW, QS_EFFORT_MEDIUM, QS_EFFORT_HIGH };

/* What becomes of responses on their way to clients that take it. */
struct qs_config_compression {
	bool enabled;
	enum qs_config_coding *encodings; /* the best first */
	size_t encoding_count;		  /* 0: all, in the order above */
	char **types;			  /* lower case; "text/..." */
	size_t type_count;		  /* 0: those of compress.c */
	uint32_t minimum_size;		  /* octets */
	enum qs_config_effort effort;
};

enum qs_config_action {
	QS_ACTION_POOL,
	QS_ACTION_FILES,
	QS_ACTION_REDIRECT,
	QS_ACTION_RESPOND,
};

struct qs_config_files {
	char *root; /* directory; NULL: the route has no files */
	char *index;
	bool precompressed;
	bool hidden;	     /* files whose names begin with a dot are served */
	char *cache_control; /* NULL: none */
};

struct qs_config_redirect {
	char *to; /* a template; NULL: the route does not redirect */
	uint32_t status;
};

struct qs_config_respond {
	uint32_t status; /* 0: the route has no answer of its own */
	char *body;	 /* NULL: none */
	char *content_type;
};

struct qs_config_route {
	char *host; /* lower case; "*.example.com"; NULL: any */
	char *path; /* a prefix that begins with "/" */
	enum qs_config_action action; /* which one of the next four holds */
	size_t pool;		      /* index, or QS_CONFIG_NO_POOL */
	struct qs_config_files files;
	struct qs_config_redirect redirect;
	struct qs_config_respond respond;
	struct qs_config_rules request_headers;
	struct qs_config_rules response_headers;
	struct qs_config_compression compression;
	struct qs_config_error_page *error_pages; /* before the file's own */
	size_t error_page_count;
};

struct qs_config_healthd {
	uint32_t terminator_timeout_ms; /* heartbeat older: breaker opens */
	uint32_t terminator_hold_ms; /* beats so long before it closes again */
	uint32_t lag_target_ms;	     /* event-loop lag that costs no weight */
	qs_per_mille terminator_minimum; /* least health factor */
};

struct qs_config {
	enum qs_log_level log_level;
	enum qs_log_format log_format;
	char *pin_dir;
	char *control;
	char *state_dir;
	struct qs_config_loader loader;
	struct qs_config_terminator terminator;
	struct qs_config_healthd healthd;
	struct qs_config_pool *pools;
	size_t pool_count;
	struct qs_config_route *routes; /* the first that matches holds */
	size_t route_count;
	struct qs_config_error_page *error_pages; /* of all routes */
	size_t error_page_count;
};

/* One thing that is wrong with a file, or worth a note. */
struct qs_config_error {
	unsigned line, column; /* from 1; 0: of the file as a whole */
	char path[128];	       /* "pools[0].backends[2].url"; may be "" */
	char text[384];	       /* what is wrong and what would be right */
};

/*
 * qs_config_load: reads and checks the file. Nothing but the file, the
 * environment (for ${NAME}) and the existence of the files that it names is
 * looked at; whether the files may be read is found by who needs them, since
 * that may be another user. Returns the configuration, to be freed by
 * qs_config_free(), or NULL after filling *ret_error with the first error.
 */
struct qs_config *qs_config_load(const char *path,
				 struct qs_config_error *ret_error);

/*
 * qs_config_parse: the same from text, without a look at the files that it
 * names.
 */
struct qs_config *qs_config_parse(const char *text, size_t size,
				  struct qs_config_error *ret_error);

/* qs_config_free: frees it; NULL is allowed. */
void qs_config_free(struct qs_config *config);

/*
 * qs_config_needs_loader: whether there is what the loader needs. Returns 0,
 * or -EINVAL with the error filled.
 */
int qs_config_needs_loader(const struct qs_config *config,
			   struct qs_config_error *ret_error);

/* qs_config_self_signed: whether terminators serve with the certificate that
 * the loader makes, because the file names none. */
bool qs_config_self_signed(const struct qs_config *config);

/*
 * qs_config_format_error: "FILE:12:5: pools[0].balance: ..." into `text`.
 * Returns `text`.
 */
char *qs_config_format_error(char *text, size_t size, const char *file,
			     const struct qs_config_error *error);

/*
 * qs_config_restarts: names the settings that differ between two
 * configurations and do not change while the programs run, as "loader.mode:
 * takes effect when the loader is restarted", one a line, into `text` (cut at
 * `size`). Returns how many there are.
 */
int qs_config_restarts(const struct qs_config *old, const struct qs_config *new,
		       char *text, size_t size);

/*
 * qs_config_balance_name, qs_config_affinity_name: as the file has it, a
 * constant string.
 */
const char *qs_config_balance_name(enum qs_config_balance balance);
const char *qs_config_affinity_name(enum qs_config_affinity affinity);

/*
 * qs_config_schema: the JSON Schema (draft 2020-12) of the file, made from the
 * same tables that check it. Returns text to be freed, or NULL when memory is
 * short.
 */
char *qs_config_schema(void);

#endif
