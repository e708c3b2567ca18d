/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * CID configurations come and go while connections live (QUIC-LB, 3).
 *
 * One comes: it is written to the state file, then to XDP's map, and then told
 * to the terminators, which issue it to new connections from then on. One that
 * does not answer goes on issuing an earlier one, which stays as long.
 *
 * One goes, when each terminator has taken a newer one and none has a
 * connection of it: from the terminators, then from XDP's map, then from the
 * state file. Those that have retired for too long have their connections told
 * to leave first.
 *
 * So the file knows all that the map does, and the map all that a terminator
 * may issue, whenever the loader is killed; the next one goes on from there.
 */
#ifndef QS_LOADER_ROTATION_H
#define QS_LOADER_ROTATION_H

#include "loader/client.h"
#include "loader/configure.h"

#include <limits.h>

/* How long an operator waits for the terminators. */
enum { ROTATION_TIMEOUT_MS = 5000 };

struct rotation {
	struct control *control;	       /* borrowed */
	struct qs_maps *maps;		       /* borrowed, writable */
	struct qs_state_secrets *secrets;      /* borrowed: changed here */
	struct control_deployment *deployment; /* likewise */
	char path[PATH_MAX];		       /* of the state file */
	__u64 max_age_s;		       /* of one that retires; 0: any */
	__u64 period_s; /* how often by itself; 0: never */
	uv_timer_t timer;
	bool started;
	__u32 generation;  /* of what the terminators were told last */
	__u8 leave;	   /* told to them: bits by ID */
	__u8 going;	   /* left out of what they were told: bits by ID */
	__u32 going_since; /* the generation that left out the last of them */
	__u32 replaced[QS_CID_CONFIGS];	  /* the generation that no more issues
					     it to new connections */
	bool was_full;			  /* and that has been logged */
	uint64_t used_ms[QS_CID_CONFIGS]; /* uv_now() when last in use */
	struct client *operator;  /* who waits for the RESULT, or NULL */
	uint64_t operator_end_ms; /* uv_now() */
};

/*
 * rotation_start: goes on with what the state file and the maps say, on `loop`.
 * Everything is borrowed; `path` is the state file.
 */
void rotation_start(struct rotation *rotation, uv_loop_t *loop,
		    struct control *control, struct qs_maps *maps,
		    struct qs_state_secrets *secrets,
		    struct control_deployment *deployment, const char *path);

/* rotation_configure: maximum age and period, by loader.cid_*. */
void rotation_configure(struct rotation *rotation,
			const struct options *options);

/* rotation_begin: what an operator asks for; RESULT goes there when it is done
 * or the terminators have not answered in time. */
void rotation_begin(struct rotation *rotation, struct client *operator,
		    const struct qs_rotate * wish);

/* rotation_taken: a terminator's answer to CONFIGS. */
void rotation_taken(struct rotation *rotation, struct client *client,
		    const struct qs_configs_taken *taken);

/* rotation_joined: a terminator has registered; one that `resumed` may be
 * issuing other CIDs than its WELCOME says until it answers. */
void rotation_joined(struct rotation *rotation, struct client *client,
		     bool resumed);

/* rotation_left: a client's connection has ended; nobody waits for it. */
void rotation_left(struct rotation *rotation, struct client *client);

/* rotation_close: the loop must then run until its handle is closed. */
void rotation_close(struct rotation *rotation);

#endif
