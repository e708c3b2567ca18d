/* SPDX-License-Identifier: GPL-2.0-only */
/* What takes more than one key to tell of balancing and affinity. */
#include "loader/lib/config_internal.h"

#include <stdio.h>

static int fail(struct qs_document *document, size_t index, const char *key,
		const char *text)
{
	char path[QS_CONFIG_PATH_SIZE];

	snprintf(path, sizeof(path), "pools[%zu].%s", index, key);
	return qs_document_error(document, qs_document_find(document, path),
				 path, "%s", text);
}

int qs_config_check_balance(struct qs_document *document,
			    const struct qs_config_pool *pool, size_t index)
{
	if (pool->hash_bound && pool->hash_bound <= 1000)
		return fail(document, index, "hash_bound",
			    "it must be over 100%, so that all requests have "
			    "a place, or 0%");
	if (pool->affinity == QS_AFFINITY_HEADER && !pool->affinity_header)
		return fail(document, index, "affinity_header",
			    "missing; affinity: header needs the field's name");
	if (pool->affinity == QS_AFFINITY_COOKIE &&
	    pool->affinity_cookie.same_site == QS_SAME_SITE_NONE &&
	    !pool->affinity_cookie.secure)
		return fail(document, index, "affinity_cookie.same_site",
			    "browsers take none only together with secure: "
			    "true");
	return 0;
}
