/* SPDX-License-Identifier: GPL-2.0-only */
/* The loader's own part of the maps: settings, VIPs, CID configurations. */
#ifndef QS_LOADER_CONFIGURE_H
#define QS_LOADER_CONFIGURE_H

#include "loader/control.h"
#include "loader/lib/maps.h"
#include "loader/lib/secrets.h"
#include "loader/options.h"
#include "loader/ports.h"

/*
 * configure_check_secrets: whether the pinned maps of an earlier loader work
 * with the same CID keys and hash key. Other keys would send the packets of
 * live connections astray. Returns 0, or -1 after one message.
 */
int configure_check_secrets(const struct qs_maps *maps,
			    const struct qs_state_secrets *secrets,
			    const struct options *options);

/*
 * configure_maps: writes settings (the attach mode excepted), the loader's own
 * CID configurations and the VIPs; VIPs that are not wanted any more go last.
 * Returns 0, or -1 after one message.
 */
int configure_maps(struct qs_maps *maps, const struct qs_state_secrets *secrets,
		   const struct options *options, const struct ports *ports,
		   __u32 ifindex);

/* configure_flags: the switches among the settings; also of a running loader.
 */
void configure_flags(struct qs_maps *maps, const struct options *options);

/*
 * configure_cid: writes configuration `id` as `secrets` have it to XDP's map:
 * not in use, if its ID is free. Returns 0 or -errno.
 */
int configure_cid(const struct qs_maps *maps,
		  const struct qs_state_secrets *secrets, __u32 id);

/* configure_cid_write: the same of any configuration. */
int configure_cid_write(const struct qs_maps *maps, __u32 id,
			const struct qs_control_cid_config *config);

/* configure_cid_lives: shows in settings which one is current, and the ages. */
void configure_cid_lives(struct qs_maps *maps,
			 const struct qs_state_secrets *secrets);

/*
 * configure_deployment: what terminators are told; not of the configurations
 * in `but`, bits by ID.
 */
void configure_deployment(const struct qs_state_secrets *secrets, __u8 but,
			  struct control_deployment *ret_deployment);

#endif
