/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes more than one key to tell. */
#include "loader/lib/config_internal.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* An error at a path of the file, which is a format with one index or two. */
#define fail(document, path, ...)                                           \
	qs_document_error(document, qs_document_find(document, path), path, \
			  __VA_ARGS__)

typedef char path_text[QS_CONFIG_PATH_SIZE];

static int check_vips(struct qs_document *document,
		      const struct qs_config_loader *loader)
{
	const struct qs_vip_key *vips = loader->vips;

	for (size_t i = 0; i < loader->vip_count; i++) {
		char text[QS_ENDPOINT_TEXT];
		path_text path;

		snprintf(path, sizeof(path), "loader.vips[%zu]", i);
		qs_format_endpoint(text, &vips[i]);
		if (qs_count_ports(vips, i + 1) > QS_MAX_PORTS)
			return fail(document, path,
				    "\"%s\": the VIPs have more than %d "
				    "different ports, for each of which every "
				    "terminator has a socket",
				    text, QS_MAX_PORTS);
		for (size_t j = 0; j < i; j++) {
			if (!memcmp(&vips[i], &vips[j], sizeof(*vips)))
				return fail(document, path,
					    "\"%s\": given twice; the first is "
					    "loader.vips[%zu]",
					    text, j);
		}
	}
	return 0;
}

/* 0.0.0.0 and [::] both stand for every address. */
static bool is_every(const struct qs_vip_key *endpoint)
{
	static const uint8_t zeros[16];
	size_t at = qs_endpoint_is_v4(endpoint) ? 12 : 0;

	return !memcmp(endpoint->address + at, zeros, sizeof(zeros) - at);
}

static bool is_vip(const struct qs_config_loader *loader,
		   const struct qs_vip_key *endpoint)
{
	for (size_t i = 0; i < loader->vip_count; i++) {
		const struct qs_vip_key *vip = &loader->vips[i];

		if (vip->port == endpoint->port && !is_every(endpoint) &&
		    (is_every(vip) || !memcmp(vip, endpoint, sizeof(*vip))))
			return true;
	}
	return false;
}

static int check_preferred(struct qs_document *document,
			   const struct qs_config *config)
{
	const struct qs_config_quic *quic = &config->terminator.quic;
	const struct qs_vip_key *all = quic->preferred_address;
	char text[QS_ENDPOINT_TEXT];
	path_text path;

	for (size_t i = 0; i < quic->preferred_address_count; i++) {
		snprintf(path, sizeof(path),
			 "terminator.quic.preferred_address[%zu]", i);
		qs_format_endpoint(text, &all[i]);
		if (!is_vip(&config->loader, &all[i]))
			return fail(document, path,
				    "\"%s\": not one of loader.vips: nothing "
				    "there is steered to the terminators",
				    text);
		if (i &&
		    qs_endpoint_is_v4(&all[0]) == qs_endpoint_is_v4(&all[1]))
			return fail(document, path,
				    "\"%s\": of the same family as the first",
				    text);
	}
	return 0;
}

static int check_timing(struct qs_document *document,
			const struct qs_config_pool *pool, size_t index)
{
	const struct qs_config_breaker *breaker = &pool->breaker;
	const struct qs_config_check *check = &pool->check;
	char value[QS_DURATION_TEXT], limit[QS_DURATION_TEXT];
	path_text path;

	if (check->timeout_ms > check->interval_ms) {
		snprintf(path, sizeof(path), "pools[%zu].health.timeout",
			 index);
		return fail(document, path,
			    "%s is longer than the interval, %s",
			    qs_format_duration(value, check->timeout_ms),
			    qs_format_duration(limit, check->interval_ms));
	}
	if (breaker->open_ms > breaker->open_max_ms) {
		snprintf(path, sizeof(path), "pools[%zu].breaker.open_time",
			 index);
		return fail(document, path,
			    "%s is longer than open_time_max, %s",
			    qs_format_duration(value, breaker->open_ms),
			    qs_format_duration(limit, breaker->open_max_ms));
	}
	return 0;
}

