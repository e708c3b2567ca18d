/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/maps.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <unistd.h>

/* What a pinned map must look like to be of this ABI version. */
struct shape {
	const char *name;
	__u32 value_size;
	__u32 entries; /* 0: as the machine has it */
};

static const struct shape shapes[QS_MAP_COUNT] = {
	[QS_MAP_SETTINGS] = {"settings", sizeof(struct qs_settings), 1},
	[QS_MAP_VIPS] = {"vips", sizeof(struct qs_vip), QS_MAX_VIPS},
	[QS_MAP_CID_CONFIGS] = {"cid_configs", sizeof(struct qs_cid_config),
				QS_CID_CONFIGS},
	[QS_MAP_SERVER_IDS] = {"server_ids", 0, QS_MAX_LISTED_SERVERS},
	[QS_MAP_TERMINATORS] = {"terminators", sizeof(struct qs_terminator),
				QS_MAX_TERMINATORS},
	[QS_MAP_LOOKUP] = {"lookup", sizeof(struct qs_lookup_table),
			   QS_LOOKUP_GENERATIONS},
	[QS_MAP_SOCKETS] = {"sockets", 0, QS_MAX_TERMINATORS *QS_MAX_PORTS},
	[QS_MAP_VERDICTS] = {"verdicts", sizeof(struct qs_verdicts), 1},
	[QS_MAP_DELIVERIES] = {"deliveries", sizeof(struct qs_deliveries), 1},
	[QS_MAP_TERMINATOR_TRAFFIC] = {"terminator_traffic",
				       sizeof(struct qs_traffic),
				       QS_MAX_TERMINATORS},
	[QS_MAP_TERMINATOR_STATS] = {"terminator_stats",
				     sizeof(struct qs_terminator_stats),
				     QS_MAX_TERMINATORS},
	[QS_MAP_TERMINATOR_TOTALS] = {"terminator_totals",
				      sizeof(struct qs_terminator_total),
				      QS_MAX_TOTALS},
	[QS_MAP_WISHES] = {"wishes", sizeof(struct qs_wish), QS_MAX_WISHES},
	[QS_MAP_BACKENDS] = {"backends", sizeof(struct qs_backend),
			     QS_MAX_BACKENDS},
	[QS_MAP_TRIALS] = {"trials", sizeof(struct qs_trials), QS_MAX_BACKENDS},
	[QS_MAP_PROXY_STATS] = {"proxy_stats", sizeof(struct qs_proxy_stats),
				QS_MAX_TERMINATORS + 1},
	[QS_MAP_HANDSHAKES] = {"handshakes", sizeof(struct qs_handshake),
			       QS_HANDSHAKES},
	[QS_MAP_SOURCES] = {"sources", sizeof(struct qs_source),
			    2 * QS_SOURCES + 1},
	[QS_MAP_ALLOWED] = {"allowed", sizeof(__u32), QS_MAX_PREFIXES},
	[QS_MAP_DENIED] = {"denied", sizeof(__u32), QS_MAX_PREFIXES},
	[QS_MAP_EVENTS] = {"events", 0, QS_EVENTS_SIZE},
	[QS_MAP_CPUS] = {"cpus", 0, 0},
	[QS_MAP_ICMP_ERRORS] = {"icmp_errors", 0, QS_ICMP_ERRORS_SIZE},
	[QS_MAP_ICMP_RELAYS] = {"icmp_relays", sizeof(struct qs_icmp_relays),
				1},
};

static const enum qs_map mappable[] = {
	QS_MAP_SETTINGS,	 QS_MAP_TERMINATORS, QS_MAP_LOOKUP,
	QS_MAP_TERMINATOR_STATS, QS_MAP_BACKENDS,    QS_MAP_TRIALS,
	QS_MAP_PROXY_STATS,	 QS_MAP_ICMP_RELAYS};

enum { MAPPABLE = sizeof(mappable) / sizeof(*mappable) };

/* The kernel's distance between two values of an array. */
static size_t stride(size_t value_size)
{
	return (value_size + 7) & ~(size_t)7;
}

static size_t mapped_size(enum qs_map map)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = stride(shapes[map].value_size) * shapes[map].entries;

	return (size + page - 1) & ~(page - 1);
}

