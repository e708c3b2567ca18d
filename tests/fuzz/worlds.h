/* SPDX-License-Identifier: GPL-2.0-only */
/* Random worlds: the model's, and the same in the programs' maps. */
#ifndef TESTS_FUZZ_WORLDS_H
#define TESTS_FUZZ_WORLDS_H

#include "tests/bpf/world.h"
#include "tests/fuzz/model.h"
#include "tests/fuzz/random.h"

/* Makes a world, of which nothing has happened yet. */
void make_world(struct dice *dice, struct model *model);

/* Makes the programs' maps say the same. What fails ends the process. */
void fill_maps(struct world *world, const struct model *model);

/* Other states of the terminators and another lookup, in model and maps. */
void change_states(struct dice *dice, struct world *world, struct model *model);

#endif