/* Gives a backend without a name that of its pool and place. */
static int name_backend(struct qs_document *document,
			const struct qs_config_pool *pool,
			struct qs_config_backend *backend, const char *path)
{
	if (backend->name)
		return 0;
	if (asprintf(&backend->name, "%s-%td", pool->name,
		     backend - pool->backends + 1) < 0) {
		backend->name = NULL;
		return qs_document_memory(document);
	}
	if (strlen(backend->name) < QS_NAME_SIZE)
		return 0;
	return fail(document, path,
		    "missing; the default would be \"%s\", which is longer "
		    "than %d characters",
		    backend->name, QS_NAME_SIZE - 1);
}

struct names {
	const char *names[QS_MAX_BACKENDS];
	size_t count;
};

static int check_backends(struct qs_document *document,
			  const struct qs_config_pool *pool, size_t index,
			  struct names *names)
{
	for (size_t i = 0; i < pool->backend_count; i++) {
		struct qs_config_backend *backend = &pool->backends[i];
		path_text path;
		int result;

		snprintf(path, sizeof(path), "pools[%zu].backends[%zu].name",
			 index, i);
		result = name_backend(document, pool, backend, path);
		if (result)
			return result;
		for (size_t j = 0; j < names->count; j++) {
			if (!strcmp(names->names[j], backend->name))
				return fail(document, path,
					    "\"%s\": another backend has this "
					    "name; names of backends are "
					    "unique in the file",
					    backend->name);
		}
		if (names->count == QS_MAX_BACKENDS)
			return fail(document, path,
				    "more than %d backends in all pools",
				    QS_MAX_BACKENDS);
		names->names[names->count++] = backend->name;
	}
	return 0;
}

static int check_pools(struct qs_document *document,
		       const struct qs_config *config)
{
	struct names names = {};
	path_text path;

	for (size_t i = 0; i < config->pool_count; i++) {
		struct qs_config_pool *pool = &config->pools[i];
		int result;

		snprintf(path, sizeof(path), "pools[%zu].name", i);
		for (size_t j = 0; j < i; j++) {
			if (!strcmp(config->pools[j].name, pool->name))
				return fail(document, path,
					    "\"%s\": pools[%zu] has this name "
					    "already",
					    pool->name, j);
		}
		result = check_timing(document, pool, i);
		if (!result)
			result = qs_config_check_balance(document, pool, i);
		if (!result)
			result = qs_config_check_upstream(document, pool, i);
		if (!result)
			result = check_backends(document, pool, i, &names);
		if (result)
			return result;
	}
	return 0;
}

int qs_config_complete(struct qs_document *document, struct qs_config *config)
{
	int result = check_vips(document, &config->loader);

	if (!result)
		result = check_preferred(document, config);
	if (!result)
		result = qs_config_check_cid(document, &config->loader);
	if (!result)
		result = qs_config_check_certificates(document,
						      &config->terminator);
	if (!result)
		result = check_pools(document, config);
	if (!result)
		result = qs_config_check_request_id(document, config);
	if (!result)
		result = qs_config_complete_routes(document, config);
	return result;
}

/* Permission is no error here: who needs the file may be another user. */
int qs_config_check_file(struct qs_document *document, const char *file,
			 const char *path, bool is_directory)
{
	struct stat status;
	int error = 0;

	if (!file)
		return 0;
	if (stat(file, &status))
		error = errno;
	else if (S_ISDIR(status.st_mode) != is_directory)
		error = is_directory ? ENOTDIR : EISDIR;
	if (!error || error == EACCES)
		return 0;
	return fail(document, path, "\"%.200s\": %s", file, strerror(error));
}

int qs_config_check_files(struct qs_document *document,
			  const struct qs_config *config)
{
	int result = qs_config_check_certificate_files(document,
						       &config->terminator);

	for (size_t i = 0; i < config->loader.cid_config_count && !result;
	     i++) {
		path_text path;

		snprintf(path, sizeof(path), "loader.cid_configs[%zu].key_file",
			 i);
		result = qs_config_check_file(
			document, config->loader.cid_configs[i].key_file, path,
			false);
	}
	for (size_t i = 0; i < config->pool_count && !result; i++) {
		path_text path;

		snprintf(path, sizeof(path), "pools[%zu].tls.ca_file", i);
		result = qs_config_check_file(
			document, config->pools[i].tls.ca_file, path, false);
	}
	return result ? result : qs_config_check_route_files(document, config);
}
