/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/link.h"
#include "loader/lib/maps.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <limits.h>
#include <unistd.h>

int link_open(const char *pin_dir, const char *name,
	      struct link_state *ret_state)
{
	struct bpf_link_info info = {};
	__u32 length = sizeof(info);
	char path[PATH_MAX];
	int fd, error;

	error = qs_pin_path(path, sizeof(path), pin_dir, name);
	if (error)
		return error;
	fd = bpf_obj_get(path);
	if (fd < 0)
		return -errno;
	if (bpf_obj_get_info_by_fd(fd, &info, &length) < 0) {
		error = -errno;
		close(fd);
		return error;
	}
	ret_state->program_id = info.prog_id;
	/* An XDP and a tcx link begin alike; older headers lack tcx. */
	ret_state->ifindex = info.xdp.ifindex;
	return fd;
}

int link_pin(int fd, const char *pin_dir, const char *name)
{
	char path[PATH_MAX];
	int error = qs_pin_path(path, sizeof(path), pin_dir, name);

	if (error)
		return error;
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	return bpf_obj_pin(fd, path) < 0 ? -errno : 0;
}

int link_detach(const char *pin_dir, const char *name)
{
	struct link_state state;
	int fd = link_open(pin_dir, name, &state);
	int error = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (state.ifindex && bpf_link_detach(fd) < 0)
		error = -errno;
	close(fd);
	return error;
}
