/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may stand in the configuration file: one table a mapping, one row a key.
 * The checks, the defaults, what libcyaml loads, the JSON Schema and the notes
 * on restarts are all made from these rows.
 */
#ifndef QS_LOADER_LIB_CONFIG_SCHEMA_H
#define QS_LOADER_LIB_CONFIG_SCHEMA_H

#include "loader/lib/config.h"

#include <cyaml/cyaml.h>

/* How a value is written. */
enum qs_kind {
	QS_KIND_DURATION, /* "5s": milliseconds */
	QS_KIND_SHARE,	  /* "12.5%": per mille */
	QS_KIND_PERCENT,  /* "80%": whole per cent */
	QS_KIND_NUMBER,
	QS_KIND_SWITCH, /* true or false */
	QS_KIND_CHOICE,
	QS_KIND_TEXT,
	QS_KIND_ENDPOINT, /* "192.0.2.1:443", "[2001:db8::1]:443" */
	QS_KIND_PREFIX,	  /* "192.0.2.0/24", "2001:db8::/32" */
	QS_KIND_LISTENER, /* an endpoint or none */
	QS_KIND_URL,	  /* "http://HOST[:PORT]" */
	QS_KIND_STATUSES, /* "200-299,304" */
	QS_KIND_POOL,	  /* name of a pool: its index */
	QS_KIND_TEMPLATE, /* text with {variables}: template.h */
	QS_KIND_FIELD,	  /* name of a header field that a rule may touch */
	QS_KIND_MAPPING,
	QS_KIND_LIST, /* of mappings, or of one of the other kinds */
	QS_KINDS,
};

enum {
	QS_KEY_REQUIRED = 1 << 0,
	QS_KEY_LOWER_CASE = 1 << 1, /* text: it is made so */
	QS_KEY_FILE = 1 << 2,	    /* text: names a file that must exist */
	QS_KEY_INLINE = 1 << 3,	    /* list: an array in the struct itself */
	/* Of all keys of a mapping that have this flag, one is needed and no
	 * more; the others are left as zeros. */
	QS_KEY_ONE_OF = 1 << 4,
};

struct qs_config_mapping;

struct qs_config_key {
	const char *name; /* NULL ends a table */
	enum qs_kind kind;
	unsigned int flags;   /* QS_KEY_* */
	const char *fallback; /* as written in the file; NULL: none. Of a
				 mapping: its first key's, if it is absent */
	uint32_t minimum;     /* value, characters of text, or entries */
	uint32_t maximum;     /* likewise */
	size_t offset;	      /* in the struct of the mapping */
	size_t size;	      /* of the member; of an entry of a list */
	size_t count_offset;  /* list */
	enum qs_kind entry;   /* list without a mapping: of what */
	const cyaml_strval_t *choices; /* choice */
	uint32_t choice_count;
	const char *pattern; /* text: POSIX extended and ECMA-262 alike */
	const char *form;    /* text: the pattern in words */
	const struct qs_config_mapping *mapping; /* mapping; list of them */
	const char *restart; /* who must be restarted; NULL: it applies live */
	const char *help;    /* one line for people who write the file */
};

struct qs_config_mapping {
	const struct qs_config_key *keys;
	size_t size; /* of the struct */
};

/* qs_config_entry: what an entry of a list without a mapping is, as a key;
 * pattern, form and choices of the list's key are those of its entries. */
struct qs_config_key qs_config_entry(const struct qs_config_key *list);

/* The whole file: struct qs_config. */
extern const struct qs_config_mapping qs_config_file;

#endif
