/* SPDX-License-Identifier: GPL-2.0-only */
#include "tests/bpf/world.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

#include "bpf/deliver.skel.h"
#include "bpf/steer.skel.h"

enum { LOG_STATISTICS = 4 }; /* of the verifier, without its trace */

#define NAME(name, help) #name,
const char *const verdict_names[QS_VERDICT_COUNT] = {QS_VERDICTS(NAME)};
const char *const delivery_names[QS_DELIVERY_COUNT] = {QS_DELIVERIES(NAME)};

static char steer_log[4096], deliver_log[4096];
static __u64 hash_key[2];
static struct qs_lookup_table table;

static int print_warnings(enum libbpf_print_level level, const char *format,
			  va_list arguments)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, arguments) : 0;
}

static void must(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "%s: %s\n", what, strerror(-result));
		exit(1);
	}
}

static void erase(const struct bpf_map *map, const void *key)
{
	must(bpf_map_delete_elem(bpf_map__fd(map), key) ? -errno : 0,
	     bpf_map__name(map));
}

static void update(const struct bpf_map *map, const void *key,
		   const void *value)
{
	must(bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY) ? -errno
									: 0,
	     bpf_map__name(map));
}

/* The maps of the XDP program serve the tc program too. */
static int share_maps(struct world *world)
{
	struct bpf_map *map;
	int error;

	bpf_object__for_each_map(map, world->deliver->obj)
	{
		struct bpf_map *other = bpf_object__find_map_by_name(
			world->steer->obj, bpf_map__name(map));

		if (!other || bpf_map__is_internal(map))
			continue;
		error = bpf_map__reuse_fd(map, bpf_map__fd(other));
		if (error)
			return error;
	}
	return 0;
}

static void set_log(struct bpf_program *program, char *log, size_t size)
{
	bpf_program__set_log_buf(program, log, size);
	bpf_program__set_log_level(program, LOG_STATISTICS);
}

static int load(struct world *world)
{
	int error;

	set_log(world->steer->progs.quicsteer_steer, steer_log,
		sizeof(steer_log));
	set_log(world->deliver->progs.quicsteer_deliver, deliver_log,
		sizeof(deliver_log));
	error = steer_bpf__load(world->steer);
	if (!error)
		error = share_maps(world);
	if (!error)
		error = deliver_bpf__load(world->deliver);
	return error;
}

int world_open(struct world *world)
{
	struct qs_settings settings = {.abi_version = QS_ABI_VERSION};
	__u32 zero = 0;
	int error;

	libbpf_set_print(print_warnings);
	world->steer = steer_bpf__open();
	world->deliver = deliver_bpf__open();
	error = world->steer && world->deliver ? load(world) : -errno;
	if (error) {
		fprintf(stderr,
			"the BPF programs cannot be loaded (root needed): %s\n"
			"%s%s",
			strerror(-error), steer_log, deliver_log);
		world_close(world);
		return error;
	}
	must(getrandom(hash_key, sizeof(hash_key), 0), "getrandom");
	memcpy(settings.hash_key, hash_key, sizeof(hash_key));
	settings.lookup_generation = 1;
	update(world->steer->maps.settings, &zero, &settings);
	world_set_live(world, NULL, 0);
	return 0;
}

void world_close(struct world *world)
{
	deliver_bpf__destroy(world->deliver);
	steer_bpf__destroy(world->steer);
}

void world_set_config(struct world *world, __u32 config_id,
		      const struct qs_cid_config *config)
{
	update(world->steer->maps.cid_configs, &config_id, config);
}

void world_set_terminator(struct world *world, __u32 slot, __u16 instance,
			  enum qs_terminator_state state)
{
	struct qs_terminator terminator = {
		.instance = instance,
		.state = state,
	};

	update(world->steer->maps.terminators, &slot, &terminator);
}

void world_list_server(struct world *world, __u8 config_id,
		       const __u8 server_id[QS_SERVER_ID_MAX], __u32 slot)
{
	struct qs_server_id_key key = {.config_id = config_id};

	memcpy(key.server_id, server_id, sizeof(key.server_id));
	update(world->steer->maps.server_ids, &key, &slot);
}

void world_unlist_server(struct world *world, __u8 config_id,
			 const __u8 server_id[QS_SERVER_ID_MAX])
{
	struct qs_server_id_key key = {.config_id = config_id};

	memcpy(key.server_id, server_id, sizeof(key.server_id));
	erase(world->steer->maps.server_ids, &key);
}

