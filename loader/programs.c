/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/programs.h"
#include "loader/lib/log.h"
#include "loader/lib/maps.h"

#include "bpf/deliver.skel.h"
#include "bpf/steer.skel.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

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
