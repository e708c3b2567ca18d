/* SPDX-License-Identifier: GPL-2.0-only */
/* What good configuration files become, and what a change of one needs. */
#include "tests/unit/config_bed.h"

static void assert_default_pool(const struct qs_config_pool *pool)
{
	assert_number(pool->connect_timeout_ms, 5000);
	assert_number(pool->response_timeout_ms, 60000);
	assert_number(pool->body_timeout_ms, 60000);
	assert_number(pool->keepalive_ms, 30000);
	assert_number(pool->keepalive_connections, 512);
	assert_number(pool->max_connections, 1024);
	assert_number(pool->balance, QS_BALANCE_ROUND_ROBIN);
	assert_text(pool->hash_key, "client-ip");
	assert_number(pool->hash_bound, 1250);
	assert_number(pool->slow_start_ms, 0);
	assert_number(pool->affinity, QS_AFFINITY_NONE);
	cr_assert_null(pool->affinity_header);
	cr_assert_null(pool->affinity_cookie.name);
	assert_number(pool->affinity_cookie.max_age_ms, 0);
	assert_text(pool->affinity_cookie.path, "/");
	assert_number(pool->affinity_cookie.same_site, QS_SAME_SITE_LAX);
	assert_number(pool->affinity_cookie.secure, true);
	assert_number(pool->resolve_ms, 2000);
	assert_number(pool->drain_ms, 30000);
	assert_number(pool->breaker.enabled, true);
	assert_number(pool->breaker.consecutive_failures, 5);
	assert_number(pool->breaker.error_rate, 500);
	assert_number(pool->breaker.minimum_requests, 20);
	assert_number(pool->breaker.window_ms, 10000);
	assert_number(pool->breaker.open_ms, 5000);
	assert_number(pool->breaker.open_max_ms, 300000);
	assert_number(pool->breaker.half_open_requests, 3);
	assert_number(pool->breaker.max_ejected, 80);
	assert_number(pool->health_weight.enabled, true);
	assert_number(pool->health_weight.minimum, 100);
	assert_number(pool->health_weight.window_ms, 10000);
	assert_text(pool->check.path, "/");
	cr_assert_null(pool->check.host);
	cr_assert_null(pool->check.body);
	assert_number(pool->check.status_count, 1);
	assert_number(pool->check.statuses[0].first, 200);
	assert_number(pool->check.statuses[0].last, 399);
	assert_number(pool->check.interval_ms, 2000);
	assert_number(pool->check.interval_down_ms, 500);
	assert_number(pool->check.timeout_ms, 1000);
	assert_number(pool->check.rise, 2);
	assert_number(pool->check.fall, 3);
	assert_number(pool->check.jitter, 100);
	assert_number(pool->backends[0].weight, 100);
}

static void assert_default_programs(const struct qs_config *config)
{
	assert_number(config->log_level, QS_LOG_INFO);
	assert_number(config->log_format, QS_LOG_TEXT);
	assert_text(config->pin_dir, "/sys/fs/bpf/quicsteer");
	assert_text(config->control, "/run/quicsteer/control.sock");
	assert_text(config->state_dir, "/var/lib/quicsteer");
	assert_number(config->loader.mode, QS_MODE_AUTO);
	assert_number(config->loader.dispatcher, true);
	assert_number(config->loader.drop_options, false);
	assert_number(config->loader.key_client_ip, false);
	assert_number(config->loader.cpu_steering, false);
	assert_number(config->loader.metrics_on, true);
	assert_endpoint(&config->loader.metrics, "127.0.0.1:9464");
	cr_assert_null(config->loader.terminator_user);
	assert_number(config->loader.new_connections.per_source, 0);
	assert_number(config->loader.new_connections.prefix_v4, 32);
	assert_number(config->loader.new_connections.prefix_v6, 64);
	assert_number(config->loader.new_connections.total, 0);
	assert_number(config->loader.new_connections.allow_count, 0);
	assert_number(config->loader.cid_config_count, 0);
	assert_number(config->loader.new_connections.deny_count, 0);
	assert_number(config->terminator.retry, QS_RETRY_AUTO);
	assert_number(config->terminator.retry_threshold, 256);
	assert_number(config->terminator.idle_timeout_ms, 30000);
	assert_number(config->terminator.handshake_timeout_ms, 10000);
	assert_number(config->terminator.drain_timeout_ms, 30000);
	assert_number(config->terminator.loader_timeout_ms, 10000);
	assert_number(config->terminator.health.enabled, true);
	assert_text(config->terminator.health.path, "/health");
	assert_number(config->terminator.metrics.enabled, true);
	assert_text(config->terminator.metrics.path, "/metrics");
	assert_number(config->terminator.metrics.allow_count, 0);
	assert_number(config->terminator.access_log.format, QS_ACCESS_NONE);
	assert_number(config->terminator.compression_streams, 256);
	assert_number(config->error_page_count, 0);
	assert_number(config->healthd.terminator_timeout_ms, 1000);
	assert_number(config->healthd.terminator_hold_ms, 2000);
	assert_number(config->healthd.lag_target_ms, 20);
	assert_number(config->healthd.terminator_minimum, 100);
}

