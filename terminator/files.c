/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loader/lib/log.h"
#include "terminator/answer.h"
#include "terminator/fields.h"
#include "terminator/files_path.h"
#include "terminator/files_private.h"

static const struct files_refusal options = {204, NULL};
static const struct files_refusal not_allowed = {
	405, "405 Method Not Allowed: files take GET and HEAD\n"};
static const struct files_refusal bad_path = {
	400, "400 Bad Request: the path is not properly encoded\n"};
static const struct files_refusal not_found = {
	404, "404 Not Found: there is no such file\n"};
static const struct files_refusal forbidden = {
	403, "403 Forbidden: the file may not be read\n"};
static const struct files_refusal not_readable = {
	500, "500 Internal Server Error: the file cannot be read\n"};

/* What conditions_check, byte_ranges_parse and variants need. */
static const char *const kept[] = {
	"if-match", "if-none-match", "if-modified-since", "if-unmodified-since",
	"if-range", "range",
};

struct files *files_new(const struct qs_config_files *from, const char *path)
{
	struct files *files = calloc(1, sizeof(*files));

	if (!files)
		return NULL;
	files->references = 1;
	files->root = strdup(from->root);
	files->index = strdup(from->index);
	files->prefix = strdup(path);
	files->cache_control =
		from->cache_control ? strdup(from->cache_control) : NULL;
	files->precompressed = from->precompressed;
	files->hidden = from->hidden;
	if (files->root && files->index && files->prefix &&
	    (files->cache_control || !from->cache_control))
		return files;
	files_unref(files);
	return NULL;
}

void files_unref(struct files *files)
{
	if (!files || --files->references)
		return;
	free(files->root);
	free(files->index);
	free(files->prefix);
	free(files->cache_control);
	free(files);
}

static void free_work(struct files_work *work)
{
	if (work->open.fd >= 0)
		close(work->open.fd);
	files_unref(work->files);
	field_list_free(&work->fields);
	free(work->location);
	free(work->name);
	free(work->piece);
	free(work);
}

static void on_done(uv_work_t *job, int status)
{
	struct files_work *work = job->data;

	work->busy = false;
	if (!work->exchange)
		free_work(work);
	else if (status == 0)
		work->done(work);
}

void files_start(struct files_work *work, uv_work_cb run,
		 void (*done)(struct files_work *work))
{
	work->busy = true;
	work->done = done;
	work->job.data = work;
	uv_queue_work(work->exchange->shared->loop, &work->job, run, on_done);
}

static void refuse(struct exchange *exchange,
		   const struct files_refusal *refusal)
{
	static const char allow[] = "GET, HEAD, OPTIONS";
	const struct field field = {"allow", strlen("allow"), allow,
				    strlen(allow)};
	bool has_allow = refusal->status == 204 || refusal->status == 405;

	if (refusal->text)
		answer_failure(exchange, refusal->status, refusal->text, &field,
			       has_allow);
	else
		exchange_answer(exchange, refusal->status, &field, has_allow,
				NULL, 0);
}

static void refuse_later(struct later_work *later)
{
	struct exchange *exchange = exchange_of_later(later);
	const struct files_work *work = exchange->work;

	refuse(exchange, work->refusal);
}

void files_broken(struct files_work *work, const char *what)
{
	struct exchange *exchange = work->exchange;

	log_warn("%s/%s: %s", work->files->root, work->name, what);
	exchange->shared->stats->counters.file_errors++;
	if (exchange->head_told)
		exchange_failed(exchange, EXCHANGE_FAILURE_FILE);
	else
		refuse(exchange, &not_readable);
}

static void redirect(struct files_work *work)
{
	const struct field field = {"location", strlen("location"),
				    work->location, strlen(work->location)};

	exchange_answer(work->exchange, 301, &field, 1, NULL, 0);
}

static void on_opened(struct files_work *work)
{
	switch (work->opened) {
	case 0:
		files_head(work);
		break;
	case -EISDIR:
		redirect(work);
		break;
	case -ENOENT:
		refuse(work->exchange, &not_found);
		break;
	case -EACCES:
	case -EPERM:
		refuse(work->exchange, &forbidden);
		break;
	default:
		files_broken(work, strerror(-work->opened));
	}
}

static void run_open(uv_work_t *job)
{
	struct files_work *work = job->data;

	work->opened = files_open_run(&work->open);
}

