/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/attach.h"
#include "loader/deliver.h"
#include "loader/dispatcher.h"
#include "loader/lib/link.h"
#include "loader/lib/log.h"
#include "loader/lib/names.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/ethtool.h>
#include <linux/if_link.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void program_name(__u32 id, char name[BPF_OBJ_NAME_LEN])
{
	struct bpf_prog_info info = {};
	__u32 length = sizeof(info);
	int fd = bpf_prog_get_fd_by_id(id);

	strcpy(name, "?");
	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &length))
		memcpy(name, info.name, BPF_OBJ_NAME_LEN);
	close(fd);
}

static int refuse_foreign(const struct attachment *attachment, __u32 id)
{
	char name[BPF_OBJ_NAME_LEN];

	program_name(id, name);
	log_error("%s runs another XDP program already, '%s' (id %u): detach "
		  "it (xdp-loader unload %s --all, or ip link set dev %s xdp "
		  "off), then start again",
		  attachment->interface, name, id, attachment->interface,
		  attachment->interface);
	return -1;
}

/* The pinned link must be the one that is in force on our interface. */
static int check_pinned_link(struct attachment *attachment, __u32 attached_id)
{
	struct link_state state;
	int fd = link_open(attachment->pin_dir, QS_PIN_STEER_LINK, &state);

	if (fd == -ENOENT)
		return 0;
	if (fd < 0) {
		log_error("cannot open the link pinned under %s: %s",
			  attachment->pin_dir, strerror(-fd));
		return -1;
	}
	if (!state.ifindex) { /* its interface is gone */
		close(fd);
		return 0;
	}
	if (state.ifindex != attachment->ifindex ||
	    state.program_id != attached_id) {
		close(fd);
		log_error("the link pinned under %s is on another interface "
			  "(index %u there) than %s: remove it with --detach, "
			  "or use another --pin-dir",
			  attachment->pin_dir, state.ifindex,
			  attachment->interface);
		return -1;
	}
	attachment->link = fd;
	return 0;
}

static enum qs_attach_mode mode_in_force(const struct attachment *attachment,
					 __u8 query_mode)
{
	bool generic = query_mode == XDP_ATTACHED_SKB;

	if (attachment->link >= 0)
		return generic ? QS_ATTACH_GENERIC_LINK : QS_ATTACH_NATIVE_LINK;
	return generic ? QS_ATTACH_GENERIC_DISPATCHER
		       : QS_ATTACH_NATIVE_DISPATCHER;
}

static bool is_generic(enum qs_attach_mode mode)
{
	return mode == QS_ATTACH_GENERIC_LINK ||
	       mode == QS_ATTACH_GENERIC_DISPATCHER;
}

static bool is_dispatcher(enum qs_attach_mode mode)
{
	return mode == QS_ATTACH_NATIVE_DISPATCHER ||
	       mode == QS_ATTACH_GENERIC_DISPATCHER;
}

static int check_wanted_mode(const struct attachment *attachment)
{
	if (attachment->wanted_mode == QS_MODE_AUTO ||
	    attachment->wanted_mode == (is_generic(attachment->mode)
						? QS_MODE_GENERIC
						: QS_MODE_NATIVE))
		return 0;
	log_error(
		"the program on %s is attached in %s mode, and the mode cannot "
		"change while it runs: run --detach first, or --mode auto",
		attachment->interface,
		is_generic(attachment->mode) ? "generic" : "native");
	return -1;
}

/* Whether the interface's XDP program is neither ours nor a dispatcher that
 * ours may join. */
static bool is_others(const struct attachment *attachment,
		      const struct options *options, enum qs_attach_mode mode)
{
	return attachment->link < 0 && !is_dispatcher(mode) &&
	       !(options->dispatcher && dispatcher_is_on(attachment->ifindex));
}

int attach_check(struct attachment *attachment, const struct options *options,
		 enum qs_attach_mode mode)
{
	LIBBPF_OPTS(bpf_xdp_query_opts, query);
	int error;

	*attachment = (struct attachment){
		.interface = options->interface,
		.pin_dir = options->pin_dir,
		.ifindex = if_nametoindex(options->interface),
		.link = -1,
		.wanted_mode = options->mode,
		.wanted_dispatcher = options->dispatcher,
		.cpu_steering = options->cpu_steering,
	};
	if (!attachment->ifindex) {
		log_error("there is no interface %s in this network namespace",
			  options->interface);
		return -1;
	}
	error = bpf_xdp_query(attachment->ifindex, 0, &query);
	if (error) {
		log_error("cannot ask %s for its XDP program: %s",
			  options->interface, strerror(-error));
		return -1;
	}
	if (check_pinned_link(attachment, query.prog_id))
		return -1;
	if (attachment->link < 0 && query.attach_mode == XDP_ATTACHED_NONE)
		return 0;
	if (is_others(attachment, options, mode) && options->mode == QS_MODE_TC)
		return 0; /* it runs before ours and hinders nobody */
	if (is_others(attachment, options, mode))
		return refuse_foreign(attachment, query.prog_id);
	attachment->mode = mode_in_force(attachment, query.attach_mode);
	return check_wanted_mode(attachment);
}

static int attach_link(struct attachment *attachment, int program, bool generic)
{
	LIBBPF_OPTS(bpf_link_create_opts, options,
		    .flags = generic ? XDP_FLAGS_SKB_MODE : XDP_FLAGS_DRV_MODE);
	int fd = bpf_link_create(program, attachment->ifindex, BPF_XDP,
				 &options);
	int error;

	if (fd < 0)
		return -errno;
	error = link_pin(fd, attachment->pin_dir, QS_PIN_STEER_LINK);
	if (error) {
		close(fd);
		return error;
	}
	attachment->link = fd;
	attachment->mode =
		generic ? QS_ATTACH_GENERIC_LINK : QS_ATTACH_NATIVE_LINK;
	return 0;
}

