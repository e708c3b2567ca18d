/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/router_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "terminator/backends.h"
#include "terminator/container_of.h"
#include "terminator/exchange.h"
#include "terminator/own_rows.h"
#include "terminator/pool.h"
#include "terminator/random.h"
#include "terminator/site.h"

enum { SCAN_MS = 50 };

struct router {
	struct upstream_shared shared;
	uv_timer_t scan_timer;
	struct upstream *nowhere;
	struct site *site; /* NULL: none yet */
	bool by_urls;	   /* the rows stay our own */
	struct own_rows own;
	struct qs_proxy_stats own_proxy;
	char error[256];
};

struct upstream_shared *router_shared(struct router *router)
{
	return &router->shared;
}

struct upstream *router_nowhere(struct router *router)
{
	return router->nowhere;
}

static void free_router(struct router *router)
{
	site_unref(router->site);
	explicit_bzero(&router->shared.affinity_keys,
		       sizeof(router->shared.affinity_keys));
	free(router->shared.via);
	free(router->shared.via_response);
	free(router);
}

static void on_all_closed(struct upstream_shared *shared)
{
	free_router((struct router *)shared);
}

/* Rows of our own are free again when nobody can want them any more. */
static void give_up_own_rows(struct router *router)
{
	for (unsigned i = 0; i < QS_MAX_BACKENDS; i++)
		if (router->own.rows[i].state == QS_BACKEND_DRAINING &&
		    !backend_is_used(&router->shared, i))
			own_rows_give_up(&router->own, i);
}

static void scan(struct router *router)
{
	if (router->shared.own_rows)
		give_up_own_rows(router);
	backends_scan(&router->shared);
}

static void on_scan(uv_timer_t *timer)
{
	scan(timer->data);
}

struct router *router_new(uv_loop_t *loop, const char *via,
			  struct qs_terminator_stats *stats)
{
	struct router *router = calloc(1, sizeof(*router));
	struct upstream_shared *shared = &router->shared;

	if (!router)
		return NULL;
	shared->loop = loop;
	shared->rows = router->own.rows;
	shared->own_rows = true;
	shared->trials = router->own.trials;
	shared->proxy = &router->own_proxy;
	shared->stats = stats;
	shared->on_closed = on_all_closed;
	random_bytes(&shared->affinity_keys, sizeof(shared->affinity_keys));
	shared->via = strdup(via);
	if (!shared->via || asprintf(&shared->via_response, "1.1 %s", via) < 0)
		shared->via_response = NULL;
	router->nowhere =
		shared->via_response ? upstream_new(shared, "") : NULL;
	if (!router->nowhere) {
		free_router(router);
		return NULL;
	}
	/* libuv writes with write(2). */
	signal(SIGPIPE, SIG_IGN);
	uv_timer_init(loop, &router->scan_timer);
	router->scan_timer.data = router;
	later_init(&shared->later, loop);
	shared->handles += 2;
	uv_timer_start(&router->scan_timer, on_scan, SCAN_MS, SCAN_MS);
	return router;
}

static void use_rows(struct router *router, const struct qs_backend *theirs,
		     struct qs_trials *trials)
{
	struct upstream_shared *shared = &router->shared;
	struct upstream *upstream;

	DL_FOREACH (shared->upstreams, upstream)
		upstream_begin_rows(upstream);
	shared->own_rows = !theirs;
	shared->rows = theirs ? theirs : router->own.rows;
	shared->trials = theirs && trials ? trials : router->own.trials;
}

void router_use_memory(struct router *router,
		       const struct router_memory *memory)
{
	struct upstream_shared *shared = &router->shared;
	struct upstream *upstream;

	use_rows(router, router->by_urls ? NULL : memory->backends,
		 memory->trials);
	if (memory->secret)
		affinity_keys_derive(&shared->affinity_keys, memory->secret,
				     memory->secret_size);
	shared->proxy = memory->proxy ? memory->proxy : &router->own_proxy;
	shared->stats = memory->stats;
	memset(shared->proxy, 0, sizeof(*shared->proxy));
	DL_FOREACH (shared->upstreams, upstream)
		upstream_use_stats(upstream);
	scan(router);
}

void router_use_limits(struct router *router, struct limits *limits)
{
	router->shared.limits = limits;
}

void router_tell_health(struct router *router,
			const struct health_source *source)
{
	router->shared.health = *source;
}

void router_use_access_log(struct router *router, struct access_log *log)
{
	router->shared.access_log = log;
}

/* What a configuration becomes, before anything has changed. */
struct plan {
	const struct qs_config *config;
	struct upstream *pools[QS_MAX_POOLS];
	bool is_new[QS_MAX_POOLS];
	struct backend_tls *tls[QS_MAX_POOLS]; /* NULL: in clear */
	struct site *site;
};

