/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/answer.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "terminator/error_pages.h"
#include "terminator/exchange_private.h"
#include "terminator/fields.h"
#include "terminator/variables.h"

void answer_failure(struct exchange *exchange, unsigned status,
		    const char *text, const struct field *fields, size_t count)
{
	const struct error_page *page =
		site_error_page(exchange->site, exchange->route, status);
	struct field all[EXCHANGE_ANSWER_FIELDS];

	assert(count < EXCHANGE_ANSWER_FIELDS);
	all[0] = field_make("content-type", page ? page->type : "text/plain");
	for (size_t i = 0; i < count; i++)
		all[i + 1] = fields[i];
	exchange_answer(exchange, status, all, count + 1,
			page ? page->body : text,
			page ? page->size : strlen(text));
}

static struct answer *new_answer(unsigned status, const char *text,
				 const char *content_type)
{
	struct answer *answer = calloc(1, sizeof(*answer));

	if (!answer)
		return NULL;
	answer->status = status;
	answer->text = text ? strdup(text) : NULL;
	answer->content_type = content_type ? strdup(content_type) : NULL;
	if ((text && !answer->text) ||
	    (content_type && !answer->content_type)) {
		answer_free(answer);
		return NULL;
	}
	return answer;
}

struct answer *answer_new_redirect(const struct qs_config_redirect *from)
{
	return new_answer(from->status, from->to, NULL);
}

struct answer *answer_new_respond(const struct qs_config_respond *from)
{
	return new_answer(from->status, from->body, from->content_type);
}

void answer_free(struct answer *answer)
{
	if (!answer)
		return;
	free(answer->text);
	free(answer->content_type);
	free(answer);
}

static void respond(struct later_work *work)
{
	struct exchange *exchange = exchange_of_later(work);
	const struct answer *answer = exchange->route->answer;
	struct field field;
	size_t count = 0;

	if (answer->text && answer->content_type) {
		field = field_make("content-type", answer->content_type);
		count = 1;
	}
	exchange_answer(exchange, answer->status, &field, count, answer->text,
			answer->text ? strlen(answer->text) : 0);
}

static int begin_respond(struct exchange *exchange,
			 const struct exchange_request *request)
{
	(void)request;
	exchange_defer(exchange, respond);
	return 0;
}

/* There is nothing under way but what exchange_free takes back itself. */
static void cancel_respond(struct exchange *exchange)
{
	(void)exchange;
}

const struct exchange_handler respond_handler = {
	.begin = begin_respond,
	.cancel = cancel_respond,
};

static void redirect(struct later_work *work)
{
	struct exchange *exchange = exchange_of_later(work);
	const struct text *location = exchange->work;
	const struct field field = {"location", strlen("location"),
				    location->data, location->size};

	exchange_answer(exchange, exchange->route->answer->status, &field, 1,
			NULL, 0);
}

/* "//host" would be another site, which only the configuration may name. */
static void drop_double_slash(struct text *location, const char *template)
{
	size_t extra = 0;

	if (!strncmp(template, "//", 2))
		return;
	while (location->size >= extra + 2 && location->data[extra] == '/' &&
	       location->data[extra + 1] == '/')
		extra++;
	location->size -= extra;
	memmove(location->data, location->data + extra, location->size);
}

static int begin_redirect(struct exchange *exchange,
			  const struct exchange_request *request)
{
	const char *template = exchange->route->answer->text;
	struct variables variables;
	struct text *location = calloc(1, sizeof(*location));

	if (!location)
		return -ENOMEM;
	exchange->work = location;
	variables_of(&variables, request, exchange->request_id);
	variables_render(location, template, &variables);
	if (location->failed)
		return -ENOMEM;
	drop_double_slash(location, template);
	exchange_defer(exchange, redirect);
	return 0;
}

static void cancel_redirect(struct exchange *exchange)
{
	struct text *location = exchange->work;

	if (!location)
		return;
	text_free(location);
	free(location);
	exchange->work = NULL;
}

const struct exchange_handler redirect_handler = {
	.begin = begin_redirect,
	.cancel = cancel_redirect,
};

void answer_refuse_method(struct later_work *work)
{
	static const struct field allow = {"allow", 5, "GET, HEAD", 9};

	answer_failure(exchange_of_later(work), 405,
		       "405 Method Not Allowed: this page takes GET and HEAD\n",
		       &allow, 1);
}
