/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/dispatcher.h"
#include "loader/programs.h"

#include "bpf/steer.skel.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <xdp/libxdp.h>

#define PROGRAM "quicsteer_steer"

bool dispatcher_is_possible(void)
{
	return libbpf_probe_bpf_prog_type(BPF_PROG_TYPE_EXT, NULL) == 1;
}

bool dispatcher_is_on(__u32 ifindex)
{
	struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);
	bool on;

	if (libxdp_get_error(all))
		return false;
	on = !xdp_multiprog__is_legacy(all);
	xdp_multiprog__close(all);
	return on;
}

/* Detaches one program of our name that is not `keep` (an ID, 0: none).
 * Returns 1 if there was one, 0 if not, or -errno. */
static int detach_one(__u32 ifindex, __u32 keep)
{
	struct xdp_multiprog *all = xdp_multiprog__get_from_ifindex(ifindex);
	struct xdp_program *program = NULL;
	int result = 0;

	if (libxdp_get_error(all))
		return 0;
	while ((program = xdp_multiprog__next_prog(program, all))) {
		if (strcmp(xdp_program__name(program), PROGRAM) ||
		    xdp_program__id(program) == keep)
			continue;
		result = xdp_program__detach(
			program, ifindex, xdp_multiprog__attach_mode(all), 0);
		if (!result)
			result = 1;
		break;
	}
	xdp_multiprog__close(all);
	return result;
}

static int detach_all_but(__u32 ifindex, __u32 keep)
{
	int result;

	do
		result = detach_one(ifindex, keep);
	while (result == 1);
	return result;
}

static int attach_object(struct bpf_object *object, __u32 ifindex, bool generic)
{
	enum xdp_attach_mode mode = generic ? XDP_MODE_SKB : XDP_MODE_NATIVE;
	DECLARE_LIBXDP_OPTS(xdp_program_opts, options, .obj = object,
			    .prog_name = PROGRAM);
	struct xdp_program *program = xdp_program__create(&options);
	int error = libxdp_get_error(program);

	if (error)
		return error;
	error = xdp_program__attach(program, ifindex, mode, 0);
	if (!error && !dispatcher_is_on(ifindex)) {
		/* libxdp went without its dispatcher, and so without a link. */
		xdp_program__detach(program, ifindex, mode, 0);
		error = -EOPNOTSUPP;
	}
	if (!error)
		error = detach_all_but(ifindex, xdp_program__id(program));
	xdp_program__close(program);
	return error;
}

int dispatcher_attach(__u32 ifindex, bool generic, const char *pin_dir,
		      bool cpu_steering)
{
	struct steer_bpf *steer = steer_bpf__open();
	int error;

	if (!steer)
		return -errno;
	steer->rodata->cpu_steering = cpu_steering;
	error = programs_use_pins(steer->obj, pin_dir);
	if (!error)
		error = attach_object(steer->obj, ifindex, generic);
	steer_bpf__destroy(steer);
	return error;
}

int dispatcher_detach(__u32 ifindex)
{
	return detach_all_but(ifindex, 0);
}
