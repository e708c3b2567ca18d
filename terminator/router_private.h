/* SPDX-License-Identifier: GPL-2.0-only */
/* What exchange.c needs of the router. */
#ifndef TERMINATOR_ROUTER_PRIVATE_H
#define TERMINATOR_ROUTER_PRIVATE_H

#include "terminator/router.h"
#include "terminator/upstream.h"

/* router_shared gives what all pools have in common. */
struct upstream_shared *router_shared(struct router *router);

/* router_nowhere gives an upstream without backends, for requests that are
 * answered by ourselves. */
struct upstream *router_nowhere(struct router *router);

#endif
