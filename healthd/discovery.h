/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The addresses of backends that are host names. Each name is looked up every
 * resolve_ms, a tenth more or less, all A and AAAA records. A lookup that
 * fails or finds nothing leaves the last addresses in use.
 */
#ifndef HEALTHD_DISCOVERY_H
#define HEALTHD_DISCOVERY_H

#include "healthd/wanted.h"
#include "loader/lib/config.h"

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

struct resolver; /* of one backend */

struct discovery {
	uv_loop_t *loop;
	struct resolver **resolvers; /* owned */
	size_t count;
	bool changed; /* addresses are others than before; reset by the user */
};

/*
 * discovery_configure: looks up the names of this configuration from now on;
 * those that it had before keep their addresses. A name that is new has those
 * that the `count` rows hold of it, until the first answer. The configuration
 * is not borrowed. Returns 0 or -ENOMEM, and goes on as before.
 */
int discovery_configure(struct discovery *discovery,
			const struct qs_config *config,
			const struct qs_backend *rows, size_t count);

/* discovery_addresses: of this backend; never NULL. */
const struct addresses *
discovery_addresses(const struct discovery *discovery, const char *pool,
		    const struct qs_config_backend *backend);

/* discovery_seed: names that were never answered take what the rows hold. */
void discovery_seed(struct discovery *discovery, const struct qs_config *config,
		    const struct qs_backend *rows, size_t count);

/* discovery_close: ends all lookups, in the loop's time. */
void discovery_close(struct discovery *discovery);

#endif
