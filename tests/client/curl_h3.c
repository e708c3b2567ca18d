/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A foreign HTTP/3 client: libcurl on GnuTLS and ngtcp2. Downloads /bytes/N on
 * many connections at once and checks every octet.
 */
#include <curl/curl.h>
#include <getopt.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend/pattern.h"

enum { MAX_CONNECTIONS = 1000, TIMEOUT_S = 100 };

static const char usage[] =
	"usage: curl_h3 --address ADDRESS --port N --ca FILE --octets N\n"
	"               [--connections N]\n"
	"\n"
	"Downloads https://localhost:PORT/bytes/N from ADDRESS by HTTP/3, "
	"each\n"
	"time on a new connection, and prints a line of JSON for each.\n"
	"Exit status: 0 all well, 1 not all, 2 wrong usage, 77 this libcurl "
	"has\n"
	"no HTTP/3.\n";

struct options {
	const char *address;
	const char *port;
	const char *ca_file;
	uint64_t octets;
	unsigned int connections;
};

struct download {
	CURL *easy;
	unsigned int number;
	uint64_t received;
	bool differs;
	char terminator[64];
	char error[CURL_ERROR_SIZE];
};

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct download *download = user;
	size_t i;

	size *= count;
	for (i = 0; i < size; i++) {
		if ((unsigned char)data[i] !=
		    pattern_octet(download->received + i))
			download->differs = true;
	}
	download->received += size;
	return size;
}

static size_t on_header(char *line, size_t size, size_t count, void *user)
{
	struct download *download = user;
	char text[128];

	size *= count;
	if (size >= sizeof(text))
		return size;
	memcpy(text, line, size);
	text[size] = '\0';
	sscanf(text, "via: %*s %63s", download->terminator);
	return size;
}

static void set_up(struct download *download, const struct options *options,
		   struct curl_slist *addresses)
{
	CURL *easy = curl_easy_init();
	char url[128];

	if (!easy) {
		fprintf(stderr, "curl_h3: out of memory\n");
		exit(2);
	}
	snprintf(url, sizeof(url), "https://localhost:%s/bytes/%llu",
		 options->port, (unsigned long long)options->octets);
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
			 (long)CURL_HTTP_VERSION_3ONLY);
	curl_easy_setopt(easy, CURLOPT_CONNECT_TO, addresses);
	/* That one alone: to read all of the system takes long. */
	curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)TIMEOUT_S);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, download);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, download);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, download->error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, download);
	download->easy = easy;
}

/* Tells what is wrong with a finished download, or NULL. */
static const char *judge(const struct download *download, CURLcode result,
			 const struct options *options)
{
	long status = 0, version = 0;

	if (result != CURLE_OK)
		return download->error[0] ? download->error
					  : curl_easy_strerror(result);
	curl_easy_getinfo(download->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(download->easy, CURLINFO_HTTP_VERSION, &version);
	if (version != CURL_HTTP_VERSION_3)
		return "not HTTP/3";
	if (status != 200)
		return "status is not 200";
	if (download->differs)
		return "body differs from the pattern";
	if (download->received != options->octets)
		return "body has another length";
	return NULL;
}

static void report(const struct download *download, const char *failed)
{
	json_t *line =
		json_pack("{s:i, s:b, s:s?, s:s, s:I}", "number",
			  (int)download->number, "ok", failed == NULL, "failed",
			  failed, "terminator", download->terminator,
			  "received", (json_int_t)download->received);

	json_dumpf(line, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(line);
}

/* Reports what has finished. Returns how many of them did well. */
static unsigned int collect(CURLM *multi, const struct options *options)
{
	unsigned int well = 0;
	CURLMsg *message;
	int left;

	while ((message = curl_multi_info_read(multi, &left))) {
		struct download *download;
		const char *failed;

		if (message->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE,
				  &download);
		failed = judge(download, message->data.result, options);
		report(download, failed);
		well += failed == NULL;
	}
	return well;
}

static unsigned int run(const struct options *options)
{
	static struct download downloads[MAX_CONNECTIONS];
	struct curl_slist *addresses;
	CURLM *multi = curl_multi_init();
	unsigned int i, well = 0;
	char address[160];
	int running = 1;

	snprintf(address, sizeof(address), "::%s:%s", options->address,
		 options->port);
	addresses = curl_slist_append(NULL, address);
	for (i = 0; i < options->connections; i++) {
		downloads[i].number = i;
		set_up(&downloads[i], options, addresses);
		curl_multi_add_handle(multi, downloads[i].easy);
	}
	while (running > 0) {
		curl_multi_perform(multi, &running);
		well += collect(multi, options);
		if (running > 0)
			curl_multi_poll(multi, NULL, 0, 100, NULL);
	}
	for (i = 0; i < options->connections; i++) {
		curl_multi_remove_handle(multi, downloads[i].easy);
		curl_easy_cleanup(downloads[i].easy);
	}
	curl_multi_cleanup(multi);
	curl_slist_free_all(addresses);
	return well;
}

static bool parse(struct options *options, int argc, char **argv)
{
	static const struct option table[] = {
		{"address", required_argument, NULL, 'a'},
		{"port", required_argument, NULL, 'p'},
		{"ca", required_argument, NULL, 'c'},
		{"octets", required_argument, NULL, 'o'},
		{"connections", required_argument, NULL, 'n'},
		{0},
	};
	int option;

	*options = (struct options){.connections = 1};
	while ((option = getopt_long(argc, argv, "", table, NULL)) != -1) {
		switch (option) {
		case 'a':
			options->address = optarg;
			break;
		case 'p':
			options->port = optarg;
			break;
		case 'c':
			options->ca_file = optarg;
			break;
		case 'o':
			options->octets = strtoull(optarg, NULL, 10);
			break;
		case 'n':
			options->connections =
				(unsigned int)strtoul(optarg, NULL, 10);
			break;
		default:
			return false;
		}
	}
	return options->address && options->port && options->ca_file &&
	       options->octets > 0 && options->connections > 0 &&
	       options->connections <= MAX_CONNECTIONS;
}

int main(int argc, char **argv)
{
	struct options options;

	if (!parse(&options, argc, argv)) {
		fputs(usage, stderr);
		return 2;
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	if (!(curl_version_info(CURLVERSION_NOW)->features &
	      CURL_VERSION_HTTP3)) {
		fprintf(stderr,
			"curl_h3: libcurl %s has no HTTP/3; put one that has "
			"first into LD_LIBRARY_PATH\n",
			curl_version_info(CURLVERSION_NOW)->version);
		return 77;
	}
	return run(&options) == options.connections ? 0 : 1;
}
