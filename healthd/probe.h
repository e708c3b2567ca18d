/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One active check of one backend: a TCP connection that it must accept, or an
 * HTTP request that it must answer as expected, in the time that the
 * configuration allows for the whole.
 */
#ifndef HEALTHD_PROBE_H
#define HEALTHD_PROBE_H

#include "loader/lib/config.h"

#include <stddef.h>
#include <uv.h>

struct backend_tls;
struct probe;

/* By which names a backend is asked. */
struct probe_names {
	const char *host;	 /* of the Host field */
	const char *row;	 /* of its row */
	struct backend_tls *tls; /* of its pool; NULL: in the clear */
};

/* Called once, never from within probe_start. `failure` is for people ("HTTP
 * 503, expected 200-399"), or NULL: the check was passed. */
typedef void (*probe_done)(void *user, const char *failure);

/*
 * probe_start: begins a check. `config` and what `names` points to are
 * borrowed until `done` was called or the probe cancelled; it then frees
 * itself. Returns NULL when memory is short.
 */
struct probe *probe_start(uv_loop_t *loop, const struct qs_vip_key *address,
			  const struct qs_config_check *config,
			  const struct probe_names *names, probe_done done,
			  void *user);

/* probe_cancel: ends it; `done` will not be called. */
void probe_cancel(struct probe *probe);

/*
 * probe_host: what the Host field says for this backend: the configured host,
 * else the backend's own. Returns `text`, cut at `size`.
 */
char *probe_host(char *text, size_t size, const struct qs_config_check *config,
		 const struct qs_config_backend *backend);

#endif