/* A thread is needed only for what is not in the caches. */
static void open_later(struct later_work *later)
{
	struct files_work *work = exchange_of_later(later)->work;

	work->open.cached = true;
	work->opened = files_open_run(&work->open);
	work->open.cached = false;
	if (work->opened == -EAGAIN)
		files_start(work, run_open, on_opened);
	else
		on_opened(work);
}

/* The name of the file, from what follows the route's path. */
static int read_path(const struct files *files, const char *path, size_t size,
		     struct files_path *ret_path)
{
	size_t prefix = strlen(files->prefix);
	bool slash = files->prefix[prefix - 1] == '/';

	if (size < prefix || (size == prefix && !slash))
		return files_path_read(ret_path, "", 0, true, files->hidden);
	path += prefix;
	size -= prefix;
	if (!slash && *path != '/')
		return -ENOENT;
	return files_path_read(ret_path, path + !slash, size - !slash, false,
			       files->hidden);
}

/* "/directory?query" with a slash before the query. */
static char *make_location(const struct field *path, size_t path_size)
{
	char *location = malloc(path->value_size + 2);

	if (!location)
		return NULL;
	memcpy(location, path->value, path_size);
	location[path_size] = '/';
	memcpy(location + path_size + 1, path->value + path_size,
	       path->value_size - path_size);
	location[path->value_size + 1] = '\0';
	return location;
}

static int keep_path(struct files_work *work, const struct field *path)
{
	const char *query = memchr(path->value, '?', path->value_size);
	size_t size = query ? (size_t)(query - path->value) : path->value_size;
	struct files_path found;
	int result = read_path(work->files, path->value, size, &found);

	if (result) {
		work->refusal = result == -EINVAL ? &bad_path : &not_found;
		return 0;
	}
	work->open.is_directory = found.is_directory;
	work->name = strdup(found.name);
	work->location = make_location(path, size);
	return work->name && work->location ? 0 : -ENOMEM;
}

static int keep_fields(struct files_work *work,
		       const struct exchange_request *request)
{
	accept_encoding_read(&work->open.accept, request->fields,
			     request->field_count);
	for (size_t i = 0; i < request->field_count; i++)
		for (size_t j = 0; j < sizeof(kept) / sizeof(*kept); j++)
			if (field_is(&request->fields[i], kept[j]) &&
			    field_list_add(&work->fields, &request->fields[i]) <
				    0)
				return -ENOMEM;
	return 0;
}

static int prepare(struct files_work *work,
		   const struct exchange_request *request)
{
	if (field_value_is(&request->method, "OPTIONS"))
		work->refusal = &options;
	else if (!field_value_is(&request->method, "GET") &&
		 !field_value_is(&request->method, "HEAD"))
		work->refusal = &not_allowed;
	if (work->refusal)
		return 0;
	if (keep_path(work, &request->path) < 0)
		return -ENOMEM;
	return keep_fields(work, request);
}

static int begin(struct exchange *exchange,
		 const struct exchange_request *request)
{
	struct files *files = exchange->route->files;
	struct files_work *work = calloc(1, sizeof(*work));

	if (!work)
		return -ENOMEM;
	exchange->work = work;
	work->exchange = exchange;
	work->files = files;
	files->references++;
	work->open.fd = -1;
	work->open.root = files->root;
	work->open.index = files->index;
	work->open.precompressed = files->precompressed;
	if (prepare(work, request) < 0)
		return -ENOMEM;
	work->open.name = work->name;
	exchange_defer(exchange, work->refusal ? refuse_later : open_later);
	return 0;
}

static void send_later(struct later_work *later)
{
	struct exchange *exchange = exchange_of_later(later);

	/* What a thread read meanwhile may have been the last piece. */
	if (exchange->work)
		files_send(exchange->work);
}

static void response_space(struct exchange *exchange)
{
	const struct files_work *work = exchange->work;
	const struct body *body = &exchange->response_body;

	if (!work->busy && body_is_low(body))
		exchange_defer(exchange, send_later);
}

static void cancel(struct exchange *exchange)
{
	struct files_work *work = exchange->work;

	exchange->work = NULL;
	if (!work)
		return;
	work->exchange = NULL;
	if (!work->busy)
		free_work(work);
}

const struct exchange_handler files_handler = {
	.begin = begin,
	.response_space = response_space,
	.cancel = cancel,
};
