/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The connections by their paths: those that an ICMP error is about are often
 * told by nothing else, as a short header of ours holds no CID of ours.
 */
#ifndef TERMINATOR_PATHS_H
#define TERMINATOR_PATHS_H

#include "quicsteer/hash.h"

struct conn;

enum { PATHS_BUCKETS = 4096 };

struct paths {
	__u64 key[2]; /* of the hash: clients choose their ports */
	struct conn *buckets[PATHS_BUCKETS]; /* utlist, by next_on_path */
};

/* paths_start chooses the key. */
void paths_start(struct paths *paths);

/* paths_file keeps the connection under its current path, whose source is the
 * client. What was learned of the path that it had before is forgotten. */
void paths_file(struct conn *conn);

/* paths_remove forgets the connection, if it was kept. */
void paths_remove(struct conn *conn);

/* paths_next returns the first connection on the path, or the one after `conn`
 * if that is not NULL; NULL at the end. */
struct conn *paths_next(const struct paths *paths, const struct qs_tuple *path,
			const struct conn *conn);

#endif
