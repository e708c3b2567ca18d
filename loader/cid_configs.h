/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The lives of CID configurations: one is current, others retire until nobody
 * uses them, and then their IDs are free. Pure: the caller draws keys, looks at
 * the clock and writes files and maps.
 */
#ifndef QS_LOADER_CID_CONFIGS_H
#define QS_LOADER_CID_CONFIGS_H

#include "loader/lib/secrets.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * cid_configs_rotate: adds the configuration that `wish` describes, with `key`
 * unless it is to be plaintext, under the free ID that was given up longest
 * ago, and makes it current; the one before retires. Returns the ID, or -1
 * after writing into `text` what is wrong; then nothing has changed.
 */
int cid_configs_rotate(struct qs_state_secrets *secrets,
		       const struct qs_rotate *wish, const __u8 key[16],
		       __u64 now_s, char *text, size_t size);

/* cid_configs_retires: whether configuration `id` is live and not current. */
bool cid_configs_retires(const struct qs_state_secrets *secrets, int id);

/* cid_configs_remove: makes the ID of one that retires free. */
void cid_configs_remove(struct qs_state_secrets *secrets, int id);

/*
 * cid_configs_leave: bits by ID of the configurations that have been retiring
 * for `max_age_s` or longer; 0: none is ever too old.
 */
__u8 cid_configs_leave(const struct qs_state_secrets *secrets, __u64 now_s,
		       __u64 max_age_s);

#endif
