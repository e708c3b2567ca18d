/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CID configurations whose server IDs are listed (loader.cid_configs), for
 * terminators of other makes that issue QUIC-LB CIDs by a configuration of
 * their own. Their IDs are never the loader's; each server ID leads to the
 * process that has registered last under its terminator's name.
 */
#ifndef QS_LOADER_LISTED_H
#define QS_LOADER_LISTED_H

#include "loader/lib/maps.h"
#include "loader/lib/secrets.h"
#include "loader/options.h"

struct listed_server {
	struct qs_server_id_key key;
	char terminator[QS_NAME_SIZE];
};

struct listed {
	/* By ID; no encoding: the ID is not listed. */
	struct qs_control_cid_config configs[QS_CID_CONFIGS];
	struct listed_server *servers; /* owned; by key */
	size_t count;
};

/*
 * listed_make: reads the keys of what `options` list, and checks it against
 * the loader's own configurations. Returns 0 with *ret_listed to be freed by
 * listed_free(), or -1 after writing what is wrong into `text`.
 */
int listed_make(struct listed *ret_listed, const struct options *options,
		const struct qs_state_secrets *secrets, char *text,
		size_t size);

/* listed_free: also of a struct that is all zeros. */
void listed_free(struct listed *listed);

/* listed_ids: bits by ID. */
__u8 listed_ids(const struct listed *listed);

/*
 * listed_follow: has the map server_ids lead to the slots where the names are
 * now, under the lock of the maps. A server ID whose name nobody has leads to
 * QS_NO_SLOT, which XDP takes as unknown. Returns 0 or -errno.
 */
int listed_follow(const struct listed *listed, const struct qs_maps *maps);

/* listed_forget: removes from the map what is not listed. 0 or -errno. */
int listed_forget(const struct listed *listed, const struct qs_maps *maps);

#endif
