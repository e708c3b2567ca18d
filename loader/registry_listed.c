/* SPDX-License-Identifier: GPL-2.0-only */
/* Listed CID configurations come and go. */
#include "loader/configure.h"
#include "loader/registry_private.h"
#include "loader/lib/log.h"
#include "quicsteer/cid.h"

#include <errno.h>
#include <string.h>

/* The rows before those of XDP that look them up. The map may be full of rows
 * that are not listed any more. */
static int write_servers(const struct listed *listed,
			 const struct qs_maps *maps)
{
	int error = listed_follow(listed, maps);

	if (error != -ENOSPC && error != -E2BIG)
		return error;
	error = listed_forget(listed, maps);
	return error ? error : listed_follow(listed, maps);
}

static int write_configs(const struct listed *listed, __u8 ids,
			 const struct qs_maps *maps)
{
	int error = 0;

	for (int id = 0; id < QS_CONFIG_ID_NONE && !error; id++) {
		if (ids >> id & 1)
			error = configure_cid_write(maps, id,
						    &listed->configs[id]);
	}
	return error;
}

static void log_changes(__u8 old, __u8 new)
{
	for (int id = 0; id < QS_CONFIG_ID_NONE; id++) {
		if ((old ^ new) >> id & 1)
			log_info("CID configuration %d with listed server IDs "
				 "is %s",
				 id, new >> id & 1 ? "in force" : "removed");
	}
}

int registry_list(struct registry *registry, struct listed *listed)
{
	const struct qs_maps *maps = registry->maps;
	__u8 old = listed_ids(&registry->listed), new = listed_ids(listed);
	int lock = registry_lock(registry);
	int error = write_servers(listed, maps);

	if (!error)
		error = write_configs(listed, old | new, maps);
	if (!error)
		error = listed_forget(listed, maps);
	/* Also after a failure: what is there is kept up from now on. */
	listed_free(&registry->listed);
	registry->listed = *listed;
	*listed = (struct listed){};
	registry_unlock(lock);
	log_changes(old, new);
	return error;
}
