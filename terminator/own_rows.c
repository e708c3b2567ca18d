/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/own_rows.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loader/lib/effective.h"
#include "loader/lib/parse.h"

/* Reads a port at the end of a URL: nothing, or ":" and 1 to 65535; a single
 * "/" may follow. */
static int parse_port(const char *text, uint16_t *ret_port)
{
	unsigned long port = 80;
	char *end = (char *)text;

	if (*text == ':') {
		if (text[1] < '0' || text[1] > '9')
			return -EINVAL;
		port = strtoul(text + 1, &end, 10);
		if (port < 1 || port > 65535)
			return -EINVAL;
	}
	if (*end && strcmp(end, "/") != 0)
		return -EINVAL;
	*ret_port = port;
	return 0;
}

static void map_v4(__u8 address[16], const void *v4)
{
	memset(address, 0, 16);
	address[10] = address[11] = 0xff;
	memcpy(address + 12, v4, 4);
}

static int parse_host(const char *host, bool brackets, __u8 address[16])
{
	struct in_addr v4;

	if (brackets)
		return inet_pton(AF_INET6, host, address) == 1 ? 0 : -EINVAL;
	if (!strcmp(host, "localhost"))
		host = "127.0.0.1";
	if (inet_pton(AF_INET, host, &v4) != 1)
		return -EINVAL;
	map_v4(address, &v4);
	return 0;
}

int own_rows_parse_url(const char *url, struct qs_vip_key *ret_address)
{
	static const char scheme[] = "http://";
	struct qs_vip_key address = {0};
	bool brackets;
	char host[64];
	size_t size;

	if (strncmp(url, scheme, strlen(scheme)))
		return -EINVAL;
	url += strlen(scheme);
	brackets = *url == '[';
	url += brackets;
	size = strcspn(url, brackets ? "]" : ":/");
	if (size >= sizeof(host) || (brackets && url[size] != ']'))
		return -EINVAL;
	memcpy(host, url, size);
	host[size] = '\0';
	if (parse_port(url + size + brackets, &address.port) < 0 ||
	    parse_host(host, brackets, address.address) < 0)
		return -EINVAL;
	*ret_address = address;
	return 0;
}

/* What is asked for, while it grows. */
struct wanted {
	struct qs_backend *list;
	size_t count;
	char *error;
	size_t error_size;
};

static int want(struct wanted *wanted, const struct qs_config_pool *pool,
		const struct qs_config_backend *backend, const __u8 address[16])
{
	char text[QS_ENDPOINT_TEXT];
	struct qs_vip_key endpoint = {.port = backend->address.port};
	struct qs_backend *row;

	if (wanted->count == QS_MAX_BACKENDS) {
		snprintf(wanted->error, wanted->error_size,
			 "pool %s: more than %d backend addresses in all",
			 pool->name, QS_MAX_BACKENDS);
		return -ENOSPC;
	}
	row = &wanted->list[wanted->count++];
	memcpy(endpoint.address, address, 16);
	memcpy(row->address, address, 16);
	row->port = endpoint.port;
	row->weight = backend->weight;
	snprintf(row->pool, sizeof(row->pool), "%s", pool->name);
	if (backend->is_address)
		snprintf(row->name, sizeof(row->name), "%s", backend->name);
	else
		snprintf(row->name, sizeof(row->name), "%s@%s", backend->name,
			 qs_format_endpoint(text, &endpoint));
	return 0;
}

static int want_each(struct wanted *wanted, const struct qs_config_pool *pool,
		     const struct qs_config_backend *backend,
		     const struct addrinfo *found)
{
	int err = 0;

	for (; found && !err; found = found->ai_next) {
		__u8 address[16];

		if (found->ai_family == AF_INET6)
			memcpy(address,
			       &((struct sockaddr_in6 *)found->ai_addr)
					->sin6_addr,
			       16);
		else
			map_v4(address, &((struct sockaddr_in *)found->ai_addr)
						 ->sin_addr);
		err = want(wanted, pool, backend, address);
	}
	return err;
}

