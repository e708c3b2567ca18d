/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/unit/upstream_rows.h"

#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "loader/lib/effective.h"

struct qs_backend rows[QS_MAX_BACKENDS];
struct qs_trials trials[QS_MAX_BACKENDS];
struct qs_proxy_stats proxy;

static uint32_t last_id;

void rows_open(struct bed *bed)
{
	struct router_memory memory = {
		.backends = rows,
		.trials = trials,
		.proxy = &proxy,
		.stats = &bed->stats,
	};

	memset(rows, 0, sizeof(rows));
	memset(trials, 0, sizeof(trials));
	bed_open_bare(bed);
	router_use_memory(bed->router, &memory);
}

void rows_pools(struct bed *bed, const char *names)
{
	struct qs_config_pool pools[8];
	struct qs_config_route routes[8];
	char text[8][2], hosts[8][16];
	struct qs_config config = {.pools = pools, .routes = routes};
	const char *error;

	for (size_t i = 0; names[i]; i++) {
		snprintf(text[i], sizeof(text[i]), "%c", names[i]);
		snprintf(hosts[i], sizeof(hosts[i]), "%c.example", names[i]);
		pools[i] = bed->options;
		pools[i].name = text[i];
		routes[i] = (struct qs_config_route){
			.host = hosts[i], .path = (char *)"/", .pool = i};
		config.pool_count = config.route_count = i + 1;
	}
	cr_assert_eq(router_apply(bed->router, &config, &error), 0, "%s",
		     error);
}

void rows_fill(unsigned row, const char *pool, const struct script *script,
	       unsigned weight)
{
	struct qs_backend *one = &rows[row];
	static const __u8 loopback[16] = {[10] = 0xff, 0xff, 127, 0, 0, 1};

	memset(one, 0, sizeof(*one));
	snprintf(one->name, sizeof(one->name), "%s-%u", pool, row);
	snprintf(one->pool, sizeof(one->pool), "%s", pool);
	memcpy(one->address, loopback, sizeof(loopback));
	one->port = script->port;
	one->id = ++last_id;
	one->effective = weight * QS_EFFECTIVE_SCALE;
	one->state = QS_BACKEND_ACTIVE;
}

unsigned rows_get(struct bed *bed)
{
	struct front front = {0};
	unsigned status;

	front_start(&front, bed, "GET /", NULL);
	bed_run(bed, front_done, &front);
	status = front.status;
	front_free(&front);
	return status;
}
