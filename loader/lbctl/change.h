/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A change of what the operator wishes of one name: looked up, changed and
 * applied in one go under the lock of the maps.
 */
#ifndef QS_LBCTL_CHANGE_H
#define QS_LBCTL_CHANGE_H

#include "loader/lbctl/lbctl.h"
#include "loader/lib/wishes.h"

struct change {
	struct qs_maps maps; /* writable */
	int lock;	     /* -1: not held */
	enum qs_wish_kind kind;
	const char *name;      /* borrowed */
	struct qs_wish before; /* as it holds for the name */
	struct qs_wish wish;   /* the caller changes it before the commit */
};

/* The options of commands that take a NAME, and --force of some of them. */
enum {
	OPTION_TERMINATOR = 256,
	OPTION_BACKEND,
	OPTION_FORCE,
	OPTION_OWN, /* a command's own begin here */
};

#define CHANGE_OPTIONS                                          \
	{"terminator", no_argument, NULL, OPTION_TERMINATOR},   \
		{"backend", no_argument, NULL, OPTION_BACKEND}, \
	{                                                       \
		"force", no_argument, NULL, OPTION_FORCE        \
	}

#define CHANGE_HELP                                                           \
	"      --terminator   NAME is a terminator's, should a backend have " \
	"it, too\n"                                                           \
	"      --backend      NAME is a backend's, should a terminator have " \
	"it, too\n"

#define FORCE_HELP                                                    \
	"      --force        even if no terminator is left for new " \
	"connections,\n"                                              \
	"                     or no backend in its pool\n"

/* What CHANGE_OPTIONS said. */
struct change_options {
	unsigned int kind; /* enum qs_wish_kind; 0: either */
	bool force;
};

/*
 * change_next: as common_next(), but also takes CHANGE_OPTIONS, so that only
 * the command's own are returned.
 */
int change_next(struct common *common, struct change_options *chosen, int argc,
		char **argv, const struct option *options);

/*
 * change_begin: opens the maps, takes the lock and looks up `name`, which
 * `kind` says to be of a terminator or a backend (0: either). Returns 0, or an
 * exit status after one message; there is nothing to end then.
 */
int change_begin(const struct common *common, struct change *change,
		 const char *name, unsigned int kind);

/*
 * change_commit: keeps change->wish and puts it in force. If it would leave no
 * terminator that gets new connections, or a pool without a backend, it
 * refuses unless `force`, and warns if so. Returns 0, or an exit status after
 * one message, with nothing changed.
 */
int change_commit(const struct common *common, struct change *change,
		  bool force);

/* change_unlock: lets others change the maps, which stay open. */
void change_unlock(struct change *change);

void change_end(struct change *change);

/* change_kind: "terminator" or "backend". */
const char *change_kind(const struct change *change);

/* change_matches: whether the change is for a backend's row. */
bool change_matches(const struct change *change, const struct qs_backend *row);

/*
 * change_json: name, kind, the wish, and what each row of the name gets now.
 * change_print: the latter in words, a line each row.
 */
json_t *change_json(const struct change *change);
void change_print(const struct change *change);

#endif