static void **memory_of(struct qs_maps *maps, enum qs_map map)
{
	switch (map) {
	case QS_MAP_SETTINGS:
		return (void **)&maps->settings;
	case QS_MAP_TERMINATORS:
		return (void **)&maps->terminators;
	case QS_MAP_TERMINATOR_STATS:
		return (void **)&maps->stats;
	case QS_MAP_BACKENDS:
		return (void **)&maps->backends;
	case QS_MAP_TRIALS:
		return (void **)&maps->trials;
	case QS_MAP_PROXY_STATS:
		return (void **)&maps->proxy;
	case QS_MAP_ICMP_RELAYS:
		return (void **)&maps->icmp;
	default:
		return &maps->lookup;
	}
}

const char *qs_map_name(enum qs_map map)
{
	return shapes[map].name;
}

int qs_pin_path(char *path, size_t size, const char *pin_dir, const char *name)
{
	int length = snprintf(path, size, "%s/%s", pin_dir, name);

	return length < (int)size ? 0 : -ENAMETOOLONG;
}

static int open_pin(const char *pin_dir, const char *name, bool writable)
{
	LIBBPF_OPTS(bpf_obj_get_opts, options,
		    .file_flags = writable ? 0 : BPF_F_RDONLY);
	char path[PATH_MAX];
	int fd;

	if (qs_pin_path(path, sizeof(path), pin_dir, name))
		return -ENAMETOOLONG;
	fd = bpf_obj_get_opts(path, &options);
	return fd < 0 ? -errno : fd;
}

static int describe(int fd, struct bpf_map_info *info)
{
	__u32 length = sizeof(*info);

	memset(info, 0, sizeof(*info));
	return bpf_obj_get_info_by_fd(fd, info, &length) < 0 ? -errno : 0;
}

int qs_maps_version(const char *pin_dir, __u32 *ret_version)
{
	struct bpf_map_info info;
	__u32 key = 0, *value;
	int fd, error;

	fd = open_pin(pin_dir, qs_map_name(QS_MAP_SETTINGS), false);
	if (fd < 0)
		return fd;
	error = describe(fd, &info);
	if (error)
		goto out;
	value = calloc(1, stride(info.value_size) + sizeof(*value));
	if (!value) {
		error = -ENOMEM;
		goto out;
	}
	if (bpf_map_lookup_elem(fd, &key, value) < 0)
		error = -errno;
	else
		*ret_version = *value;
	free(value);
out:
	close(fd);
	return error;
}

static bool is_mappable(enum qs_map map)
{
	for (int i = 0; i < MAPPABLE; i++) {
		if (mappable[i] == map)
			return true;
	}
	return false;
}

static int open_one(struct qs_maps *maps, const char *pin_dir, enum qs_map map)
{
	struct bpf_map_info info;
	int fd, error;

	/* The kernel does not mmap through a read-only descriptor. */
	fd = open_pin(pin_dir, shapes[map].name,
		      maps->writable || is_mappable(map));
	if (fd < 0)
		return fd;
	maps->fd[map] = fd;
	error = describe(fd, &info);
	if (error)
		return error;
	if (shapes[map].entries && info.max_entries != shapes[map].entries)
		return -EPROTO;
	if (shapes[map].value_size && shapes[map].value_size != info.value_size)
		return -EPROTO;
	return 0;
}

static int map_one(struct qs_maps *maps, enum qs_map map)
{
	int protection = maps->writable ? PROT_READ | PROT_WRITE : PROT_READ;
	void *memory = mmap(NULL, mapped_size(map), protection, MAP_SHARED,
			    maps->fd[map], 0);

	if (memory == MAP_FAILED)
		return -errno;
	*memory_of(maps, map) = memory;
	return 0;
}

int qs_maps_open(struct qs_maps *maps, const char *pin_dir, bool writable)
{
	__u32 version;
	int error;

	*maps = (struct qs_maps){.writable = writable};
	for (int i = 0; i < QS_MAP_COUNT; i++)
		maps->fd[i] = -1;
	error = qs_maps_version(pin_dir, &version);
	if (!error && version && version != QS_ABI_VERSION)
		error = -EPROTO;
	for (int i = 0; i < QS_MAP_COUNT && !error; i++)
		error = open_one(maps, pin_dir, i);
	for (int i = 0; i < MAPPABLE && !error; i++)
		error = map_one(maps, mappable[i]);
	if (error)
		qs_maps_close(maps);
	return error;
}

