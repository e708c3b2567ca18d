/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/deliver.h"
#include "loader/lib/link.h"
#include "loader/lib/log.h"
#include "quicsteer/abi.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

/* Not in the headers of libbpf 1.1; the kernel's number never changes. */
enum { TCX_INGRESS = 46 };

/* What names our filter on clsact; "QS". */
enum { FILTER_HANDLE = 1, FILTER_PRIORITY = 0x5153 };

static int attach_tcx(__u32 ifindex, const char *pin_dir, int program)
{
	int fd = bpf_link_create(program, ifindex,
				 (enum bpf_attach_type)TCX_INGRESS, NULL);
	int error;

	if (fd < 0)
		return -errno;
	error = link_pin(fd, pin_dir, QS_PIN_DELIVER_LINK);
	close(fd);
	return error;
}

static int attach_filter(__u32 ifindex, int program)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE,
		    .priority = FILTER_PRIORITY, .prog_fd = program,
		    .flags = BPF_TC_F_REPLACE);
	int error = bpf_tc_hook_create(&hook);

	if (error && error != -EEXIST)
		return error;
	return bpf_tc_attach(&hook, &options);
}

/* Returns 1 if a pinned link was there and has the program now. */
static int update_link(const char *pin_dir, int program)
{
	struct link_state state;
	int fd = link_open(pin_dir, QS_PIN_DELIVER_LINK, &state);
	int result = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (state.ifindex)
		result = bpf_link_update(fd, program, NULL) < 0 ? -errno : 1;
	close(fd);
	return result;
}

int deliver_attach(__u32 ifindex, const char *interface, const char *pin_dir,
		   int program)
{
	int result = update_link(pin_dir, program);

	if (!result)
		result = attach_tcx(ifindex, pin_dir, program);
	if (result == -EINVAL) {
		log_info("the kernel has no tcx links (Linux 6.6 brought "
			 "them): attaching a tc filter to %s",
			 interface);
		result = attach_filter(ifindex, program);
	}
	if (result >= 0)
		return 0;
	log_error("cannot attach the tc program to %s: %s", interface,
		  strerror(-result));
	return -1;
}

static int detach_filter(__u32 ifindex)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = ifindex,
		    .attach_point = BPF_TC_INGRESS);
	LIBBPF_OPTS(bpf_tc_opts, options, .handle = FILTER_HANDLE,
		    .priority = FILTER_PRIORITY);
	int error = bpf_tc_detach(&hook, &options);

	/* No such filter, no clsact (EINVAL), or no such interface. */
	if (error == -ENOENT || error == -EINVAL || error == -ENODEV)
		return 0;
	return error;
}

int deliver_detach(const char *pin_dir, __u32 ifindex)
{
	struct link_state state;
	int fd = link_open(pin_dir, QS_PIN_DELIVER_LINK, &state);

	if (fd >= 0) {
		close(fd);
		return link_detach(pin_dir, QS_PIN_DELIVER_LINK);
	}
	return ifindex ? detach_filter(ifindex) : 0;
}
