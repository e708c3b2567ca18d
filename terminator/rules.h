/* SPDX-License-Identifier: GPL-2.0-only */
/* Rules of a route that change header sections: take fields out, set some in
 * place of all of the name, add others. Pure. */
#ifndef TERMINATOR_RULES_H
#define TERMINATOR_RULES_H

#include "loader/lib/config.h"
#include "terminator/field_view.h"
#include "terminator/fields.h"
#include "terminator/variables.h"

struct rules;

/* rules_new copies the configuration's rules. Returns 0 with them, or with NULL
 * if there are none, or -ENOMEM. */
int rules_new(const struct qs_config_rules *from, struct rules **ret_rules);

/* rules_render fills `values`, an empty list, with the fields that the rules
 * put into the messages of one request. Returns 0 or -ENOMEM. */
int rules_render(const struct rules *rules, const struct variables *variables,
		 struct field_list *values);

/* rules_apply takes fields out of the view and puts in those of rules_render,
 * which must outlive it. */
void rules_apply(const struct rules *rules, const struct field_list *values,
		 struct field_view *view);

/* rules_free frees them; NULL is allowed. */
void rules_free(struct rules *rules);

#endif
