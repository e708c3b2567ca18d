/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes more than one key to tell of connections to backends. */
#include "loader/lib/config_internal.h"

#include <stdio.h>
#include <string.h>

#define fail(document, path, ...)                                           \
	qs_document_error(document, qs_document_find(document, path), path, \
			  __VA_ARGS__)

int qs_config_check_upstream(struct qs_document *document,
			     struct qs_config_pool *pool, size_t index)
{
	char path[QS_CONFIG_PATH_SIZE];

	pool->check.proxy_header = pool->proxy_protocol == QS_PROXY_V2;

	for (size_t i = 1; i < pool->backend_count; i++) {
		if (pool->backends[i].is_tls == pool->backends[0].is_tls)
			continue;
		snprintf(path, sizeof(path), "pools[%zu].backends[%zu].url",
			 index, i);
		return fail(document, path,
			    "the backends of a pool are all http or all https; "
			    "the first is %s",
			    pool->backends[0].is_tls ? "https" : "http");
	}
	return 0;
}

int qs_config_check_request_id(struct qs_document *document,
			       const struct qs_config *config)
{
	static const char path[] = "terminator.request_id.field";
	static const char *const taken[] = {
		"host",
		"content-length",
		"transfer-encoding",
		"connection",
		"te",
		"trailer",
		"upgrade",
		"cookie",
		"set-cookie",
		"x-forwarded-for",
		"forwarded",
		"via",
		"x-forwarded-proto",
		"authorization",
		"x-forwarded-host",
	};
	const char *field = config->terminator.request_id.field;

	for (size_t i = 0; i < sizeof(taken) / sizeof(*taken); i++)
		if (!strcmp(field, taken[i]))
			return fail(document, path,
				    "\"%s\": this field means something else",
				    field);
	return 0;
}