Test(config, minimal_file_has_the_defaults)
{
	struct qs_config *config = load("tests/config/good/minimal.yaml");
	struct qs_config_error error;

	assert_default_programs(config);
	cr_assert_null(config->loader.interface);
	assert_number(config->loader.vip_count, 0);
	cr_assert(qs_config_needs_loader(config, &error));
	assert_text(error.path, "loader");
	cr_assert(qs_config_self_signed(config));
	assert_number(config->terminator.self_signed_name_count, 0);
	assert_number(config->pool_count, 1);
	assert_text(config->pools[0].name, "web");
	assert_default_pool(&config->pools[0]);
	assert_number(config->pools[0].check.type, QS_CHECK_NONE);
	assert_number(config->pools[0].backend_count, 1);
	assert_text(config->pools[0].backends[0].name, "web-1");
	assert_endpoint(&config->pools[0].backends[0].address, "127.0.0.1:80");
	assert_number(config->route_count, 1);
	cr_assert_null(config->routes[0].host);
	assert_text(config->routes[0].path, "/");
	assert_number(config->routes[0].pool, 0);
	qs_config_free(config);
}

/* The file that comes with quicsteer says the defaults and nothing else. */
Test(config, default_file_has_the_defaults)
{
	struct qs_config_error error;
	struct qs_config *config;

	config = load("deploy/quicsteer.yaml");
	assert_default_programs(config);
	cr_assert_not(qs_config_needs_loader(config, &error));
	cr_assert(qs_config_self_signed(config));
	assert_text(config->loader.interface, "eth0");
	assert_number(config->loader.vip_count, 1);
	assert_endpoint(&config->loader.vips[0], "192.0.2.1:443");
	assert_default_pool(&config->pools[0]);
	assert_number(config->pools[0].check.type, QS_CHECK_HTTP);
	assert_number(config->route_count, 1);
	qs_config_free(config);
}

static void check_new_connections(const struct qs_config_new_connections *new)
{
	char text[QS_PREFIX_TEXT];

	assert_number(new->per_source, 50);
	assert_number(new->per_source_burst, 20);
	assert_number(new->prefix_v4, 24);
	assert_number(new->prefix_v6, 56);
	assert_number(new->total, 10000);
	assert_number(new->total_burst, 5000);
	assert_number(new->allow_count, 2);
	assert_text(qs_format_prefix(text, &new->allow[0]), "192.0.2.0/24");
	assert_text(qs_format_prefix(text, &new->allow[1]), "2001:db8::/32");
	assert_number(new->deny_count, 1);
	assert_text(qs_format_prefix(text, &new->deny[0]), "192.0.2.7/32");
}

static void check_cid_configs(const struct qs_config_loader *loader)
{
	const struct qs_config_cid *configs = loader->cid_configs;

	assert_number(loader->cid_config_count, 2);
	assert_number(configs[0].id, 2);
	assert_number(configs[0].is_encrypted, false);
	cr_assert_null(configs[0].key_file);
	assert_number(configs[0].server_id_length, 1);
	assert_number(configs[0].nonce_length, 4);
	assert_number(configs[0].server_id_count, 1);
	assert_text(configs[0].server_ids[0].server_id, "0a");
	assert_text(configs[0].server_ids[0].terminator, "t1");
	assert_number(configs[1].is_encrypted, true);
	assert_text(configs[1].key_file, "/dev/null");
	assert_number(configs[1].server_id_count, 2);
	assert_text(configs[1].server_ids[1].server_id,
		    "000102030405060708090a0b0c0d0f");
	assert_text(configs[1].server_ids[1].terminator, "t2");
}

