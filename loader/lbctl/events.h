/* SPDX-License-Identifier: GPL-2.0-only */
/* What lbctl events knows while it runs. */
#ifndef QS_LBCTL_EVENTS_H
#define QS_LBCTL_EVENTS_H

#include "loader/lbctl/lbctl.h"

struct events {
	struct common common;
	struct qs_maps maps;
	__u64 verdicts; /* bits of those that are wanted */
	__u32 sampling; /* one of so many packets */
	__u32 count;	/* ends after so many; 0: goes on */
	__u32 shown;
	__u64 lost; /* at the beginning; at the end: since then */
	bool is_begun;
};

/* event_print: one event, as a line of text or of JSON. */
void event_print(const struct events *events, const struct qs_event *event);

#endif
