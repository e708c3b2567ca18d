/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The rows of the map `backends`: which backend has which, and what becomes of
 * those that nobody wants any more. Works on arrays of rows in memory, mapped
 * or not. The caller holds the lock and recomputes the effective weights.
 */
#ifndef HEALTHD_ROWS_H
#define HEALTHD_ROWS_H

#include "loader/lib/config.h"
#include "quicsteer/abi.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A backend that the configuration and the host names of it ask for. */
struct wanted {
	char name[QS_BACKEND_NAME_SIZE];
	char pool[QS_NAME_SIZE];
	struct qs_vip_key address;
	uint32_t weight;
	uint8_t max_ejected;
	struct qs_wish wish;
	const struct qs_config_pool *config;	 /* borrowed */
	const struct qs_config_backend *backend; /* borrowed */
	int row; /* result: its row, or -1 where none was free */
};

struct rows_result {
	size_t added, returned, removed, refused;
};

/*
 * rows_repair: sets right what a process that was killed, or none, can have
 * left: values that cannot be, equal IDs, pools of one name and address twice.
 * Returns how many rows it changed.
 */
size_t rows_repair(struct qs_backend *rows, size_t count, uint32_t random);

/*
 * rows_reconcile: gives each of `wanted` a row, and has the other active rows
 * drain. A row that is of the same pool, name, address and port keeps all that
 * is known; its weight, max_ejected and wish are brought up to date. `random`
 * begins the IDs where no row has one.
 */
struct rows_result rows_reconcile(struct qs_backend *rows, size_t count,
				  struct wanted *wanted, size_t wanted_count,
				  uint32_t random);

/* rows_free: gives a row up. */
void rows_free(struct qs_backend *row);

#endif
