/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/programs.h"
#include "loader/lib/log.h"
#include "loader/lib/maps.h"

#include "bpf/deliver.skel.h"
#include "bpf/steer.skel.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

/* The kernel refuses a CPUMAP that is larger than it can have CPUs. */
static int fit_to_machine(struct bpf_map *map)
{
	int cpus = libbpf_num_possible_cpus();

	if (bpf_map__type(map) != BPF_MAP_TYPE_CPUMAP)
		return 0;
	if (cpus < 0)
		return cpus;
	return bpf_map__set_max_entries(map, cpus < QS_MAX_CPUS ? cpus
								: QS_MAX_CPUS);
}

int programs_use_pins(struct bpf_object *object, const char *pin_dir)
{
	struct bpf_map *map;
	char path[PATH_MAX];
	int error;

	bpf_object__for_each_map(map, object)
	{
		if (bpf_map__is_internal(map))
			continue;
		error = fit_to_machine(map);
		if (!error)
			error = qs_pin_path(path, sizeof(path), pin_dir,
					    bpf_map__name(map));
		if (!error)
			error = bpf_map__set_pin_path(map, path);
		if (error)
			return error;
	}
	return 0;
}

/* What of a map libbpf wants to be the same. */
static bool is_same(const struct bpf_map *map,
		    const struct bpf_map_info *pinned)
{
	return pinned->type == bpf_map__type(map) &&
	       pinned->key_size == bpf_map__key_size(map) &&
	       pinned->value_size == bpf_map__value_size(map) &&
	       pinned->max_entries == bpf_map__max_entries(map) &&
	       pinned->map_flags == bpf_map__map_flags(map);
}

static int check_pin(const struct bpf_map *map, const char *pin_dir)
{
	struct bpf_map_info pinned = {};
	__u32 size = sizeof(pinned);
	int fd = bpf_obj_get(bpf_map__pin_path(map)), error;

	if (fd < 0) /* what is not there will be made */
		return 0;
	error = bpf_obj_get_info_by_fd(fd, &pinned, &size) ? -errno : 0;
	close(fd);
	if (error)
		log_error("cannot look at the map %s: %s",
			  bpf_map__pin_path(map), strerror(-error));
	else if (!is_same(map, &pinned))
		log_error("the map %s has %u entries of %u octets and this "
			  "loader's has %u of %u: start the loader it is of, "
			  "or remove the maps with --detach --pin-dir %s",
			  bpf_map__pin_path(map), pinned.max_entries,
			  pinned.value_size, bpf_map__max_entries(map),
			  bpf_map__value_size(map), pin_dir);
	else
		return 0;
	return -1;
}

/* Whether the pinned maps are laid out as the object's. Returns 0, or -1 after
 * one message. */
static int check_pins(struct bpf_object *object, const char *pin_dir)
{
	struct bpf_map *map;

	bpf_object__for_each_map(map, object)
	{
		if (bpf_map__pin_path(map) && check_pin(map, pin_dir))
			return -1;
	}
	return 0;
}

static int report(const char *program, const char *pin_dir, int error)
{
	if (error == -EINVAL)
		log_error("cannot load %s: the kernel refuses it, or a map "
			  "under %s differs from this version's (remove those "
			  "with --detach); --log-level debug tells more",
			  program, pin_dir);
	else
		log_error("cannot load %s: %s; --log-level debug shows the "
			  "verifier's words",
			  program, strerror(-error));
	return -1;
}

int programs_load(struct programs *programs, const char *pin_dir,
		  bool cpu_steering)
{
	int error;

	*programs = (struct programs){};
	programs->steer = steer_bpf__open();
	if (!programs->steer)
		return report("the XDP program", pin_dir, -errno);
	programs->steer->rodata->cpu_steering = cpu_steering;
	error = programs_use_pins(programs->steer->obj, pin_dir);
	if (!error && check_pins(programs->steer->obj, pin_dir)) {
		programs_close(programs);
		return -1;
	}
	if (!error)
		error = steer_bpf__load(programs->steer);
	if (error) {
		programs_close(programs);
		return report("the XDP program", pin_dir, error);
	}
	programs->deliver = deliver_bpf__open();
	if (!programs->deliver) {
		error = -errno;
		programs_close(programs);
		return report("the tc program", pin_dir, error);
	}
	error = programs_use_pins(programs->deliver->obj, pin_dir);
	if (!error && check_pins(programs->deliver->obj, pin_dir)) {
		programs_close(programs);
		return -1;
	}
	if (!error)
		error = deliver_bpf__load(programs->deliver);
	if (error) {
		programs_close(programs);
		return report("the tc program", pin_dir, error);
	}
	return 0;
}

void programs_close(struct programs *programs)
{
	deliver_bpf__destroy(programs->deliver);
	steer_bpf__destroy(programs->steer);
	*programs = (struct programs){};
}

int programs_steer_fd(const struct programs *programs)
{
	return bpf_program__fd(programs->steer->progs.quicsteer_steer);
}

int programs_deliver_fd(const struct programs *programs)
{
	return bpf_program__fd(programs->deliver->progs.quicsteer_deliver);
}
