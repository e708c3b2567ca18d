/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/backends.h"

#include <stdlib.h>
#include <string.h>

#include "terminator/backend_stats.h"
#include "terminator/h1_client.h"
#include "terminator/pool.h"
#include "terminator/request_key.h"

static void set_address(struct sockaddr_storage *storage,
			const struct qs_backend *row)
{
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)storage;
	struct sockaddr_in *in = (struct sockaddr_in *)storage;
	struct in6_addr address;

	memcpy(&address, row->address, sizeof(address));
	if (IN6_IS_ADDR_V4MAPPED(&address)) {
		in->sin_family = AF_INET;
		in->sin_port = htons(row->port);
		memcpy(&in->sin_addr, row->address + 12, 4);
	} else {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(row->port);
		in6->sin6_addr = address;
	}
}

static uint32_t row_id(const struct qs_backend *row)
{
	return __atomic_load_n(&row->id, __ATOMIC_ACQUIRE);
}

static uint8_t row_state(const struct qs_backend *row)
{
	return __atomic_load_n(&row->state, __ATOMIC_ACQUIRE);
}

static uint64_t identify(const struct qs_backend *row)
{
	struct {
		char name[QS_BACKEND_NAME_SIZE];
		uint8_t address[16];
		uint8_t port[2];
	} what = {.port = {row->port >> 8, row->port & 255}};

	memcpy(what.name, row->name, strnlen(row->name, sizeof(what.name) - 1));
	memcpy(what.address, row->address, sizeof(what.address));
	return request_hash(&what, sizeof(what));
}

static void insert(struct backend *backend)
{
	struct upstream *upstream = backend->upstream;

	upstream->backends[upstream->backend_count++] = backend;
	balance_add(&upstream->balance);
	upstream->had_backend = true;
	upstream->shared->by_row[backend->row] = backend;
	backend_stats_begin(backend);
	pool_wake(upstream);
}

/* A row may be given to another while we read it; then it is for the next
 * scan. */
static void add(struct upstream_shared *shared, unsigned number)
{
	const struct qs_backend *row = &shared->rows[number];
	uint32_t id = row_id(row);
	struct upstream *upstream;
	struct backend *backend;
	char pool[QS_NAME_SIZE];

	memcpy(pool, row->pool, sizeof(pool));
	pool[sizeof(pool) - 1] = '\0';
	upstream = upstream_find(shared, pool);
	if (!upstream)
		return;
	backend = calloc(1, sizeof(*backend));
	if (!backend)
		return;
	backend->upstream = upstream;
	backend->row = number;
	backend->id = id;
	backend->identity = identify(row);
	set_address(&backend->address, row);
	backend->leaving = row_state(row) == QS_BACKEND_DRAINING;
	if ((backend->leaving || row_state(row) == QS_BACKEND_ACTIVE) &&
	    row_id(row) == id)
		insert(backend);
	else
		free(backend);
}

static void close_idle(struct backend *backend)
{
	while (backend->idle)
		h1_client_close(backend->idle);
}

void backends_close_unfit(struct upstream *upstream)
{
	for (size_t i = 0; i < upstream->backend_count; i++) {
		struct h1_client *client = upstream->backends[i]->idle;

		if (client && client->how != upstream->tls)
			close_idle(upstream->backends[i]);
	}
}

static void free_backend(struct backend *backend)
{
	tls_resumption_clear(&backend->resumption);
	free(backend);
}

static void take_out(struct backend *backend)
{
	struct upstream *upstream = backend->upstream;
	size_t last = --upstream->backend_count;

	for (size_t i = 0; i <= last; i++) {
		if (upstream->backends[i] != backend)
			continue;
		upstream->backends[i] = upstream->backends[last];
		balance_remove(&upstream->balance, i);
		break;
	}
	upstream->shared->by_row[backend->row] = NULL;
}

static void part(struct backend *backend)
{
	backend->leaving = true;
	backend->gone = true;
	take_out(backend);
	close_idle(backend);
	backend_stats_part(backend);
	if (!backend->client_count)
		free_backend(backend);
}

void backends_scan(struct upstream_shared *shared)
{
	for (unsigned i = 0; i < QS_MAX_BACKENDS; i++) {
		struct backend *backend = shared->by_row[i];
		uint8_t state = row_state(&shared->rows[i]);

		if (backend && (state == QS_BACKEND_FREE ||
				row_id(&shared->rows[i]) != backend->id)) {
			part(backend);
			backend = NULL;
		}
		if (!backend) {
			/* Also one that drains: it may have sessions. */
			if (state != QS_BACKEND_FREE)
				add(shared, i);
			continue;
		}
		backend->leaving = state != QS_BACKEND_ACTIVE;
		if (backend->leaving)
			close_idle(backend);
	}
}

void backends_forget(struct upstream *upstream)
{
	while (upstream->backend_count)
		part(upstream->backends[0]);
}

void backend_add_client(struct backend *backend)
{
	backend->client_count++;
}

void backend_drop_client(struct backend *backend)
{
	backend->client_count--;
	if (backend->gone && !backend->client_count)
		free_backend(backend);
}

bool backend_is_used(const struct upstream_shared *shared, unsigned row)
{
	const struct backend *backend = shared->by_row[row];

	return backend &&
	       (backend->connection_count || backend->upstream->waiting);
}
