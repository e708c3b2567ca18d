/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The self-signed certificate is renewed while everything runs: the file first,
 * and then the terminators that serve with it take it, without a reload.
 */
#ifndef QS_LOADER_RENEWAL_H
#define QS_LOADER_RENEWAL_H

#include "loader/own_certificate.h"
#include "loader/reload.h"

#include <uv.h>

struct renewal {
	struct own_certificate *own; /* borrowed: changed here */
	struct reload *reload;	     /* borrowed */
	uv_timer_t timer;
	bool started;
	bool failed; /* and that has been logged */
};

/* renewal_start: renews it on `loop` from now on, whenever it is due. */
void renewal_start(struct renewal *renewal, uv_loop_t *loop,
		   struct own_certificate *own, struct reload *reload);

/* renewal_close: the loop must then run until its handle is closed. */
void renewal_close(struct renewal *renewal);

#endif