static int attach_behind_dispatcher(struct attachment *attachment, bool generic)
{
	int error = dispatcher_attach(attachment->ifindex, generic,
				      attachment->pin_dir,
				      attachment->cpu_steering);

	if (!error)
		attachment->mode = generic ? QS_ATTACH_GENERIC_DISPATCHER
					   : QS_ATTACH_NATIVE_DISPATCHER;
	return error;
}

static int attach_in_mode(struct attachment *attachment, int program,
			  bool generic)
{
	int error;

	if (!attachment->wanted_dispatcher)
		return attach_link(attachment, program, generic);
	if (!dispatcher_is_possible()) {
		log_info("the kernel refuses freplace programs, which libxdp's "
			 "dispatcher needs: attaching a single program by a "
			 "pinned link");
		attachment->wanted_dispatcher = false;
		return attach_link(attachment, program, generic);
	}
	error = attach_behind_dispatcher(attachment, generic);
	if (!error)
		return 0;
	log_info("libxdp's dispatcher cannot be used on %s (%s): attaching a "
		 "single program by a pinned link",
		 attachment->interface, strerror(-error));
	return attach_link(attachment, program, generic);
}

/* Whether another mode may do what failed in this one. */
static bool may_fall_back(const struct attachment *attachment, int error)
{
	return error && error != -EBUSY && error != -EPERM &&
	       attachment->wanted_mode == QS_MODE_AUTO;
}

static int attach_new(struct attachment *attachment, int program)
{
	bool generic = attachment->wanted_mode == QS_MODE_GENERIC;
	int error;

	attachment->is_new = true;
	if (attachment->wanted_mode == QS_MODE_TC) {
		attachment->mode = QS_ATTACH_TC;
		return 0;
	}
	error = attach_in_mode(attachment, program, generic);
	if (may_fall_back(attachment, error)) {
		log_info("native XDP does not work on %s (%s): falling back to "
			 "generic mode",
			 attachment->interface, strerror(-error));
		attachment->native_error = -error;
		generic = true;
		error = attach_in_mode(attachment, program, generic);
	}
	if (may_fall_back(attachment, error)) {
		log_info("XDP does not work on %s at all (%s): falling back to "
			 "the tc program alone",
			 attachment->interface, strerror(-error));
		attachment->generic_error = -error;
		attachment->mode = QS_ATTACH_TC;
		return 0;
	}
	if (!error)
		return 0;
	log_error("cannot attach the XDP program to %s in %s mode: %s%s",
		  attachment->interface, generic ? "generic" : "native",
		  strerror(-error),
		  generic ? ""
			  : " (its driver may lack XDP: try --mode generic)");
	return -1;
}

static int attach_steer(struct attachment *attachment, int program)
{
	int error;

	if (attachment->link >= 0) {
		if (!bpf_link_update(attachment->link, program, NULL))
			return 0;
		log_error("cannot replace the XDP program on %s: %s",
			  attachment->interface, strerror(errno));
		return -1;
	}
	if (attachment->mode == QS_ATTACH_NONE)
		return attach_new(attachment, program);
	error = attach_behind_dispatcher(attachment,
					 is_generic(attachment->mode));
	if (error)
		log_error("cannot replace the XDP program behind libxdp's "
			  "dispatcher on %s: %s",
			  attachment->interface, strerror(-error));
	return error ? -1 : 0;
}

static void warn_if_gro_is_off(const struct attachment *attachment)
{
	struct ethtool_value value = {.cmd = ETHTOOL_GGRO};
	struct ifreq request = {.ifr_data = (char *)&value};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	strncpy(request.ifr_name, attachment->interface, IFNAMSIZ - 1);
	if (!ioctl(fd, SIOCETHTOOL, &request) && !value.data)
		log_warn("GRO is off on %s: each datagram goes up alone "
			 "(ethtool -K %s gro on)",
			 attachment->interface, attachment->interface);
	close(fd);
}

int attach_programs(struct attachment *attachment,
		    const struct programs *programs)
{
	/* XDP after tc: what XDP marks is delivered from the first packet on.
	 */
	if (deliver_attach(attachment->ifindex, attachment->interface,
			   attachment->pin_dir, programs_deliver_fd(programs)))
		return -1;
	if (attach_steer(attachment, programs_steer_fd(programs)))
		return -1;
	log_info("attached to %s: %s (%s)", attachment->interface,
		 qs_attach_mode_name(attachment->mode),
		 qs_attach_mode_cost(attachment->mode));
	warn_if_gro_is_off(attachment);
	return 0;
}

void attach_record(const struct attachment *attachment,
		   struct qs_settings *settings)
{
	settings->attach_mode = attachment->mode;
	if (!attachment->is_new)
		return;
	settings->native_error = attachment->native_error;
	settings->generic_error = attachment->generic_error;
}

int attach_remove(const char *pin_dir, __u32 ifindex, enum qs_attach_mode mode)
{
	int error = link_detach(pin_dir, QS_PIN_STEER_LINK);

	if (!error && is_dispatcher(mode))
		error = dispatcher_detach(ifindex);
	if (error) {
		log_error("cannot detach the XDP program: %s",
			  strerror(-error));
		return -1;
	}
	error = deliver_detach(pin_dir, ifindex);
	if (error) {
		log_error("cannot detach the tc program: %s", strerror(-error));
		return -1;
	}
	return 0;
}

void attach_close(struct attachment *attachment)
{
	if (attachment->link >= 0)
		close(attachment->link);
	attachment->link = -1;
}
