/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the test backend behaves on all its paths, switched while it runs:
 *
 *   ok            answers
 *   fail[:N]      answers N per cent of the requests (default: all) with 500
 *   slow:MS       answers after MS milliseconds
 *   hang          never answers
 *   reset         resets the connection instead of an answer
 *   refuse        has no listening socket and no connection
 */
#ifndef TESTS_BACKEND_MODE_H
#define TESTS_BACKEND_MODE_H

#include <stdbool.h>
#include <stdint.h>

enum mode_kind {
	MODE_OK,
	MODE_FAIL,
	MODE_SLOW,
	MODE_HANG,
	MODE_RESET,
	MODE_REFUSE,
};

struct mode {
	enum mode_kind kind;
	uint64_t parameter; /* per cent, or milliseconds */
	uint64_t requests;  /* since it was set */
};

/* mode_parse reads a mode as written above. Returns false and changes nothing
 * if it is none. */
bool mode_parse(const char *text, struct mode *ret_mode);

/* mode_name returns the mode's name, without a parameter. */
const char *mode_name(const struct mode *mode);

/* mode_fails counts a request and tells whether it is one to fail: those are
 * spread evenly. */
bool mode_fails(struct mode *mode);

#endif
