/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/exporter.h"
#include "loader/metrics.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 16, MAX_CONNECTIONS = 16, TIMEOUT_SECONDS = 10 };

static socklen_t socket_address(const struct qs_vip_key *endpoint,
				struct sockaddr_storage *address)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (qs_endpoint_is_v4(endpoint)) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(endpoint->port);
		memcpy(&v4->sin_addr, endpoint->address + 12, 4);
		return sizeof(*v4);
	}
	v6->sin6_family = AF_INET6;
	v6->sin6_port = htons(endpoint->port);
	memcpy(&v6->sin6_addr, endpoint->address, 16);
	return sizeof(*v6);
}

int exporter_listen(struct exporter *exporter, const struct qs_vip_key *address)
{
	struct sockaddr_storage storage;
	socklen_t length = socket_address(address, &storage);
	char text[QS_ENDPOINT_TEXT];
	int yes = 1;
	int fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*exporter = (struct exporter){.listener = -1};
	if (fd >= 0 &&
	    !setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) &&
	    !bind(fd, (struct sockaddr *)&storage, length) &&
	    !listen(fd, BACKLOG)) {
		exporter->listener = fd;
		return 0;
	}
	log_error("cannot listen on the metrics address %s: %s (choose another "
		  "by --metrics, or none)",
		  qs_format_endpoint(text, address), strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

static enum MHD_Result answer(struct MHD_Connection *connection, int status,
			      const char *type, char *text, size_t length,
			      enum MHD_ResponseMemoryMode memory)
{
	struct MHD_Response *response =
		MHD_create_response_from_buffer(length, text, memory);
	enum MHD_Result result;

	if (!response) {
		if (memory == MHD_RESPMEM_MUST_FREE)
			free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW,
					"GET, HEAD");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_error(struct MHD_Connection *connection,
				    int status, char *text)
{
	return answer(connection, status, "text/plain", text, strlen(text),
		      MHD_RESPMEM_PERSISTENT);
}

static enum MHD_Result on_request(void *data, struct MHD_Connection *connection,
				  const char *url, const char *method,
				  const char *version, const char *body,
				  size_t *body_size, void **state)
{
	struct exporter *exporter = data;
	char *text;
	size_t length;

	(void)version, (void)body, (void)state;
	*body_size = 0;
	if (strcmp(method, MHD_HTTP_METHOD_GET) &&
	    strcmp(method, MHD_HTTP_METHOD_HEAD))
		return answer_error(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
				    "only GET and HEAD\n");
	if (strcmp(url, "/metrics"))
		return answer_error(connection, MHD_HTTP_NOT_FOUND,
				    "only /metrics is here\n");
	if (metrics_text(exporter->maps, exporter->totals, exporter->config,
			 &text, &length))
		return answer_error(connection, MHD_HTTP_INTERNAL_SERVER_ERROR,
				    "cannot read the maps\n");
	return answer(connection, MHD_HTTP_OK,
		      "text/plain; version=0.0.4; charset=utf-8", text, length,
		      MHD_RESPMEM_MUST_FREE);
}

int exporter_start(struct exporter *exporter, const struct qs_maps *maps,
		   struct totals *totals, struct metrics_config *config)
{
	exporter->maps = maps;
	exporter->config = config;
	exporter->totals = totals;
	exporter->daemon = MHD_start_daemon(
		MHD_USE_AUTO_INTERNAL_THREAD, 0, NULL, NULL, on_request,
		exporter, MHD_OPTION_LISTEN_SOCKET, exporter->listener,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned int)MAX_CONNECTIONS,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned int)TIMEOUT_SECONDS,
		MHD_OPTION_END);
	if (!exporter->daemon) {
		log_error("cannot start the metrics thread: %s",
			  strerror(errno));
		return -1;
	}
	exporter->listener = -1; /* libmicrohttpd closes it from now on */
	return 0;
}

void exporter_close(struct exporter *exporter)
{
	if (exporter->daemon)
		MHD_stop_daemon(exporter->daemon);
	if (exporter->listener >= 0)
		close(exporter->listener);
	*exporter = (struct exporter){.listener = -1};
}
