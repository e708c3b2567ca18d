/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/ability.h"
#include "loader/lib/log.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define BPFFS "/sys/fs/bpf"
#define KERNEL_BTF "/sys/kernel/btf/vmlinux"

static bool has_capability(int capability)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[CAP_TO_INDEX(capability)].effective &
	       CAP_TO_MASK(capability);
}

static int check_privileges(void)
{
	if ((has_capability(CAP_BPF) || has_capability(CAP_SYS_ADMIN)) &&
	    has_capability(CAP_NET_ADMIN))
		return 0;
	log_error("no permission to load BPF programs: run as root, or with "
		  "CAP_BPF, CAP_PERFMON and CAP_NET_ADMIN");
	return -1;
}

static int check_btf(void)
{
	if (access(KERNEL_BTF, R_OK) == 0)
		return 0;
	log_error("the kernel shows no BTF at " KERNEL_BTF
		  " (%s): a kernel with CONFIG_DEBUG_INFO_BTF=y is needed, as "
		  "distributions build theirs",
		  strerror(errno));
	return -1;
}

/* The nearest ancestor of `path` that exists, itself included. */
static void existing_ancestor(const char *path, char *ret_ancestor)
{
	snprintf(ret_ancestor, PATH_MAX, "%s", path);
	while (access(ret_ancestor, F_OK) < 0) {
		char *slash = strrchr(ret_ancestor, '/');

		if (!slash || slash == ret_ancestor) {
			strcpy(ret_ancestor, slash ? "/" : ".");
			return;
		}
		*slash = '\0';
	}
}

static bool is_bpffs(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && fs.f_type == BPF_FS_MAGIC;
}

static int mount_bpffs(void)
{
	if (mount("bpf", BPFFS, "bpf", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "mode=0700") < 0) {
		log_error("no BPF file system at " BPFFS
			  " and mounting it failed (%s): run mount -t bpf "
			  "bpf " BPFFS,
			  strerror(errno));
		return -1;
	}
	log_info("mounted the BPF file system at " BPFFS);
	return 0;
}

/* The root of a mount has another device than its parent directory. */
static bool is_mount_point(const char *path)
{
	char parent[PATH_MAX];
	struct stat own, above;

	if (snprintf(parent, sizeof(parent), "%s/..", path) >=
	    (int)sizeof(parent))
		return false;
	if (stat(path, &own) < 0 || stat(parent, &above) < 0)
		return false;
	return own.st_dev != above.st_dev;
}

static int check_pin_dir(const char *pin_dir)
{
	char ancestor[PATH_MAX];

	if (!strncmp(pin_dir, BPFFS "/", sizeof(BPFFS)) && !is_bpffs(BPFFS) &&
	    mount_bpffs())
		return -1;
	existing_ancestor(pin_dir, ancestor);
	if (!is_bpffs(ancestor)) {
		log_error("--pin-dir %s: not on a BPF file system; one is "
			  "usually at " BPFFS,
			  pin_dir);
		return -1;
	}
	if (!strcmp(ancestor, pin_dir) && is_mount_point(pin_dir)) {
		log_error("--pin-dir %s: this is the whole BPF file system; "
			  "name a directory below it",
			  pin_dir);
		return -1;
	}
	return 0;
}

int ability_check(const char *pin_dir)
{
	if (check_privileges() || check_btf() || check_pin_dir(pin_dir))
		return -1;
	return 0;
}
