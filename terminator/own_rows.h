/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rows of backends that the terminator fills itself, from a configuration or
 * from URLs, where no healthd does. Only resolving names does I/O.
 */
#ifndef TERMINATOR_OWN_ROWS_H
#define TERMINATOR_OWN_ROWS_H

#include <stddef.h>
#include <stdint.h>

#include "loader/lib/config.h"
#include "quicsteer/abi.h"

struct own_rows {
	struct qs_backend rows[QS_MAX_BACKENDS];
	struct qs_trials trials[QS_MAX_BACKENDS];
	uint32_t last_id;
};

/* own_rows_parse_url reads http://ADDRESS[:PORT] with a numeric IPv4 address,
 * an IPv6 address in brackets, or "localhost" (127.0.0.1). Returns 0 or
 * -EINVAL. */
int own_rows_parse_url(const char *url, struct qs_vip_key *ret_address);

/* own_rows_wanted makes a list of the rows that the pools' backends need, to be
 * freed by the caller: name, pool, address, port and weight are set. Looks host
 * names up, which blocks. Returns 0, or -errno with a message in `error`. */
int own_rows_wanted(const struct qs_config_pool *pools, size_t count,
		    struct qs_backend **ret_list, size_t *ret_count,
		    char *error, size_t error_size);

/* own_rows_set has exactly the rows of `list` active: others drain, and those
 * that stay keep their ID. Returns 0, or -ENOSPC and changes nothing. */
int own_rows_set(struct own_rows *own, const struct qs_backend *list,
		 size_t count);

/* own_rows_give_up frees a row that drains. */
void own_rows_give_up(struct own_rows *own, unsigned row);

#endif
