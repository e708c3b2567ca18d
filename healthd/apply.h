/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes what was decided into the rows of the map `backends`. The caller
 * holds qs_maps_lock().
 */
#ifndef HEALTHD_APPLY_H
#define HEALTHD_APPLY_H

#include "healthd/backends.h"

/*
 * apply_backend: brings a row up to what its `backend` and `checker` say, as
 * far as it is dirty. Returns whether the effective weights of its pool are to
 * be computed anew.
 */
bool apply_backend(struct qs_backend *row, struct backend *backend,
		   const struct checker *checker);

/* apply_effective: computes them for every pool that has rows. */
void apply_effective(struct qs_backend *rows);

#endif
