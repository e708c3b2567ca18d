/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/vips.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

/* The key in the map: what XDP looks up for any address is all zeros. */
static struct qs_vip_key map_key(const struct qs_vip_key *vip)
{
	struct qs_vip_key key = *vip;

	if (qs_endpoint_is_any(vip))
		memset(key.address, 0, sizeof(key.address));
	return key;
}

static bool is_wanted(const struct qs_vip_key *vips, size_t count,
		      const struct qs_vip_key *vip)
{
	for (size_t i = 0; i < count; i++) {
		struct qs_vip_key key = map_key(&vips[i]);

		if (!memcmp(&key, vip, sizeof(key)))
			return true;
	}
	return false;
}

static int remove_stale_vips(struct qs_maps *maps,
			     const struct qs_vip_key *vips, size_t count)
{
	struct qs_vip_key stale[QS_MAX_VIPS], key, *previous = NULL;
	int fd = maps->fd[QS_MAP_VIPS];
	char text[QS_ENDPOINT_TEXT];
	size_t stale_count = 0;

	while (!bpf_map_get_next_key(fd, previous, &key) &&
	       stale_count < QS_MAX_VIPS) {
		if (!is_wanted(vips, count, &key))
			stale[stale_count++] = key;
		previous = &key;
	}
	for (size_t i = 0; i < stale_count; i++) {
		if (bpf_map_delete_elem(fd, &stale[i]) < 0)
			return -errno;
		log_info("VIP %s is not steered any more",
			 qs_format_endpoint(text, &stale[i]));
	}
	return 0;
}

static int add_vips(struct qs_maps *maps, const struct qs_vip_key *vips,
		    size_t count, const struct ports *ports)
{
	for (size_t i = 0; i < count; i++) {
		struct qs_vip_key key = map_key(&vips[i]);
		struct qs_vip vip = {
			.id = i,
			.port_index = ports_index(ports, key.port),
		};

		if (bpf_map_update_elem(maps->fd[QS_MAP_VIPS], &key, &vip,
					BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

/* Only where both sets do not fit, stale ones go before. */
int vips_write(struct qs_maps *maps, const struct qs_vip_key *vips,
	       size_t count, const struct ports *ports)
{
	int error = add_vips(maps, vips, count, ports);

	if (error == -E2BIG) {
		error = remove_stale_vips(maps, vips, count);
		if (!error)
			error = add_vips(maps, vips, count, ports);
	}
	if (!error)
		error = remove_stale_vips(maps, vips, count);
	/* Last, and whatever became of them: the programs remember VIPs. */
	__atomic_fetch_add(&maps->settings->vips_generation, 1,
			   __ATOMIC_RELEASE);
	return error;
}
