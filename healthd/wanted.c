/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/wanted.h"
#include "loader/lib/parse.h"

#include <stdio.h>
#include <string.h>

static bool holds(const struct addresses *addresses,
		  const struct qs_vip_key *one)
{
	for (size_t i = 0; i < addresses->count; i++) {
		if (!memcmp(addresses->list[i].address, one->address,
			    sizeof(one->address)))
			return true;
	}
	return false;
}

void addresses_add(struct addresses *addresses, const struct qs_vip_key *one)
{
	if (addresses->count < QS_MAX_BACKENDS && !holds(addresses, one))
		addresses->list[addresses->count++] = *one;
}

bool addresses_equal(const struct addresses *a, const struct addresses *b)
{
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (!holds(b, &a->list[i]))
			return false;
	}
	return true;
}

void wanted_name(char *name, const struct qs_config_backend *backend,
		 const struct qs_vip_key *address)
{
	char endpoint[QS_ENDPOINT_TEXT];

	if (backend->is_address) {
		snprintf(name, QS_BACKEND_NAME_SIZE, "%s", backend->name);
		return;
	}
	snprintf(name, QS_BACKEND_NAME_SIZE, "%s@%s", backend->name,
		 qs_format_endpoint(endpoint, address));
}

static void make_one(struct wanted *one, const struct qs_config_pool *pool,
		     const struct qs_config_backend *backend,
		     const struct qs_vip_key *address)
{
	*one = (struct wanted){
		.address = *address,
		.weight = backend->weight,
		.max_ejected = pool->breaker.max_ejected,
		.wish = {.weight = QS_WEIGHT_UNSET},
		.config = pool,
		.backend = backend,
		.row = -1,
	};
	one->address.port = backend->address.port;
	snprintf(one->pool, sizeof(one->pool), "%s", pool->name);
	wanted_name(one->name, backend, &one->address);
}

size_t wanted_add(struct wanted *wanted, size_t size, size_t count,
		  const struct qs_config_pool *pool,
		  const struct qs_config_backend *backend,
		  const struct addresses *addresses)
{
	const struct qs_vip_key *list = addresses->list;
	size_t more = addresses->count;

	if (backend->is_address) {
		list = &backend->address;
		more = 1;
	}
	for (size_t i = 0; i < more; i++, count++) {
		if (count < size)
			make_one(&wanted[count], pool, backend, &list[i]);
	}
	return count;
}

void wanted_from_rows(struct addresses *addresses,
		      const struct qs_config_pool *pool,
		      const struct qs_config_backend *backend,
		      const struct qs_backend *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char name[QS_BACKEND_NAME_SIZE];
		struct qs_vip_key address = {.port = rows[i].port};

		if (rows[i].state != QS_BACKEND_ACTIVE ||
		    strcmp(rows[i].pool, pool->name) ||
		    rows[i].port != backend->address.port)
			continue;
		memcpy(address.address, rows[i].address,
		       sizeof(address.address));
		wanted_name(name, backend, &address);
		if (!strcmp(rows[i].name, name))
			addresses_add(addresses, &address);
	}
}