static void drop_plan(struct plan *plan)
{
	for (size_t i = 0; i < plan->config->pool_count; i++) {
		if (plan->is_new[i])
			upstream_close(plan->pools[i]);
		backend_tls_unref(plan->tls[i]);
	}
	site_unref(plan->site);
}

static int plan_tls(struct router *router, struct plan *plan)
{
	for (size_t i = 0; i < plan->config->pool_count; i++) {
		const struct qs_config_pool *pool = &plan->config->pools[i];

		if (!pool->backend_count || !pool->backends[0].is_tls)
			continue;
		plan->tls[i] = backend_tls_new(pool, router->error,
					       sizeof(router->error));
		if (!plan->tls[i])
			return -EINVAL;
	}
	return 0;
}

static int make_plan(struct router *router, const struct qs_config *config,
		     struct plan *plan)
{
	plan->config = config;
	for (size_t i = 0; i < config->pool_count; i++) {
		const char *name = config->pools[i].name;

		plan->pools[i] = upstream_find(&router->shared, name);
		if (plan->pools[i])
			continue;
		plan->pools[i] = upstream_new(&router->shared, name);
		if (!plan->pools[i])
			return -ENOMEM;
		plan->is_new[i] = true;
	}
	if (plan_tls(router, plan))
		return -EINVAL;
	return site_new(config, plan->pools, &plan->site, router->error,
			sizeof(router->error));
}

static int set_own_rows(struct router *router, const struct qs_config *config)
{
	struct qs_backend *list;
	size_t count;
	int err;

	if (!router->shared.own_rows)
		return 0;
	give_up_own_rows(router);
	err = own_rows_wanted(config->pools, config->pool_count, &list, &count,
			      router->error, sizeof(router->error));
	if (err)
		return err;
	err = own_rows_set(&router->own, list, count);
	if (err)
		snprintf(router->error, sizeof(router->error),
			 "too many backends while those removed still finish");
	free(list);
	return err;
}

static void carry_out(struct router *router, struct plan *plan)
{
	struct upstream *upstream, *next;
	size_t count = plan->config->pool_count;

	DL_FOREACH_SAFE (router->shared.upstreams, upstream, next) {
		size_t i = 0;

		while (i < count && plan->pools[i] != upstream)
			i++;
		if (i < count) {
			upstream_employ(upstream);
			upstream_configure(upstream, &plan->config->pools[i],
					   plan->tls[i]);
		} else if (upstream != router->nowhere) {
			upstream_retire(upstream);
		}
	}
	site_unref(router->site);
	router->site = plan->site;
	scan(router);
}

int router_apply(struct router *router, const struct qs_config *config,
		 const char **error)
{
	struct plan plan = {0};
	int err;

	snprintf(router->error, sizeof(router->error), "out of memory");
	*error = router->error;
	err = make_plan(router, config, &plan);
	if (!err)
		err = set_own_rows(router, config);
	if (err) {
		drop_plan(&plan);
		return err;
	}
	carry_out(router, &plan);
	return 0;
}

int router_apply_urls(struct router *router, const struct qs_config_pool *pool,
		      const char *const *urls, size_t count, size_t *ret_bad)
{
	struct qs_config_backend backends[QS_MAX_BACKENDS] = {0};
	char names[QS_MAX_BACKENDS][QS_NAME_SIZE];
	struct qs_config_pool only = *pool;
	struct qs_config_route route = {.path = (char *)"/"};
	struct qs_config config = {.pools = &only,
				   .pool_count = 1,
				   .routes = &route,
				   .route_count = 1};
	const char *error;

	*ret_bad = QS_MAX_BACKENDS;
	if (count > QS_MAX_BACKENDS)
		return -EINVAL;
	only.name = (char *)"default";
	only.backends = backends;
	only.backend_count = count;
	for (size_t i = 0; i < count; i++) {
		*ret_bad = i;
		if (own_rows_parse_url(urls[i], &backends[i].address))
			return -EINVAL;
		snprintf(names[i], sizeof(names[i]), "default-%zu", i + 1);
		backends[i].name = names[i];
		backends[i].is_address = true;
		backends[i].weight = QS_WEIGHT_DEFAULT;
	}
	router->by_urls = true;
	if (!router->shared.own_rows)
		use_rows(router, NULL, NULL);
	return router_apply(router, &config, &error) ? -ENOMEM : 0;
}

struct site *router_site(struct router *router)
{
	return router->site;
}

static void one_closed(struct router *router)
{
	if (--router->shared.handles == 0)
		free_router(router);
}

static void on_timer_closed(uv_handle_t *handle)
{
	one_closed(handle->data);
}

static void on_later_closed(uv_handle_t *handle)
{
	one_closed(container_of(handle->data, struct router, shared.later));
}

void router_close(struct router *router)
{
	while (router->shared.upstreams)
		upstream_close(router->shared.upstreams);
	uv_close((uv_handle_t *)&router->scan_timer, on_timer_closed);
	later_close(&router->shared.later, on_later_closed);
}