static void assert_full_programs(const struct qs_config *config)
{
	assert_number(config->log_level, QS_LOG_DEBUG);
	assert_number(config->log_format, QS_LOG_JSON);
	assert_text(config->pin_dir, "/sys/fs/bpf/other");
	assert_text(config->control, "/run/other/control.sock");
	assert_text(config->state_dir, "/var/lib/other");
	assert_text(config->loader.interface, "lo");
	assert_number(config->loader.vip_count, 2);
	assert_endpoint(&config->loader.vips[0], "192.0.2.7:8443");
	assert_endpoint(&config->loader.vips[1], "[2001:db8::7]:8444");
	assert_number(config->loader.mode, QS_MODE_GENERIC);
	assert_number(config->loader.dispatcher, false);
	assert_number(config->loader.drop_options, true);
	assert_number(config->loader.key_client_ip, true);
	assert_number(config->loader.cpu_steering, true);
	assert_endpoint(&config->loader.metrics, "[::1]:9999");
	assert_text(config->loader.terminator_user, "nobody");
	check_new_connections(&config->loader.new_connections);
	check_cid_configs(&config->loader);
	assert_text(config->terminator.certificate, "/dev/null");
	assert_text(config->terminator.private_key, "/dev/null");
	assert_number(config->terminator.self_signed_name_count, 2);
	assert_text(config->terminator.self_signed_names[0], "own.example.com");
	assert_number(config->terminator.retry, QS_RETRY_ALWAYS);
	assert_number(config->terminator.retry_threshold, 7);
	assert_number(config->terminator.idle_timeout_ms, 60000);
	assert_number(config->terminator.handshake_timeout_ms, 1500);
	assert_number(config->terminator.drain_timeout_ms, 7200000);
	assert_number(config->terminator.loader_timeout_ms, 3000);
	assert_number(config->healthd.terminator_timeout_ms, 900);
	assert_number(config->healthd.terminator_hold_ms, 0);
	assert_number(config->healthd.lag_target_ms, 1);
	assert_number(config->healthd.terminator_minimum, 125);
}

static void assert_full_pool(const struct qs_config_pool *pool)
{
	const struct qs_config_check *check = &pool->check;

	assert_text(pool->name, "api");
	assert_number(pool->connect_timeout_ms, 1000);
	assert_number(pool->response_timeout_ms, 2000);
	assert_number(pool->body_timeout_ms, 3000);
	assert_number(pool->keepalive_ms, 4000);
	assert_number(pool->keepalive_connections, 5);
	assert_number(pool->max_connections, 6);
	assert_number(pool->balance, QS_BALANCE_HASH);
	assert_text(pool->hash_key, "cookie:Session");
	assert_number(pool->hash_bound, 2005);
	assert_number(pool->slow_start_ms, 15000);
	assert_number(pool->affinity, QS_AFFINITY_COOKIE);
	assert_text(pool->affinity_header, "x-user");
	assert_text(pool->affinity_cookie.name, "__Host-b");
	assert_number(pool->affinity_cookie.max_age_ms, 2592000000);
	assert_text(pool->affinity_cookie.path, "/api");
	assert_number(pool->affinity_cookie.same_site, QS_SAME_SITE_NONE);
	assert_number(pool->affinity_cookie.secure, true);
	assert_number(pool->resolve_ms, 7000);
	assert_number(pool->drain_ms, 8000);
	assert_number(check->type, QS_CHECK_HTTP);
	assert_text(check->path, "/healthz?deep=1");
	assert_text(check->host, "api.example.com:8080");
	assert_number(check->status_count, 2);
	assert_number(check->statuses[0].first, 200);
	assert_number(check->statuses[0].last, 299);
	assert_number(check->statuses[1].first, 304);
	assert_number(check->statuses[1].last, 304);
	assert_text(check->body, "quoted \"ok\" \\ \u00fc \xc2\x85");
	assert_number(check->interval_ms, 9000);
	assert_number(check->interval_down_ms, 10);
	assert_number(check->timeout_ms, 9000);
	assert_number(check->rise, 1);
	assert_number(check->fall, 100);
	assert_number(check->jitter, 500);
	assert_number(pool->breaker.enabled, false);
	assert_number(pool->breaker.consecutive_failures, 0);
	assert_number(pool->breaker.error_rate, 999);
	assert_number(pool->breaker.minimum_requests, 1);
	assert_number(pool->breaker.window_ms, 11000);
	assert_number(pool->breaker.open_ms, 12000);
	assert_number(pool->breaker.open_max_ms, 12000);
	assert_number(pool->breaker.half_open_requests, 13);
	assert_number(pool->breaker.max_ejected, 100);
	assert_number(pool->health_weight.enabled, false);
	assert_number(pool->health_weight.minimum, 1000);
	assert_number(pool->health_weight.window_ms, 14000);
}