static int resolve(struct wanted *wanted, const struct qs_config_pool *pool,
		   const struct qs_config_backend *backend)
{
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				 .ai_socktype = SOCK_STREAM,
				 .ai_flags = AI_ADDRCONFIG};
	struct addrinfo *found = NULL;
	int err = getaddrinfo(backend->host, NULL, &hints, &found);

	if (err) {
		snprintf(wanted->error, wanted->error_size,
			 "backend %s: cannot look %s up: %s", backend->name,
			 backend->host, gai_strerror(err));
		return -EHOSTUNREACH;
	}
	err = want_each(wanted, pool, backend, found);
	freeaddrinfo(found);
	return err;
}

int own_rows_wanted(const struct qs_config_pool *pools, size_t count,
		    struct qs_backend **ret_list, size_t *ret_count,
		    char *error, size_t error_size)
{
	struct wanted wanted = {
		.list = calloc(QS_MAX_BACKENDS, sizeof(*wanted.list)),
		.error = error,
		.error_size = error_size,
	};
	int err = 0;

	if (!wanted.list) {
		snprintf(error, error_size, "out of memory");
		return -ENOMEM;
	}
	for (size_t i = 0; i < count && !err; i++)
		for (size_t k = 0; k < pools[i].backend_count && !err; k++) {
			const struct qs_config_backend *backend =
				&pools[i].backends[k];

			err = backend->is_address
				      ? want(&wanted, &pools[i], backend,
					     backend->address.address)
				      : resolve(&wanted, &pools[i], backend);
		}
	if (err) {
		free(wanted.list);
		return err;
	}
	*ret_list = wanted.list;
	*ret_count = wanted.count;
	return 0;
}

static bool same(const struct qs_backend *a, const struct qs_backend *b)
{
	return !strcmp(a->name, b->name) && !strcmp(a->pool, b->pool) &&
	       !memcmp(a->address, b->address, 16) && a->port == b->port;
}

static struct qs_backend *find(struct own_rows *own,
			       const struct qs_backend *wanted)
{
	for (size_t i = 0; i < QS_MAX_BACKENDS; i++)
		if (own->rows[i].state != QS_BACKEND_FREE &&
		    same(&own->rows[i], wanted))
			return &own->rows[i];
	return NULL;
}

/* A row that was given up last is taken last, so that what was counted beside
 * it can be read for a while. */
static struct qs_backend *find_free(struct own_rows *own)
{
	struct qs_backend *oldest = NULL;

	for (size_t i = 0; i < QS_MAX_BACKENDS; i++) {
		struct qs_backend *row = &own->rows[i];

		if (row->state == QS_BACKEND_FREE &&
		    (!oldest || row->id < oldest->id))
			oldest = row;
	}
	return oldest;
}

static bool has_space(struct own_rows *own, const struct qs_backend *list,
		      size_t count)
{
	size_t needed = 0, left = 0;

	for (size_t i = 0; i < count; i++)
		needed += !find(own, &list[i]);
	for (size_t i = 0; i < QS_MAX_BACKENDS; i++)
		left += own->rows[i].state == QS_BACKEND_FREE;
	return needed <= left;
}

static void fill(struct own_rows *own, const struct qs_backend *wanted)
{
	struct qs_backend *row = find(own, wanted);

	if (!row) {
		row = find_free(own);
		*row = *wanted;
		row->id = ++own->last_id;
		row->factor = QS_FACTOR_ONE;
		row->max_ejected = 100;
		row->wish.weight = QS_WEIGHT_UNSET;
	}
	row->weight = wanted->weight;
	row->state = QS_BACKEND_ACTIVE;
}

int own_rows_set(struct own_rows *own, const struct qs_backend *list,
		 size_t count)
{
	if (!has_space(own, list, count))
		return -ENOSPC;
	for (size_t i = 0; i < QS_MAX_BACKENDS; i++)
		if (own->rows[i].state == QS_BACKEND_ACTIVE)
			own->rows[i].state = QS_BACKEND_DRAINING;
	for (size_t i = 0; i < count; i++)
		fill(own, &list[i]);
	for (size_t i = 0; i < QS_MAX_BACKENDS; i++)
		if (own->rows[i].state == QS_BACKEND_DRAINING)
			own->rows[i].effective = 0;
	for (size_t i = 0; i < count; i++)
		if (i == 0 || strcmp(list[i].pool, list[i - 1].pool))
			qs_pool_effective(own->rows, QS_MAX_BACKENDS,
					  list[i].pool);
	return 0;
}

void own_rows_give_up(struct own_rows *own, unsigned row)
{
	own->rows[row].state = QS_BACKEND_FREE;
}
