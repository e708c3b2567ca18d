/* SPDX-License-Identifier: GPL-2.0-only */
/* For files.c, files_head.c and files_send.c only. */
#ifndef TERMINATOR_FILES_PRIVATE_H
#define TERMINATOR_FILES_PRIVATE_H

#include <uv.h>

#include "terminator/exchange_private.h"
#include "terminator/files.h"
#include "terminator/files_open.h"
#include "terminator/files_plan.h"
#include "terminator/upstream.h"

enum {
	FILES_PIECE = 64 * 1024, /* what is read at once */
	/* Pieces that are compressed before others have their turn. */
	FILES_TURN = 4,
};

struct files {
	unsigned references;
	char *root;
	char *index;
	char *cache_control; /* NULL: none */
	bool precompressed;
	bool hidden;  /* names that begin with a dot are served, too */
	char *prefix; /* the route's path */
};

/* An answer of ours about a file. */
struct files_refusal {
	unsigned status;
	const char *text; /* NULL: no body */
};

/* What one exchange has under way; of exchange->work. */
struct files_work {
	uv_work_t job;
	bool busy;			       /* `job` is under way */
	void (*done)(struct files_work *work); /* what follows it */
	struct exchange *exchange; /* NULL: it does not wait any more */
	struct files *files;	   /* a reference */
	const struct files_refusal *refusal; /* before anything is opened */
	char *location;		  /* of the directory, with a slash */
	char *name;		  /* files_open.name */
	struct field_list fields; /* what conditions and ranges are in */
	struct files_open open;
	int opened; /* what files_open_run returned */

	struct files_plan plan;
	size_t part;	 /* index of the range that is sent */
	bool part_begun; /* what stands before it was sent */
	uint64_t offset; /* of the file: what is read next */
	char *piece;	 /* that `job` reads */
	size_t piece_size;
	ssize_t read; /* what it read, or -errno */
};

/* files_head answers, or tells the head and begins to send. */
void files_head(struct files_work *work);

/* files_send goes on sending. May end the exchange's work, which frees it. */
void files_send(struct files_work *work);

/* files_broken ends the exchange because of an error with its file. */
void files_broken(struct files_work *work, const char *what);

/* files_start has a thread do `run`, and the loop `done` then, unless the
 * exchange is gone: the work is freed instead. */
void files_start(struct files_work *work, uv_work_cb run,
		 void (*done)(struct files_work *work));

#endif