Test(config, every_key_reaches_its_member)
{
	struct qs_config *config = load("tests/config/good/full.yaml");
	const struct qs_config_backend *backends;

	assert_full_programs(config);
	assert_number(config->pool_count, 2);
	assert_full_pool(&config->pools[0]);
	backends = config->pools[0].backends;
	assert_number(config->pools[0].backend_count, 2);
	assert_text(backends[0].name, "v6.one_1");
	assert_text(backends[0].host, "2001:db8::1");
	assert_number(backends[0].is_address, true);
	assert_endpoint(&backends[0].address, "[2001:db8::1]:8001");
	assert_number(backends[0].weight, 0);
	assert_text(backends[1].name, "api-2");
	assert_text(backends[1].host, "api.internal.example");
	assert_number(backends[1].is_address, false);
	assert_number(backends[1].address.port, 8002);
	assert_number(backends[1].weight, 65535);
	assert_number(config->pools[1].check.type, QS_CHECK_TCP);
	assert_text(config->pools[1].backends[0].host, "localhost");
	assert_number(config->pools[1].backends[0].address.port, 80);
	qs_config_free(config);
}

Test(config, keys_of_connections_to_backends)
{
	struct qs_config *config = load("tests/config/good/upstream.yaml");
	const struct qs_config_terminator *terminator = &config->terminator;
	const struct qs_config_pool *pool = &config->pools[0];

	assert_number(terminator->forwarded.trusted_count, 2);
	assert_number(terminator->forwarded.trusted[0].length, 96 + 24);
	assert_number(terminator->forwarded.standard, false);
	assert_number(terminator->request_id.enabled, false);
	assert_text(terminator->request_id.field, "x-trace");
	assert_number(terminator->request_id.respond, true);
	assert_number(pool->total_timeout_ms, 90000);
	assert_number(pool->queue.size, 7);
	assert_number(pool->queue.timeout_ms, 250);
	assert_number(pool->retries.attempts, 3);
	assert_number(pool->retries.budget, 125);
	assert_number(pool->retries.minimum, 4);
	assert_number(pool->retries.on_timeout, true);
	assert_number(pool->retries.status_count, 2);
	assert_number(pool->retries.statuses[0].last, 504);
	assert_number(pool->proxy_protocol, QS_PROXY_V2);
	assert_text(pool->tls.ca_file, "/dev/null");
	assert_text(pool->tls.server_name, "www.example.com");
	assert_number(pool->tls.verify, false);
	assert_number(pool->backends[0].is_tls, true);
	assert_number(pool->backends[0].address.port, 443);
	assert_number(pool->backends[1].address.port, 8443);
	pool = &config->pools[1];
	assert_number(pool->backends[0].is_tls, false);
	assert_number(pool->total_timeout_ms, 0);
	assert_number(pool->queue.size, 1024);
	assert_number(pool->retries.attempts, 2);
	assert_number(pool->retries.status_count, 0);
	assert_number(pool->proxy_protocol, QS_PROXY_NONE);
	assert_number(pool->tls.verify, true);
	cr_assert_null(pool->tls.ca_file);
	qs_config_free(config);
}

Test(config, an_alias_is_a_copy)
{
	struct qs_config *config = load("tests/config/good/aliases.yaml");

	for (size_t i = 0; i < 2; i++) {
		const struct qs_config_pool *pool = &config->pools[i];

		assert_number(pool->check.type, QS_CHECK_HTTP);
		assert_text(pool->check.path, "/ready");
		assert_number(pool->check.interval_ms, 3000);
		assert_number(pool->backend_count, 2);
		assert_number(pool->backends[1].address.port, 8002);
	}
	assert_text(config->pools[0].backends[1].name, "first-2");
	assert_text(config->pools[1].backends[1].name, "second-2");
	qs_config_free(config);
}

