/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of an exchange whose backend failed it: it may be sent to
 * another backend, if that is safe and the pool's options and budget allow it.
 * For the upstream's own files.
 *
 * Safe is (RFC 9110, 9.2.2): any request of which nothing was sent, since there
 * was no connection; one with an idempotent method, as long as no octet of its
 * body was taken to be sent, for those are gone, and none of the response came
 * but a header that on_status names.
 */
#ifndef TERMINATOR_POOL_RETRY_H
#define TERMINATOR_POOL_RETRY_H

#include <stdbool.h>

#include "terminator/pool.h"

enum pool_retry_reason {
	POOL_RETRY_CONNECT, /* costs backends nothing, and so no budget */
	POOL_RETRY_BROKEN,
	POOL_RETRY_TIMEOUT,
	POOL_RETRY_STATUS,
};

/* pool_retry_wants_status tells whether responses of this status are to be
 * replaced by another backend's. */
bool pool_retry_wants_status(const struct upstream *upstream, unsigned status);

/* pool_retry_take decides that the exchange goes to another backend, which it
 * counts: the caller parts it from its connection and calls pool_dispatch. If
 * it returns false the exchange stays as it is. After STATUS there must be
 * another backend that can take it now. */
bool pool_retry_take(struct exchange *exchange, struct backend *backend,
		     enum pool_retry_reason reason,
		     enum exchange_failure failure);

/* pool_retry_too_early decides, after a 425, that the exchange is to be sent
 * again (exchange_early.h), which it counts as of a status: the caller parts it
 * from its connection, and calls pool_dispatch unless it waits. */
bool pool_retry_too_early(struct exchange *exchange, struct backend *backend);

#endif
