/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an HTTP check expects of the answer: a status and a text in the body.
 * Pure.
 */
#ifndef HEALTHD_EXPECT_H
#define HEALTHD_EXPECT_H

#include "loader/lib/config.h"

#include <stdbool.h>
#include <stddef.h>

enum { EXPECT_BODY_MAX = 64 * 1024 }; /* octets that are searched */

/* expect_status: whether the status is one of the expected ones. */
bool expect_status(const struct qs_config_check *config, unsigned int status);

/*
 * expect_format: "200-399" or "200,204-206" into `text`, cut at `size`.
 * Returns `text`.
 */
char *expect_format(char *text, size_t size,
		    const struct qs_config_check *config);

/* A search for a text in what comes piece by piece. */
struct expect_body {
	const char *wanted; /* borrowed; NUL terminated */
	char *data;	    /* owned: the body so far, up to EXPECT_BODY_MAX */
	size_t size;
	bool found;
};

/* expect_body_begin: for a new body. An empty text is found at once. */
void expect_body_begin(struct expect_body *body, const char *wanted);

/*
 * expect_body_feed: goes on with the next octets. Returns 0 while it is not
 * decided, 1 when the text was found, -ENOENT when it is not in the first
 * EXPECT_BODY_MAX octets, or -ENOMEM.
 */
int expect_body_feed(struct expect_body *body, const char *data, size_t size);

/* expect_body_free: frees its memory. */
void expect_body_free(struct expect_body *body);

#endif
