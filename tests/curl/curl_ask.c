/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A foreign client for single requests, by HTTP/3 or HTTP/1.1: reads requests
 * as lines of JSON and prints each response as one. Connections are kept.
 *
 * Request:  {"url": TEXT, "connect": "HOST:PORT", "ca": FILE, "http": 3 or 1,
 *	      "method": TEXT, "fields": ["name: value", ...], "body": TEXT,
 *	      "file": where the response's body goes}
 * Response: {"error": TEXT or null, "status": N, "version": N,
 *	      "fields": [[name, value], ...], "size": N, "body": TEXT or null}
 * The body is null if it is in a file, is no UTF-8 or has more than 64 KiB.
 */
#include <ctype.h>
#include <curl/curl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 64 * 1024, TIMEOUT_S = 240, IDLE_S = 20 };

struct answer {
	FILE *file;
	json_t *fields;
	size_t size;
	char body[BODY_MAX];
	char error[CURL_ERROR_SIZE];
};

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct answer *answer = user;

	size *= count;
	if (answer->file && fwrite(data, 1, size, answer->file) != size)
		return 0;
	if (answer->size + size <= BODY_MAX)
		memcpy(answer->body + answer->size, data, size);
	answer->size += size;
	return size;
}

/* What libcurl says of a failure, as precisely as it does; NULL of none. */
static const char *failure(const struct answer *answer, CURLcode result)
{
	if (result == CURLE_OK)
		return NULL;
	return answer->error[0] ? answer->error : curl_easy_strerror(result);
}

/* Name in lower case, value without blanks around. */
static void add_field(json_t *fields, char *line)
{
	char *value = strchr(line, ':');

	if (!value)
		return;
	*value++ = '\0';
	value += strspn(value, " ");
	value[strcspn(value, "\r\n")] = '\0';
	for (char *c = line; *c; c++)
		*c = (char)tolower((unsigned char)*c);
	json_array_append_new(fields, json_pack("[s, s]", line, value));
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	struct answer *answer = user;
	char *text = strndup(line, size * count);

	/* Of several header sections the last one counts. */
	if (text && !strncmp(text, "HTTP/", 5))
		json_array_clear(answer->fields);
	else if (text)
		add_field(answer->fields, text);
	free(text);
	return size * count;
}

static const char *text_of(json_t *request, const char *key)
{
	return json_string_value(json_object_get(request, key));
}

struct lists {
	struct curl_slist *fields;
	struct curl_slist *addresses;
};

static void set_up(CURL *easy, json_t *request, struct lists *lists)
{
	const char *method = text_of(request, "method");
	const char *body = text_of(request, "body");
	const char *connect = text_of(request, "connect");
	bool h3 = json_integer_value(json_object_get(request, "http")) == 3;
	char address[160];
	json_t *field;
	size_t i;

	json_array_foreach(json_object_get(request, "fields"), i, field)
		lists->fields =
		curl_slist_append(lists->fields, json_string_value(field));
	if (connect) {
		snprintf(address, sizeof(address), "::%s", connect);
		lists->addresses = curl_slist_append(NULL, address);
	}
	curl_easy_setopt(easy, CURLOPT_URL, text_of(request, "url"));
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 h3 ? (long)CURL_HTTP_VERSION_3ONLY
			    : (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, lists->addresses);
	/* That one alone: to read all of the system takes long. */
	curl_easy_setopt(easy, CURLOPT_CAINFO, text_of(request, "ca"));
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	/* After 30 s without a request the terminator has forgotten the
	 * connection, which libcurl would notice when it has sent another. */
	curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, lists->fields);
	if (body)
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
	if (method && !strcmp(method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (method)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void report(CURL *easy, struct answer *answer, CURLcode result)
{
	long status = 0, version = 0;
	json_t *body = NULL, *line;

	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(easy, CURLINFO_HTTP_VERSION, &version);
	if (!answer->file && answer->size <= BODY_MAX)
		body = json_stringn(answer->body, answer->size);
	line = json_pack("{s:s?, s:i, s:i, s:O, s:I, s:o*}", "error",
			 failure(answer, result), "status", (int)status,
			 "version", version == CURL_HTTP_VERSION_3 ? 3 : 1,
			 "fields", answer->fields, "size",
			 (json_int_t)answer->size, "body", body);
	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	fflush(stdout);
	json_decref(line);
}

static bool ask(CURL *easy, json_t *request)
{
	static struct answer answer;
	const char *file = text_of(request, "file");
	struct lists lists = {0};
	CURLcode result;

	answer.file = file ? fopen(file, "wb") : NULL;
	if (file && !answer.file)
		return false;
	/* Others look at it while it comes. */
	if (answer.file)
		setvbuf(answer.file, NULL, _IONBF, 0);
	answer.fields = json_array();
	answer.size = 0;
	answer.error[0] = '\0';
	/* Keeps the connections. */
	curl_easy_reset(easy);
	set_up(easy, request, &lists);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, &answer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, &answer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, answer.error);
	result = curl_easy_perform(easy);
	if (answer.file)
		fclose(answer.file);
	report(easy, &answer, result);
	json_decref(answer.fields);
	curl_slist_free_all(lists.fields);
	curl_slist_free_all(lists.addresses);
	return true;
}

int main(void)
{
	char *line = NULL;
	size_t size = 0;
	CURL *easy;

	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (!(curl_version_info(CURLVERSION_NOW)->features &
	      CURL_VERSION_HTTP3)) {
		fprintf(stderr, "curl_ask: this libcurl has no HTTP/3; put one "
				"that has first into LD_LIBRARY_PATH\n");
		return 77;
	}
	easy = curl_easy_init();
	while (easy && getline(&line, &size, stdin) > 0) {
		json_t *request = json_loads(line, 0, NULL);

		if (!request || !ask(easy, request)) {
			fprintf(stderr, "curl_ask: not a request: %s\n", line);
			return 2;
		}
		json_decref(request);
	}
	free(line);
	curl_easy_cleanup(easy);
	return 0;
}