/* What the programs remember of the VIPs is void. */
static void vips_changed(struct world *world)
{
	struct qs_settings settings;
	__u32 zero = 0;

	must(bpf_map_lookup_elem(bpf_map__fd(world->steer->maps.settings),
				 &zero, &settings)
		     ? -errno
		     : 0,
	     "settings");
	settings.vips_generation++;
	update(world->steer->maps.settings, &zero, &settings);
}

void world_add_vip(struct world *world, const __u8 address[16], __u16 port)
{
	struct qs_vip_key key = {.port = port};
	struct qs_vip vip = {0};

	memcpy(key.address, address, sizeof(key.address));
	update(world->steer->maps.vips, &key, &vip);
	vips_changed(world);
}

static void read_settings(struct world *world, struct qs_settings *settings)
{
	__u32 zero = 0;

	must(bpf_map_lookup_elem(bpf_map__fd(world->steer->maps.settings),
				 &zero, settings)
		     ? -errno
		     : 0,
	     "settings");
}

void world_set_flags(struct world *world, __u32 flags)
{
	struct qs_settings settings;
	__u32 zero = 0;

	read_settings(world, &settings);
	settings.flags = flags;
	update(world->steer->maps.settings, &zero, &settings);
}

void world_set_sampling(struct world *world, __u32 sampling, __u64 verdicts,
			__u64 end_ns)
{
	struct qs_settings settings;
	__u32 zero = 0;

	read_settings(world, &settings);
	settings.event_sampling = sampling;
	settings.event_verdicts = verdicts;
	settings.event_end_ns = end_ns;
	update(world->steer->maps.settings, &zero, &settings);
}

__u32 world_sampling(struct world *world)
{
	struct qs_settings settings;

	read_settings(world, &settings);
	return settings.event_sampling;
}

/* Where a record of a ring goes, and of what size it must be. */
struct wanted {
	void *record;
	size_t size;
};

static int take_record(void *context, void *data, size_t size)
{
	const struct wanted *wanted = context;

	must(size == wanted->size ? 0 : -EMSGSIZE, "record");
	memcpy(wanted->record, data, size);
	return 0;
}

/* Empties the ring. Returns how many records there were, the last in `wanted`.
 */
static unsigned int read_ring(const struct bpf_map *map, struct wanted wanted)
{
	struct ring_buffer *ring =
		ring_buffer__new(bpf_map__fd(map), take_record, &wanted, NULL);
	int count;

	must(ring ? 0 : -errno, "ring_buffer__new");
	count = ring_buffer__consume(ring);
	must(count, "ring_buffer__consume");
	ring_buffer__free(ring);
	return count;
}

unsigned int world_events(struct world *world, struct qs_event *event)
{
	return read_ring(world->steer->maps.events,
			 (struct wanted){event, sizeof(*event)});
}

unsigned int world_icmp_errors(struct world *world, struct qs_icmp_error *error)
{
	return read_ring(world->steer->maps.icmp_errors,
			 (struct wanted){error, sizeof(*error)});
}

__u64 world_icmp_ring_full(struct world *world)
{
	struct qs_icmp_relays relays;
	__u32 zero = 0;

	must(bpf_map_lookup_elem(bpf_map__fd(world->steer->maps.icmp_relays),
				 &zero, &relays),
	     "icmp_relays");
	return relays.named.ring_full;
}

void world_set_attach_mode(struct world *world, enum qs_attach_mode mode)
{
	struct qs_settings settings;
	__u32 zero = 0;

	read_settings(world, &settings);
	settings.attach_mode = mode;
	update(world->steer->maps.settings, &zero, &settings);
}

void world_add_prefix(struct world *world, int allowed,
		      const struct qs_prefix_key *prefix)
{
	__u32 value = 1;

	update(allowed ? world->steer->maps.allowed : world->steer->maps.denied,
	       prefix, &value);
}

void world_remove_prefix(struct world *world, int allowed,
			 const struct qs_prefix_key *prefix)
{
	erase(allowed ? world->steer->maps.allowed : world->steer->maps.denied,
	      prefix);
}

void world_set_limits(struct world *world, struct qs_limit source,
		      struct qs_limit global, __u8 prefix4, __u8 prefix6)
{
	struct qs_source unused = {0};
	struct qs_settings settings;
	__u32 zero = 0;

