/* SPDX-License-Identifier: GPL-2.0-only */
#include "healthd/discovery.h"
#include "healthd/check.h"
#include "healthd/random.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

enum { JITTER = 100 }; /* in a thousand */

struct resolver {
	struct discovery *discovery; /* NULL: given up */
	uv_timer_t timer;
	uv_getaddrinfo_t request;
	bool busy;   /* the request is under way */
	bool closed; /* the timer */
	bool answered;
	bool failing;
	uint32_t interval_ms;
	char *pool, *name, *host; /* owned */
	struct addresses addresses;
};

static void free_resolver(struct resolver *resolver)
{
	free(resolver->pool);
	free(resolver->name);
	free(resolver->host);
	free(resolver);
}

static void on_closed(uv_handle_t *handle)
{
	struct resolver *resolver = handle->data;

	resolver->closed = true;
	if (!resolver->busy)
		free_resolver(resolver);
}

/* A lookup that a thread works on cannot be taken back: it frees the rest. */
static void give_up(struct resolver *resolver)
{
	resolver->discovery = NULL;
	if (resolver->busy)
		uv_cancel((uv_req_t *)&resolver->request);
	uv_close((uv_handle_t *)&resolver->timer, on_closed);
}

static void read_answer(struct addresses *addresses,
			const struct addrinfo *answer)
{
	for (; answer; answer = answer->ai_next) {
		struct qs_vip_key one = {.address = {[10] = 0xff, [11] = 0xff}};

		if (answer->ai_family == AF_INET) {
			struct sockaddr_in *v4 = (void *)answer->ai_addr;

			memcpy(one.address + 12, &v4->sin_addr, 4);
		} else if (answer->ai_family == AF_INET6) {
			struct sockaddr_in6 *v6 = (void *)answer->ai_addr;

			memcpy(one.address, &v6->sin6_addr, 16);
		} else {
			continue;
		}
		addresses_add(addresses, &one);
	}
}

static void report_failure(struct resolver *resolver, int status)
{
	if (!resolver->failing)
		log_warn("backend %s of pool %s: cannot look up %s: %s; its "
			 "last %zu addresses stay in use",
			 resolver->name, resolver->pool, resolver->host,
			 status ? uv_strerror(status) : "it has no address",
			 resolver->addresses.count);
	resolver->failing = true;
}

static void take_answer(struct resolver *resolver,
			const struct addrinfo *answer)
{
	struct addresses addresses = {.count = 0};

	read_answer(&addresses, answer);
	if (!addresses.count) {
		report_failure(resolver, 0);
		return;
	}
	if (resolver->failing)
		log_info("backend %s of pool %s: %s is found again",
			 resolver->name, resolver->pool, resolver->host);
	resolver->failing = false;
	resolver->answered = true;
	if (addresses_equal(&addresses, &resolver->addresses))
		return;
	log_info("backend %s of pool %s: %s has %zu addresses, before %zu",
		 resolver->name, resolver->pool, resolver->host,
		 addresses.count, resolver->addresses.count);
	resolver->addresses = addresses;
	resolver->discovery->changed = true;
}

static void on_due(uv_timer_t *timer);

static void on_answer(uv_getaddrinfo_t *request, int status,
		      struct addrinfo *answer)
{
	struct resolver *resolver = request->data;

	resolver->busy = false;
	if (!resolver->discovery) {
		uv_freeaddrinfo(answer);
		if (resolver->closed)
			free_resolver(resolver);
		return;
	}
	if (status)
		report_failure(resolver, status);
	else
		take_answer(resolver, answer);
	uv_freeaddrinfo(answer);
	uv_timer_start(
		&resolver->timer, on_due,
		spread_ms(resolver->interval_ms, JITTER, random_number()), 0);
}

static void on_due(uv_timer_t *timer)
{
	struct resolver *resolver = timer->data;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	int error;

	error = uv_getaddrinfo(timer->loop, &resolver->request, on_answer,
			       resolver->host, NULL, &hints);
	if (!error) {
		resolver->busy = true;
		return;
	}
	report_failure(resolver, error);
	uv_timer_start(&resolver->timer, on_due, resolver->interval_ms, 0);
}

static struct resolver *make_resolver(struct discovery *discovery,
				      const struct qs_config_pool *pool,
				      const struct qs_config_backend *backend)
{
	struct resolver *resolver = calloc(1, sizeof(*resolver));

	if (!resolver)
		return NULL;
	resolver->pool = strdup(pool->name);
	resolver->name = strdup(backend->name);
	resolver->host = strdup(backend->host);
	if (!resolver->pool || !resolver->name || !resolver->host) {
		free_resolver(resolver);
		return NULL;
	}
	resolver->discovery = discovery;
	uv_timer_init(discovery->loop, &resolver->timer);
	resolver->timer.data = resolver;
	resolver->request.data = resolver;
	return resolver;
}

