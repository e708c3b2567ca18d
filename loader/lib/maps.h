/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pinned maps as userspace sees them: descriptors of all of them, memory
 * of the mappable ones, sums of the per-CPU ones.
 */
#ifndef QS_LOADER_LIB_MAPS_H
#define QS_LOADER_LIB_MAPS_H

#include "quicsteer/abi.h"
#include "quicsteer/counters.h"

#include <stdbool.h>

enum qs_map {
	QS_MAP_SETTINGS,
	QS_MAP_VIPS,
	QS_MAP_CID_CONFIGS,
	QS_MAP_SERVER_IDS,
	QS_MAP_TERMINATORS,
	QS_MAP_LOOKUP,
	QS_MAP_SOCKETS,
	QS_MAP_VERDICTS,
	QS_MAP_DELIVERIES,
	QS_MAP_TERMINATOR_TRAFFIC,
	QS_MAP_TERMINATOR_STATS,
	QS_MAP_TERMINATOR_TOTALS,
	QS_MAP_WISHES,
	QS_MAP_BACKENDS,
	QS_MAP_TRIALS,
	QS_MAP_PROXY_STATS,
	QS_MAP_HANDSHAKES,
	QS_MAP_SOURCES,
	QS_MAP_ALLOWED,
	QS_MAP_DENIED,
	QS_MAP_EVENTS,
	QS_MAP_CPUS,
	QS_MAP_ICMP_ERRORS,
	QS_MAP_ICMP_RELAYS,
	QS_MAP_COUNT,
};

struct qs_maps {
	int fd[QS_MAP_COUNT]; /* owned; -1 where not open */
	bool writable;
	struct qs_settings *settings;
	struct qs_terminator *terminators; /* QS_MAX_TERMINATORS */
	struct qs_terminator_stats *stats; /* QS_MAX_TERMINATORS */
	struct qs_backend *backends;	   /* QS_MAX_BACKENDS */
	struct qs_trials *trials;	   /* QS_MAX_BACKENDS */
	struct qs_proxy_stats *proxy;	   /* QS_MAX_TERMINATORS + 1 */
	struct qs_icmp_relays *icmp;
	void *lookup; /* by qs_maps_table() */
};

/* qs_map_name: the name of a map, of its pin, and in the BPF objects. */
const char *qs_map_name(enum qs_map map);

/* qs_pin_path: writes PIN_DIR/NAME. Returns 0 or -ENAMETOOLONG. */
int qs_pin_path(char *path, size_t size, const char *pin_dir, const char *name);

/*
 * qs_maps_version: the ABI version of the maps pinned under `pin_dir`.
 * abi_version is the first field of settings in every version. Returns 0,
 * -ENOENT (nothing is pinned there) or another -errno.
 */
int qs_maps_version(const char *pin_dir, __u32 *ret_version);

/*
 * qs_maps_open: opens all maps pinned under `pin_dir` and maps the mappable
 * ones into memory, for reading only unless `writable`. Returns 0, -ENOENT (no
 * loader has pinned them), -EPROTO (they are of another ABI version; see
 * qs_maps_version) or another -errno. After a failure there is nothing to
 * close.
 */
int qs_maps_open(struct qs_maps *maps, const char *pin_dir, bool writable);

/* qs_maps_close: the reverse; also of a struct that is all zeros or closed. */
void qs_maps_close(struct qs_maps *maps);

/* qs_maps_table: the lookup table of a generation (0 or 1). */
struct qs_lookup_table *qs_maps_table(const struct qs_maps *maps,
				      __u32 generation);

/*
 * qs_maps_verdicts, qs_maps_deliveries, qs_maps_traffic: sums over all CPUs.
 * Return 0 or -errno.
 */
int qs_maps_verdicts(const struct qs_maps *maps, struct qs_verdicts *ret_sum);
int qs_maps_deliveries(const struct qs_maps *maps,
		       struct qs_deliveries *ret_sum);
int qs_maps_traffic(const struct qs_maps *maps, __u16 slot,
		    struct qs_traffic *ret_sum);

/* qs_maps_clear_traffic: zeros the row of `slot` on every CPU. 0 or -errno. */
int qs_maps_clear_traffic(const struct qs_maps *maps, __u16 slot);

/* qs_maps_config: CID configuration `id`, 0 to 7. Returns 0 or -errno. */
int qs_maps_config(const struct qs_maps *maps, __u32 id,
		   struct qs_cid_config *ret_config);

/*
 * qs_maps_lock: waits for the lock that whoever changes states or weights
 * holds (flock on the pin directory). Returns a descriptor, whose close()
 * unlocks, or -errno.
 */
int qs_maps_lock(const char *pin_dir);

#endif
