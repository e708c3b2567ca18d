/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which backends are wanted: those of the configuration, host names replaced
 * by the addresses that they have. Pure.
 */
#ifndef HEALTHD_WANTED_H
#define HEALTHD_WANTED_H

#include "healthd/rows.h"
#include "loader/lib/config.h"

#include <stddef.h>

/* The addresses of one host name; ports are not set. */
struct addresses {
	struct qs_vip_key list[QS_MAX_BACKENDS];
	size_t count;
};

/* addresses_add: adds one unless it is there already, or there is no room. */
void addresses_add(struct addresses *addresses, const struct qs_vip_key *one);

/* addresses_equal: whether both hold the same, in any order. */
bool addresses_equal(const struct addresses *a, const struct addresses *b);

/*
 * wanted_name: what the row of a backend is called: its own name where its host
 * is numeric, else "name@address:port". `name` holds QS_BACKEND_NAME_SIZE.
 */
void wanted_name(char *name, const struct qs_config_backend *backend,
		 const struct qs_vip_key *address);

/*
 * wanted_add: appends the rows of one backend to the `count` wanted ones;
 * `addresses` are those of its host name, not looked at for a numeric one. Adds
 * no more than fit into `size`. Wishes are QS_NO_WISH. Returns how many there
 * are wanted now, which can be over `size`.
 */
size_t wanted_add(struct wanted *wanted, size_t size, size_t count,
		  const struct qs_config_pool *pool,
		  const struct qs_config_backend *backend,
		  const struct addresses *addresses);

/*
 * wanted_from_rows: the addresses that the rows in use hold of this backend, so
 * that a process that starts knows them before the first answer comes.
 */
void wanted_from_rows(struct addresses *addresses,
		      const struct qs_config_pool *pool,
		      const struct qs_config_backend *backend,
		      const struct qs_backend *rows, size_t count);

#endif