void qs_maps_close(struct qs_maps *maps)
{
	for (int i = 0; i < MAPPABLE; i++) {
		void **memory = memory_of(maps, mappable[i]);

		if (*memory)
			munmap(*memory, mapped_size(mappable[i]));
		*memory = NULL;
	}
	for (int i = 0; i < QS_MAP_COUNT; i++) {
		if (maps->fd[i] > 0)
			close(maps->fd[i]);
		maps->fd[i] = -1;
	}
}

struct qs_lookup_table *qs_maps_table(const struct qs_maps *maps,
				      __u32 generation)
{
	size_t offset = stride(sizeof(struct qs_lookup_table)) * generation;

	return (struct qs_lookup_table *)((char *)maps->lookup + offset);
}

/* Adds up `count` 64-bit counters of one value over all CPUs. */
static int sum_counters(const struct qs_maps *maps, enum qs_map map, __u32 key,
			__u64 *ret_sum, size_t count)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *values;
	int error = 0;

	if (cpus < 0)
		return cpus;
	values = calloc(cpus, count * sizeof(*values));
	if (!values)
		return -ENOMEM;
	if (bpf_map_lookup_elem(maps->fd[map], &key, values) < 0) {
		error = -errno;
	} else {
		memset(ret_sum, 0, count * sizeof(*ret_sum));
		for (size_t i = 0; i < cpus * count; i++)
			ret_sum[i % count] += values[i];
	}
	free(values);
	return error;
}

int qs_maps_verdicts(const struct qs_maps *maps, struct qs_verdicts *ret_sum)
{
	return sum_counters(maps, QS_MAP_VERDICTS, 0, ret_sum->count,
			    QS_VERDICT_COUNT);
}

int qs_maps_deliveries(const struct qs_maps *maps,
		       struct qs_deliveries *ret_sum)
{
	return sum_counters(maps, QS_MAP_DELIVERIES, 0, ret_sum->count,
			    QS_DELIVERY_COUNT);
}

_Static_assert(sizeof(struct qs_traffic) == 4 * sizeof(__u64),
	       "qs_traffic is four counters");

int qs_maps_traffic(const struct qs_maps *maps, __u16 slot,
		    struct qs_traffic *ret_sum)
{
	return sum_counters(maps, QS_MAP_TERMINATOR_TRAFFIC, slot,
			    (__u64 *)ret_sum, sizeof(*ret_sum) / sizeof(__u64));
}

int qs_maps_clear_traffic(const struct qs_maps *maps, __u16 slot)
{
	int cpus = libbpf_num_possible_cpus();
	struct qs_traffic *zeros;
	__u32 key = slot;
	int error = 0;

	if (cpus < 0)
		return cpus;
	zeros = calloc(cpus, sizeof(*zeros));
	if (!zeros)
		return -ENOMEM;
	if (bpf_map_update_elem(maps->fd[QS_MAP_TERMINATOR_TRAFFIC], &key,
				zeros, BPF_ANY) < 0)
		error = -errno;
	free(zeros);
	return error;
}

int qs_maps_config(const struct qs_maps *maps, __u32 id,
		   struct qs_cid_config *ret_config)
{
	/* The kernel copies whole strides: 376 octets of a 372 octet value. */
	union {
		struct qs_cid_config config;
		__u64 room[(sizeof(struct qs_cid_config) + 7) / 8];
	} value;

	if (bpf_map_lookup_elem(maps->fd[QS_MAP_CID_CONFIGS], &id, &value) < 0)
		return -errno;
	*ret_config = value.config;
	return 0;
}

int qs_maps_lock(const char *pin_dir)
{
	int fd = open(pin_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	while (flock(fd, LOCK_EX) < 0) {
		if (errno != EINTR) {
			int error = -errno;

			close(fd);
			return error;
		}
	}
	return fd;
}
