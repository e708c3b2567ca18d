/* SPDX-License-Identifier: GPL-2.0-only */
/* The variables of templates (loader/lib/template.h), as one request has them.
 * Pure. */
#ifndef TERMINATOR_VARIABLES_H
#define TERMINATOR_VARIABLES_H

#include "loader/lib/template.h"
#include "terminator/exchange.h"
#include "terminator/text.h"

struct variables {
	struct {
		const char *text; /* not NUL terminated */
		size_t size;
	} values[QS_TEMPLATE_VARIABLE_COUNT];
};

/* variables_of fills in those of a request, to which they point; `request_id`
 * is NUL terminated. */
void variables_of(struct variables *variables,
		  const struct exchange_request *request,
		  const char *request_id);

/* variables_render appends the template with its variables replaced. The
 * template is one that qs_template_check takes. */
void variables_render(struct text *text, const char *template,
		      const struct variables *variables);

#endif