	for (__u32 i = 0; i <= 2 * QS_SOURCES; i++)
		update(world->steer->maps.sources, &i, &unused);
	read_settings(world, &settings);
	settings.source_limit = source;
	settings.global_limit = global;
	settings.source_prefix4 = prefix4;
	settings.source_prefix6 = prefix6;
	update(world->steer->maps.settings, &zero, &settings);
}

void world_set_socket(struct world *world, __u32 slot, int fd)
{
	__u32 index = QS_SOCKET_INDEX(slot, 0);
	__u64 value = fd;

	update(world->steer->maps.sockets, &index, &value);
}

void world_clear_socket(struct world *world, __u32 slot)
{
	__u32 index = QS_SOCKET_INDEX(slot, 0);

	erase(world->steer->maps.sockets, &index);
}

void world_set_live(struct world *world, const __u16 *slots, unsigned int n)
{
	__u32 generation = 1;
	__u8 value[(sizeof(table) + 7) / 8 * 8] = {0};

	for (unsigned int i = 0; i < QS_LOOKUP_SIZE; i++)
		table.slot[i] = n ? slots[i % n] : QS_NO_SLOT;
	memcpy(value, &table, sizeof(table));
	update(world->steer->maps.lookup, &generation, value);
}

__u16 world_hash_slot(struct world *world, const struct qs_tuple *tuple)
{
	struct qs_settings settings;

	read_settings(world, &settings);
	return table.slot[qs_lookup_index(
		settings.flags & QS_SETTING_HASH_CLIENT_IP
			? qs_client_hash(hash_key, tuple)
			: qs_tuple_hash(hash_key, tuple))];
}

void world_age_handshakes(struct world *world, __u16 seconds)
{
	struct qs_handshake entry;

	for (__u32 i = 0; i < QS_HANDSHAKES; i++) {
		must(bpf_map_lookup_elem(
			     bpf_map__fd(world->steer->maps.handshakes), &i,
			     &entry)
			     ? -errno
			     : 0,
		     "handshakes");
		if (!entry.tag)
			continue;
		entry.time -= seconds;
		update(world->steer->maps.handshakes, &i, &entry);
	}
}

/* Adds up the values that a per-CPU map has for a key: 64-bit counters. */
static void add_counters(const struct bpf_map *map, __u32 key, __u64 *sums,
			 unsigned int n)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *values = calloc(cpus, n * sizeof(*values));

	must(bpf_map_lookup_elem(bpf_map__fd(map), &key, values) ? -errno : 0,
	     bpf_map__name(map));
	memset(sums, 0, n * sizeof(*sums));
	for (unsigned int i = 0; i < cpus * n; i++)
		sums[i % n] += values[i];
	free(values);
}

void world_counts(struct world *world, struct counts *counts)
{
	add_counters(world->steer->maps.verdicts, 0, counts->verdict,
		     QS_VERDICT_COUNT);
	add_counters(world->steer->maps.deliveries, 0, counts->delivery,
		     QS_DELIVERY_COUNT);
	for (__u32 i = 0; i < QS_MAX_TERMINATORS; i++)
		add_counters(world->steer->maps.terminator_traffic, i,
			     (__u64 *)&counts->traffic[i],
			     sizeof(struct qs_traffic) / sizeof(__u64));
}

static void test_run(const struct bpf_program *program, const __u8 *frame,
		     __u32 size, __u32 repeat, struct run *run)
{
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame,
		    .data_size_in = size, .data_out = run->octets,
		    .data_size_out = sizeof(run->octets), .repeat = repeat);

	must(bpf_prog_test_run_opts(bpf_program__fd(program), &options) ? -errno
									: 0,
	     "BPF_PROG_TEST_RUN");
	run->action = options.retval;
	run->size = options.data_size_out;
	run->nanoseconds = options.duration;
}

void world_steer(struct world *world, const __u8 *frame, __u32 size,
		 __u32 repeat, struct run *run)
{
	test_run(world->steer->progs.quicsteer_steer, frame, size, repeat, run);
}

void world_deliver(struct world *world, const __u8 *frame, __u32 size,
		   struct run *run)
{
	test_run(world->deliver->progs.quicsteer_deliver, frame, size, 1, run);
}

const char *world_steer_log(void)
{
	return strstr(steer_log, "processed");
}

const char *world_deliver_log(void)
{
	return strstr(deliver_log, "processed");
}
