/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/exchange_rules.h"

#include <errno.h>
#include <stdlib.h>

#include "terminator/rules.h"

_Static_assert((int)FIELD_VIEW_MORE > 2 * (int)QS_CONFIG_MAX_RULES,
	       "room for all that rules put in");

/* The request is there no more when the response comes. */
static int keep_values(struct exchange *exchange,
		       const struct variables *variables)
{
	struct response_values *values;

	if (!exchange->route->response_rules)
		return 0;
	values = calloc(1, sizeof(*values));
	if (!values)
		return -ENOMEM;
	exchange->response_values = values;
	return rules_render(exchange->route->response_rules, variables,
			    &values->list);
}

/* Nothing of the changed request outlives begin. */
static int begin_changed(struct exchange *exchange,
			 const struct exchange_request *request,
			 const struct variables *variables)
{
	struct exchange_request changed = *request;
	struct field_list values = {0};
	struct field_view view;
	int result;

	/* Only if terminator.limits lets so many through. */
	if (request->field_count > FIELD_VIEW_GIVEN)
		return -E2BIG;
	result = rules_render(exchange->route->request_rules, variables,
			      &values);
	if (!result) {
		view.count = 0;
		for (size_t i = 0; i < request->field_count; i++)
			field_view_add(&view, &request->fields[i]);
		rules_apply(exchange->route->request_rules, &values, &view);
		changed.fields = view.fields;
		changed.field_count = view.count;
		result = exchange->handler->begin(exchange, &changed);
	}
	field_list_free(&values);
	return result;
}

int exchange_rules_begin(struct exchange *exchange,
			 const struct exchange_request *request)
{
	const struct route *route = exchange->route;
	struct variables variables;
	int result;

	if (!route->request_rules && !route->response_rules)
		return exchange->handler->begin(exchange, request);
	variables_of(&variables, request, exchange->request_id);
	result = keep_values(exchange, &variables);
	if (result)
		return result;
	return route->request_rules
		       ? begin_changed(exchange, request, &variables)
		       : exchange->handler->begin(exchange, request);
}

void exchange_rules_response(const struct exchange *exchange,
			     struct field_view *view)
{
	if (exchange->response_values)
		rules_apply(exchange->route->response_rules,
			    &exchange->response_values->list, view);
}

void exchange_rules_free(struct exchange *exchange)
{
	if (!exchange->response_values)
		return;
	field_list_free(&exchange->response_values->list);
	free(exchange->response_values);
	exchange->response_values = NULL;
}