static struct resolver *find(const struct discovery *discovery,
			     const char *pool,
			     const struct qs_config_backend *backend)
{
	for (size_t i = 0; i < discovery->count; i++) {
		struct resolver *resolver = discovery->resolvers[i];

		if (resolver && !strcmp(resolver->pool, pool) &&
		    !strcmp(resolver->name, backend->name) &&
		    !strcmp(resolver->host, backend->host))
			return resolver;
	}
	return NULL;
}

static size_t count_names(const struct qs_config *config)
{
	size_t count = 0;

	for (size_t i = 0; i < config->pool_count; i++) {
		const struct qs_config_pool *pool = &config->pools[i];

		for (size_t j = 0; j < pool->backend_count; j++)
			count += !pool->backends[j].is_address;
	}
	return count;
}

/* Fills `list` with the resolvers of the configuration, old or new. Returns
 * false when memory is short; those that were made are in it. */
static bool list_resolvers(struct discovery *discovery,
			   const struct qs_config *config,
			   struct resolver **list)
{
	size_t count = 0;

	for (size_t i = 0; i < config->pool_count; i++) {
		const struct qs_config_pool *pool = &config->pools[i];

		for (size_t j = 0; j < pool->backend_count; j++) {
			const struct qs_config_backend *backend =
				&pool->backends[j];
			struct resolver *one;

			if (backend->is_address)
				continue;
			one = find(discovery, pool->name, backend);
			if (!one)
				one = make_resolver(discovery, pool, backend);
			if (!one)
				return false;
			list[count++] = one;
		}
	}
	return true;
}

static bool is_listed(struct resolver *const *list, size_t count,
		      const struct resolver *resolver)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == resolver)
			return true;
	}
	return false;
}

/* Gives up what is in `list` and not in `kept`. */
static void give_up_others(struct resolver **list, size_t count,
			   struct resolver *const *kept, size_t kept_count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] && !is_listed(kept, kept_count, list[i]))
			give_up(list[i]);
	}
}

void discovery_seed(struct discovery *discovery, const struct qs_config *config,
		    const struct qs_backend *rows, size_t count)
{
	for (size_t i = 0; i < config->pool_count; i++) {
		const struct qs_config_pool *pool = &config->pools[i];

		for (size_t j = 0; j < pool->backend_count; j++) {
			struct resolver *one =
				find(discovery, pool->name, &pool->backends[j]);

			if (one && !one->answered)
				wanted_from_rows(&one->addresses, pool,
						 &pool->backends[j], rows,
						 count);
		}
	}
}

static void start_all(struct discovery *discovery,
		      const struct qs_config *config)
{
	for (size_t i = 0; i < config->pool_count; i++) {
		const struct qs_config_pool *pool = &config->pools[i];

		for (size_t j = 0; j < pool->backend_count; j++) {
			struct resolver *one =
				find(discovery, pool->name, &pool->backends[j]);

			if (!one)
				continue;
			one->interval_ms = pool->resolve_ms;
			if (!one->busy)
				uv_timer_start(&one->timer, on_due, 0, 0);
		}
	}
}

int discovery_configure(struct discovery *discovery,
			const struct qs_config *config,
			const struct qs_backend *rows, size_t count)
{
	size_t names = count_names(config);
	struct resolver **list = calloc(names + 1, sizeof(*list));

	if (!list)
		return -ENOMEM;
	if (!list_resolvers(discovery, config, list)) {
		give_up_others(list, names, discovery->resolvers,
			       discovery->count);
		free(list);
		return -ENOMEM;
	}
	give_up_others(discovery->resolvers, discovery->count, list, names);
	free(discovery->resolvers);
	discovery->resolvers = list;
	discovery->count = names;
	discovery_seed(discovery, config, rows, count);
	start_all(discovery, config);
	return 0;
}

const struct addresses *
discovery_addresses(const struct discovery *discovery, const char *pool,
		    const struct qs_config_backend *backend)
{
	static const struct addresses none;
	const struct resolver *resolver = find(discovery, pool, backend);

	return resolver ? &resolver->addresses : &none;
}

void discovery_close(struct discovery *discovery)
{
	for (size_t i = 0; i < discovery->count; i++)
		give_up(discovery->resolvers[i]);
	free(discovery->resolvers);
	discovery->resolvers = NULL;
	discovery->count = 0;
}
