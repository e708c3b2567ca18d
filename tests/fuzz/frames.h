/* SPDX-License-Identifier: GPL-2.0-only */
/* Random frames that a model's world has something to say about. */
#ifndef TESTS_FUZZ_FRAMES_H
#define TESTS_FUZZ_FRAMES_H

#include "tests/fuzz/model.h"
#include "tests/fuzz/random.h"

enum { FUZZ_FRAME_MAX = 2400 };

struct fuzz_frame {
	__u8 octets[FUZZ_FRAME_MAX];
	unsigned int size;
};

/* Most are whole, some are mutated or cut. At least an Ethernet header. */
void make_frame(struct dice *dice, const struct model *model,
		struct fuzz_frame *frame);

#endif
