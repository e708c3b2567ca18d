/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/cid_state.h"

#include <bpf/bpf.h>

const char *qs_cid_state(const struct qs_maps *maps, __u32 id,
			 const struct qs_cid_config *config)
{
	if (config->flags & QS_CONFIG_LISTED)
		return "listed";
	return maps->settings->cid_current == id ? "current" : "retiring";
}

__u64 qs_cid_connections(const struct qs_maps *maps, __u32 id)
{
	__u64 count = 0;

	for (int slot = 0; slot < QS_MAX_TERMINATORS; slot++) {
		const struct qs_terminator *one = &maps->terminators[slot];

		if (one->state == QS_TERMINATOR_LIVE ||
		    one->state == QS_TERMINATOR_DRAINING)
			count += maps->stats[slot].connections_by_config[id];
	}
	return count;
}

__u32 qs_cid_server_ids(const struct qs_maps *maps, __u32 id, __u32 *ret_held)
{
	int fd = maps->fd[QS_MAP_SERVER_IDS];
	struct qs_server_id_key key, *previous = NULL;
	__u32 count = 0, steps = 0, slot;

	*ret_held = 0;
	/* A map that changes meanwhile may begin anew, but not for ever. */
	while (steps++ < 2 * QS_MAX_LISTED_SERVERS &&
	       !bpf_map_get_next_key(fd, previous, &key)) {
		previous = &key;
		if (key.config_id != id || bpf_map_lookup_elem(fd, &key, &slot))
			continue;
		count++;
		*ret_held += slot != QS_NO_SLOT;
	}
	return count;
}
