/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/change.h"
#include "loader/lbctl/known.h"
#include "loader/lbctl/survey.h"
#include "loader/lib/effective.h"
#include "loader/lib/lookup.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int change_next(struct common *common, struct change_options *chosen, int argc,
		char **argv, const struct option *options)
{
	int option;

	while ((option = common_next(common, argc, argv, options)) != -1) {
		switch (option) {
		case OPTION_TERMINATOR:
			chosen->kind = QS_WISH_TERMINATOR;
			break;
		case OPTION_BACKEND:
			chosen->kind = QS_WISH_BACKEND;
			break;
		case OPTION_FORCE:
			chosen->force = true;
			break;
		default:
			return option;
		}
	}
	return -1;
}

/* Finds out what kind of name it is. 0, or an exit status after a message. */
static int find(const struct common *common, struct change *change,
		unsigned int kind)
{
	bool terminator, backend;
	struct known known;
	char text[1024];
	int status = 0;

	if (known_collect(&change->maps, &known))
		return failed(common, "out of memory");
	terminator = kind != QS_WISH_BACKEND &&
		     known_has(&known, QS_WISH_TERMINATOR, change->name);
	backend = kind != QS_WISH_TERMINATOR &&
		  known_has(&known, QS_WISH_BACKEND, change->name);
	if (terminator && backend) {
		status = usage(common,
			       "'%s' is a terminator and a backend: say "
			       "--terminator or --backend",
			       change->name);
	} else if (!terminator && !backend) {
		known_explain(&known, kind, change->name, text, sizeof(text));
		status = failed(common, "%s", text);
	}
	change->kind = terminator ? QS_WISH_TERMINATOR : QS_WISH_BACKEND;
	known_free(&known);
	return status;
}

int change_begin(const struct common *common, struct change *change,
		 const char *name, unsigned int kind)
{
	int status, error;

	*change = (struct change){.lock = -1, .name = name};
	if (common_open_writable(common, &change->maps))
		return EXIT_FAILED;
	change->lock = qs_maps_lock(common->pin_dir);
	if (change->lock < 0) {
		status = failed(common, "cannot lock %s: %s", common->pin_dir,
				strerror(-change->lock));
		change_end(change);
		return status;
	}
	status = find(common, change, kind);
	if (!status) {
		error = qs_wish_get(&change->maps, change->kind, name,
				    &change->before);
		if (error)
			status = failed(common, "cannot read the wishes: %s",
					strerror(-error));
	}
	if (status)
		change_end(change);
	change->wish = change->before;
	return status;
}

bool change_matches(const struct change *change, const struct qs_backend *row)
{
	return change->kind == QS_WISH_BACKEND &&
	       row->state != QS_BACKEND_FREE &&
	       known_is_part(row->name, change->name);
}

/* Whether a row that the change is for has a wish of its own instead. */
static bool has_own_wish(const struct change *change, const char *row)
{
	struct qs_wish_key key = {.kind = QS_WISH_BACKEND};
	struct qs_wish wish;

	strcpy(key.name, row);
	return strcmp(row, change->name) &&
	       !bpf_map_lookup_elem(change->maps.fd[QS_MAP_WISHES], &key,
				    &wish);
}

/* Whether terminators get new connections, before and after the change. */
static bool empties_terminators(const struct change *change)
{
	struct qs_terminator rows[QS_MAX_TERMINATORS];
	bool before, after;

	memcpy(rows, change->maps.terminators, sizeof(rows));
	qs_terminators_effective(rows, QS_MAX_TERMINATORS);
	before = survey_terminators_usable(rows, QS_MAX_TERMINATORS);
	for (int i = 0; i < QS_MAX_TERMINATORS; i++) {
		if (!strcmp(rows[i].name, change->name))
			rows[i].wish = change->wish;
	}
	qs_terminators_effective(rows, QS_MAX_TERMINATORS);
	after = survey_terminators_usable(rows, QS_MAX_TERMINATORS);
	return before && !after;
}

