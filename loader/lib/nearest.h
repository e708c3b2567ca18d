/* SPDX-License-Identifier: GPL-2.0-only */
/* What a mistyped word was probably meant to be. Pure. */
#ifndef QS_LOADER_LIB_NEAREST_H
#define QS_LOADER_LIB_NEAREST_H

#include <stddef.h>

/* Longer words are near to nothing. */
#define QS_NEAREST_WORD_MAX 64

/*
 * qs_edit_distance: how many letters have to be inserted, left out, replaced
 * or swapped with their neighbour to make `b` of `a`. Upper and lower case are
 * the same. A word above QS_NEAREST_WORD_MAX gives SIZE_MAX.
 */
size_t qs_edit_distance(const char *a, const char *b);

/*
 * qs_nearest: the one of `count` `candidates` that is nearest to `word`, the
 * first of several. Entries that are NULL are passed over. Returns NULL if
 * none is near enough to be worth a question: more than a third of the letters
 * (one, in short words) would have to change.
 */
const char *qs_nearest(const char *word, const char *const *candidates,
		       size_t count);

#endif
