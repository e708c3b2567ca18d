/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A foreign HTTP/3 client for people: libcurl on GnuTLS and ngtcp2. Fetches a
 * URL by HTTP/3 and nothing else; the curl command of Debian cannot.
 */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const char usage[] =
	"usage: h3get [--cacert FILE] [--include] https://HOST:PORT/PATH\n"
	"\n"
	"Prints the body, with --include the status and header first.\n"
	"Exit status: 0 a response came, 1 none came, 2 wrong usage.\n";

struct request {
	const char *url;
	const char *ca_file;
	bool include;
};

static bool parse(struct request *request, int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--cacert") && i + 1 < argc)
			request->ca_file = argv[++i];
		else if (!strcmp(argv[i], "--include"))
			request->include = true;
		else if (argv[i][0] != '-' && !request->url)
			request->url = argv[i];
		else
			return false;
	}
	return request->url;
}

static int fetch(const struct request *request)
{
	char error[CURL_ERROR_SIZE] = "";
	CURL *easy = curl_easy_init();
	CURLcode code;

	if (!easy)
		return 1;
	curl_easy_setopt(easy, CURLOPT_URL, request->url);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_3ONLY);
	curl_easy_setopt(easy, CURLOPT_HEADER, request->include ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, 10L);
	if (request->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, request->ca_file);
	code = curl_easy_perform(easy);
	curl_easy_cleanup(easy);
	if (code == CURLE_OK)
		return 0;
	fprintf(stderr, "h3get: %s: %s\n", request->url,
		*error ? error : curl_easy_strerror(code));
	return 1;
}

int main(int argc, char **argv)
{
	struct request request = {0};
	int status;

	if (!parse(&request, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	status = fetch(&request);
	curl_global_cleanup();
	return status;
}
