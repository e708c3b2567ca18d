/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/variables.h"

#include <string.h>

#include "terminator/routes.h"

#define NAME(name, text) text,
static const char *const protocols[] = {QS_PROTOCOLS(NAME)};

static void set(struct variables *variables, enum qs_template_variable variable,
		const char *text, size_t size)
{
	variables->values[variable].text = text;
	variables->values[variable].size = size;
}

static void set_field(struct variables *variables,
		      enum qs_template_variable variable,
		      const struct field *field)
{
	set(variables, variable, field->value, field->value_size);
}

static void set_string(struct variables *variables,
		       enum qs_template_variable variable, const char *text)
{
	set(variables, variable, text, strlen(text));
}

void variables_of(struct variables *variables,
		  const struct exchange_request *request,
		  const char *request_id)
{
	const struct field *path = &request->path;
	const char *query = path->value_size
				    ? memchr(path->value, '?', path->value_size)
				    : NULL;
	size_t size = query ? (size_t)(query - path->value) : path->value_size;

	set(variables, QS_TEMPLATE_host, request->authority.value,
	    routes_host_size(request->authority.value,
			     request->authority.value_size));
	set_field(variables, QS_TEMPLATE_authority, &request->authority);
	set_field(variables, QS_TEMPLATE_uri, path);
	set(variables, QS_TEMPLATE_path, path->value, size);
	set(variables, QS_TEMPLATE_query, query ? query + 1 : "",
	    query ? path->value_size - size - 1 : 0);
	set_field(variables, QS_TEMPLATE_method, &request->method);
	set_field(variables, QS_TEMPLATE_scheme, &request->scheme);
	set_string(variables, QS_TEMPLATE_protocol,
		   protocols[request->protocol]);
	set_string(variables, QS_TEMPLATE_client_ip, request->peer_address);
	set_string(variables, QS_TEMPLATE_request_id, request_id);
}

void variables_render(struct text *text, const char *template,
		      const struct variables *variables)
{
	struct qs_template_piece piece;

	while (qs_template_next(&template, &piece) > 0)
		if (piece.variable < 0)
			text_add(text, piece.text, piece.size);
		else
			text_add(text, variables->values[piece.variable].text,
				 variables->values[piece.variable].size);
}
