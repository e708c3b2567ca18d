/* SPDX-License-Identifier: GPL-2.0-only */
/* Asking the loader over its control socket. */
#ifndef QS_LBCTL_CONTROL_H
#define QS_LBCTL_CONTROL_H

#include "loader/lbctl/lbctl.h"
#include "quicsteer/control.h"

#define CONTROL_HELP                                \
	"      --control PATH the loader's socket " \
	"(default: " QS_CONTROL_SOCKET ")\n"

/*
 * control_ask: connects to the loader at `path`, sends it `message`, with the
 * descriptor `fd` unless that is -1, and waits up to `timeout_ms` for its
 * RESULT. Returns 0 with *ret_result (text is terminated), or an exit status
 * after one message: EXIT_NO_DAEMON if no loader answers there.
 */
int control_ask(const struct common *common, const char *path,
		const void *message, size_t size, int fd, int timeout_ms,
		struct qs_result *ret_result);

#endif