Test(config, variables_are_replaced)
{
	struct qs_config *config;

	setenv("QS_TEST_SET", "verbose", 1);
	unsetenv("QS_TEST_UNSET");
	config = load("tests/config/good/variables.yaml");
	assert_number(config->log_level, QS_LOG_WARN);
	assert_text(config->pools[0].name, "verbose-pool");
	assert_text(config->pools[0].check.body, "$verbose${x}$$");
	assert_number(config->pools[0].check.rise, 4);
	assert_text(config->pools[0].backends[0].host, "verbose");
	assert_number(config->pools[0].backends[0].address.port, 81);
	qs_config_free(config);
	/* What comes from the environment is text, never syntax. */
	setenv("QS_TEST_SET", "${HOME}\", x: \n- $", 1);
	config = parse("pools: [{name: a, health: {expect_body: "
		       "\"${QS_TEST_SET}\"}, backends: [{url: http://a}]}]");
	assert_text(config->pools[0].check.body, "${HOME}\", x: \n- $");
	qs_config_free(config);
}

Test(config, size_is_limited)
{
	size_t size = (1 << 20) + 1;
	char *text = malloc(size);
	struct qs_config_error error;

	memset(text, ' ', size);
	cr_assert_null(qs_config_parse(text, size, &error));
	assert_text(error.text, "larger than 1 MiB");
	assert_number(error.line, 0);
	cr_assert_null(qs_config_parse(text, size - 1, &error));
	assert_text(error.text, "the file is empty; it needs at least pools");
	free(text);
	cr_assert_null(qs_config_load("/nonexistent.yaml", &error));
	assert_text(error.text, "cannot be read: No such file or directory");
	cr_assert_null(qs_config_load("tests", &error));
	assert_text(error.text, "cannot be read: Is a directory");
}

Test(config, parsing_text_does_not_look_at_files)
{
	qs_config_free(
		parse("terminator: {certificate: /nonexistent/a, "
		      "private_key: /nonexistent/b}\n"
		      "pools: [{name: a, backends: [{url: http://a}]}]"));
}

#define POOLS "pools: [{name: a, backends: [{url: http://a}]}]\n"
#define LOADER(vips, rest) \
	"loader: {interface: lo, vips: [" vips "]" rest "}\n" POOLS

static int restarts(const char *old_text, const char *new_text, char *text,
		    size_t size)
{
	struct qs_config *old = parse(old_text), *new = parse(new_text);
	int count = qs_config_restarts(old, new, text, size);

	qs_config_free(old);
	qs_config_free(new);
	return count;
}

Test(config, restarts_are_named)
{
	struct qs_config *old = load("tests/config/good/minimal.yaml");
	struct qs_config *new = load("tests/config/good/full.yaml");
	char text[2048];

	assert_number(qs_config_restarts(old, old, text, sizeof(text)), 0);
	assert_text(text, "");
	assert_number(qs_config_restarts(new, new, text, sizeof(text)), 0);
	assert_number(qs_config_restarts(old, new, text, sizeof(text)), 10);
	cr_assert_str_eq(
		text,
		"pin_dir: takes effect when the loader and healthd are "
		"restarted\n"
		"control: takes effect when the loader and the terminators are "
		"restarted\n"
		"state_dir: takes effect when the loader is restarted\n"
		"loader.interface: takes effect when the loader is restarted\n"
		"loader.mode: takes effect when the loader is restarted\n"
		"loader.dispatcher: takes effect when the loader is restarted\n"
		"loader.cpu_steering: takes effect when the loader is "
		"restarted\n"
		"loader.metrics: takes effect when the loader is restarted\n"
		"loader.terminator_user: takes effect when the loader is "
		"restarted\n"
		"terminator.loader_timeout: takes effect when the terminators "
		"are restarted",
		"%s", text);
	/* Cut, not overrun, and still counted. */
	assert_number(qs_config_restarts(old, new, text, 10), 10);
	assert_text(text, "pin_dir: ");
	qs_config_free(old);
	qs_config_free(new);
}

Test(config, vips_and_their_ports_need_no_restart)
{
	char text[256];

	assert_number(
		restarts(LOADER("\"192.0.2.1:443\"", ""),
			 LOADER("\"192.0.2.2:443\", \"192.0.2.3:443\"", ""),
			 text, sizeof(text)),
		0);
	assert_number(restarts(LOADER("\"192.0.2.1:443\"", ""),
			       LOADER("\"192.0.2.1:444\"", ""), text,
			       sizeof(text)),
		      0);
	assert_number(restarts(LOADER("\"192.0.2.1:443\"", ""),
			       LOADER("\"192.0.2.1:443\"", ", metrics: none"),
			       text, sizeof(text)),
		      1);
	assert_text(text, "loader.metrics: takes effect when the loader is "
			  "restarted");
}
