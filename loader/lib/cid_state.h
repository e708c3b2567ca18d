/* SPDX-License-Identifier: GPL-2.0-only */
/* What the maps say of the life and use of CID configurations. */
#ifndef QS_LOADER_LIB_CID_STATE_H
#define QS_LOADER_LIB_CID_STATE_H

#include "loader/lib/maps.h"

/* qs_cid_state: "current", "retiring" or "listed", of one that is in use. */
const char *qs_cid_state(const struct qs_maps *maps, __u32 id,
			 const struct qs_cid_config *config);

/* qs_cid_connections: those with CIDs of configuration `id`, of all processes
 * that run. Terminators of other makes do not tell. */
__u64 qs_cid_connections(const struct qs_maps *maps, __u32 id);

/* qs_cid_server_ids: how many server IDs configuration `id` lists, and how many
 * of them lead to a process. */
__u32 qs_cid_server_ids(const struct qs_maps *maps, __u32 id, __u32 *ret_held);

#endif
