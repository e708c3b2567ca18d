/* SPDX-License-Identifier: GPL-2.0-only */
/* The loader as a whole: start, run, stop. */
#ifndef QS_LOADER_LOADER_H
#define QS_LOADER_LOADER_H

#include "loader/attach.h"
#include "loader/configure.h"
#include "loader/control.h"
#include "loader/exporter.h"
#include "loader/icmp.h"
#include "loader/listeners.h"
#include "loader/live.h"
#include "loader/own_certificate.h"
#include "loader/pins.h"
#include "loader/registry.h"
#include "loader/reload.h"
#include "loader/renewal.h"
#include "loader/rotation.h"
#include "loader/ticket_secrets.h"

#include <uv.h>

struct loader {
	const struct options *options; /* borrowed */
	struct pins pins;
	struct qs_maps maps;
	struct attachment attachment;
	char secrets_path[PATH_MAX];
	struct qs_state_secrets secrets;
	struct listed listed; /* until the registry has it */
	struct control_deployment deployment;
	struct programs programs;
	struct registry registry;
	struct control control;
	struct live live;
	struct reload reload;
	struct rotation rotation;
	struct ticket_secrets tickets;
	struct metrics_config metrics_config;
	struct exporter exporter;
	struct icmp icmp;
	struct listeners listeners;
	struct own_certificate own;
	struct renewal renewal;
	bool maps_open;
	bool touched; /* maps or interface may have changed */
};

/* What the loader was started with, borrowed as long as it runs. */
struct loader_setup {
	const struct options *given;	/* the command line */
	const struct options *options;	/* merged */
	const struct qs_config *config; /* of --config, or NULL */
};

/*
 * loader_start: checks everything first, then loads, configures and attaches,
 * and serves on `loop`. Returns 0, or -1 after one message; a first start that
 * fails leaves nothing behind, a later one leaves the earlier loader's work as
 * it was.
 */
int loader_start(struct loader *loader, const struct loader_setup *setup,
		 uv_loop_t *loop);

/*
 * loader_stop: closes everything; the loop must then run until its handles are
 * closed. With `detach` also removes programs and pins, else they go on
 * working and wait for the next loader. Returns 0, or -1 after one message.
 */
int loader_stop(struct loader *loader, bool detach);

/*
 * loader_detach: removes what an earlier loader left under `pin_dir`. Returns
 * 0, or -1 after one message.
 */
int loader_detach(const char *pin_dir);

#endif
