/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Takes what the BPF programs record of ICMP errors and gives it to the
 * terminators: to the one that the quoted CID names, else to all that live or
 * drain, as after a change of weights the hash may name another than the owner.
 *
 * At most QS_ICMP_BATCH errors are taken in ICMP_PAUSE_MS. More than that the
 * ring holds for a while and then the programs drop and count them, so that a
 * flood of forged ones costs the loader and the terminators no more than this.
 */
#ifndef QS_LOADER_ICMP_H
#define QS_LOADER_ICMP_H

#include "loader/control.h"

enum { ICMP_PAUSE_MS = 50 };

struct icmp {
	const struct control *control; /* borrowed */
	struct qs_icmp_relays *counts; /* borrowed */
	struct ring_buffer *ring;      /* NULL when closed */
	uv_poll_t poll;
	uv_timer_t pause;
	struct qs_icmp_error batch[QS_ICMP_BATCH];
	bool given[QS_ICMP_BATCH]; /* to at least one terminator */
	int count;
};

/* icmp_start: relays on `loop` from now on. Returns 0, or -1 after one message.
 */
int icmp_start(struct icmp *icmp, uv_loop_t *loop,
	       const struct control *control, const struct qs_maps *maps);

/* icmp_close: stops; the loop must run until its handles are closed. Also of
 * one that never started. */
void icmp_close(struct icmp *icmp);

#endif
