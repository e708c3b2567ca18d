/* SPDX-License-Identifier: GPL-2.0-only */
/* Which names there are: of rows, and of wishes whose row is to come. */
#ifndef QS_LBCTL_KNOWN_H
#define QS_LBCTL_KNOWN_H

#include "loader/lib/maps.h"

#include <stdbool.h>
#include <stddef.h>

struct known {
	struct qs_wish_key *list; /* owned; by kind and name, each once */
	size_t count;
};

/*
 * known_collect: all names of terminators and backends. A backend that a host
 * name was resolved to ("web-1@10.0.0.1:80") counts under its name without the
 * address, too. Returns 0 or -ENOMEM.
 */
int known_collect(const struct qs_maps *maps, struct known *known);

void known_free(struct known *known);

/* known_has: whether there is a terminator or backend of that name. */
bool known_has(const struct known *known, enum qs_wish_kind kind,
	       const char *name);

/*
 * known_explain: "unknown name 'wbe-1'; did you mean 'web-1'? Known: ..." into
 * `text`, cut at `size`. `kind` 0 is both kinds.
 */
void known_explain(const struct known *known, unsigned int kind,
		   const char *name, char *text, size_t size);

/* known_is_part: whether the row or name `name` is `of` or "of@...". */
bool known_is_part(const char *name, const char *of);

#endif
