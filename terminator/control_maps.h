/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF maps that come with a WELCOME, in our memory.
 */
#ifndef TERMINATOR_CONTROL_MAPS_H
#define TERMINATOR_CONTROL_MAPS_H

#include "terminator/control.h"

/* control_map_all maps the descriptors (by enum qs_welcome_descriptor) for the
 * slot and instance in control->welcome: anew at the same addresses if they
 * were mapped before, so that pointers stay good; counts go on if the maps were
 * lost meanwhile. Returns 0 or -errno. */
int control_map_all(struct control *control, const int *fds);

#endif