/* The pool that the change leaves without a backend; NULL if there is none. */
static const char *emptied_pool(const struct change *change)
{
	struct qs_backend rows[QS_MAX_BACKENDS];
	bool before;

	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		const char *pool = change->maps.backends[i].pool;

		if (!change_matches(change, &change->maps.backends[i]))
			continue;
		memcpy(rows, change->maps.backends, sizeof(rows));
		qs_pool_effective(rows, QS_MAX_BACKENDS, pool);
		before = survey_pool_usable(rows, QS_MAX_BACKENDS, pool);
		for (int j = 0; j < QS_MAX_BACKENDS; j++) {
			if (change_matches(change, &rows[j]) &&
			    !has_own_wish(change, rows[j].name))
				rows[j].wish = change->wish;
		}
		qs_pool_effective(rows, QS_MAX_BACKENDS, pool);
		if (before && !survey_pool_usable(rows, QS_MAX_BACKENDS, pool))
			return pool;
	}
	return NULL;
}

/* Refuses or warns. Returns 0 if the change may go on. */
static int guard(const struct common *common, const struct change *change,
		 bool force)
{
	const char *pool = NULL;
	char what[96];

	if (change->kind == QS_WISH_TERMINATOR) {
		if (!empties_terminators(change))
			return 0;
		strcpy(what, "no terminator is left for new connections");
	} else {
		pool = emptied_pool(change);
		if (!pool)
			return 0;
		snprintf(what, sizeof(what),
			 "no usable backend is left in pool %s", pool);
	}
	if (!force)
		return failed(common,
			      "then %s: nothing was changed; --force does it "
			      "all the same",
			      what);
	fprintf(stderr, "lbctl %s: warning: %s\n", common->command, what);
	return 0;
}

/*
 * An address without a wish of its own has that of its name: what is wished of
 * all cannot be taken back for one alone.
 */
static int check_address(const struct common *common,
			 const struct change *change)
{
	const struct qs_wish *before = &change->before, *wish = &change->wish;
	const char *at = strchr(change->name, '@');
	char whole[QS_BACKEND_NAME_SIZE] = "";
	struct qs_wish left;

	if (change->kind != QS_WISH_BACKEND || !at ||
	    wish->weight != QS_WEIGHT_UNSET || wish->drain ||
	    wish->breaker != QS_WISH_AUTO)
		return 0;
	memcpy(whole, change->name, at - change->name);
	if (qs_wish_get(&change->maps, QS_WISH_BACKEND, whole, &left))
		return 0;
	if ((wish->weight == before->weight || wish->weight == left.weight) &&
	    (wish->drain == before->drain || wish->drain == left.drain) &&
	    (wish->breaker == before->breaker || wish->breaker == left.breaker))
		return 0;
	return failed(common,
		      "'%s' has this from '%s', which stands for all its "
		      "addresses: change that",
		      change->name, whole);
}

static int put_in_force(struct change *change)
{
	struct qs_backend *rows = change->maps.backends;
	int error;

	if (change->kind == QS_WISH_TERMINATOR) {
		error = qs_lookup_rebuild(&change->maps);
		return error < 0 ? error : 0;
	}
	for (int i = 0; i < QS_MAX_BACKENDS; i++) {
		if (change_matches(change, &rows[i]))
			qs_pool_effective(rows, QS_MAX_BACKENDS, rows[i].pool);
	}
	return 0;
}

int change_commit(const struct common *common, struct change *change,
		  bool force)
{
	int status, error;

	status = check_address(common, change);
	if (!status)
		status = guard(common, change, force);
	if (status)
		return status;
	error = qs_wish_set(&change->maps, change->kind, change->name,
			    &change->wish);
	if (error == -E2BIG)
		return failed(common,
			      "%d names have wishes already, more are not "
			      "kept: undo one that is not needed any more",
			      QS_MAX_WISHES);
	if (error >= 0)
		error = put_in_force(change);
	if (error)
		return failed(common, "cannot change the maps: %s",
			      strerror(-error));
	return 0;
}

void change_unlock(struct change *change)
{
	if (change->lock >= 0)
		close(change->lock);
	change->lock = -1;
}

void change_end(struct change *change)
{
	change_unlock(change);
	qs_maps_close(&change->maps);
}

const char *change_kind(const struct change *change)
{
	return change->kind == QS_WISH_TERMINATOR ? "terminator" : "backend";
}
