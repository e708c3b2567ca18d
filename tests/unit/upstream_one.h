/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a test of one request to one scripted backend works with.
 */
#ifndef TESTS_UNIT_UPSTREAM_ONE_H
#define TESTS_UNIT_UPSTREAM_ONE_H

#include "tests/unit/upstream_bed.h"

static struct bed bed;
static struct script script;
static struct front front;

/* finish ends all three. */
static void finish(void)
{
	front_free(&front);
	script_stop(&script);
	bed_close(&bed);
}

#endif
