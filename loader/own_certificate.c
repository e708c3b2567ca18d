/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/own_certificate.h"
#include "loader/certificate_expiry.h"
#include "loader/client.h"
#include "loader/message.h"
#include "loader/self_signed.h"
#include "loader/lib/key_file.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RENEW_DAYS = 30,
	DAY_S = 86400,
	NAMES_MAX = QS_CONFIG_MAX_SELF_SIGNED,
	LINE_SIZE = NAMES_MAX * 256 + 64, /* the file's first line */
};

/* So that openssl, too, reads the file, names are in a line before the PEM. */
static const char line_start[] = "Self-signed, made by quicsteer-loader for:";

struct names {
	char addresses[QS_MAX_VIPS][INET6_ADDRSTRLEN];
	const char *names[NAMES_MAX];
	size_t count;
};

static void add(struct names *names, const char *name)
{
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->names[i], name))
			return;
	if (names->count < NAMES_MAX)
		names->names[names->count++] = name;
	else
		log_warn("the self-signed certificate is not for %s: it is for "
			 "%d names already; terminator.self_signed_names can "
			 "choose",
			 name, NAMES_MAX);
}

static void add_vip(struct names *names, const struct qs_vip_key *vip,
		    char text[INET6_ADDRSTRLEN])
{
	if (qs_endpoint_is_any(vip)) {
		add(names, "127.0.0.1");
		add(names, "::1");
		return;
	}
	if (qs_endpoint_is_v4(vip))
		inet_ntop(AF_INET, vip->address + 12, text, INET6_ADDRSTRLEN);
	else
		inet_ntop(AF_INET6, vip->address, text, INET6_ADDRSTRLEN);
	add(names, text);
}

static void list_names(struct names *names, const struct qs_config *config)
{
	const struct qs_config_terminator *terminator = &config->terminator;

	names->count = 0;
	for (size_t i = 0; i < terminator->self_signed_name_count; i++)
		add(names, terminator->self_signed_names[i]);
	if (names->count)
		return;
	add(names, "localhost");
	for (size_t i = 0; i < config->loader.vip_count; i++)
		add_vip(names, &config->loader.vips[i], names->addresses[i]);
	for (size_t i = 0; i < config->route_count; i++)
		if (config->routes[i].host)
			add(names, config->routes[i].host);
}

static void format_line(const struct names *names, char line[LINE_SIZE])
{
	int length = snprintf(line, LINE_SIZE, "%s", line_start);

	for (size_t i = 0; i < names->count; i++)
		length += snprintf(line + length, LINE_SIZE - length, " %s",
				   names->names[i]);
	snprintf(line + length, LINE_SIZE - length, "\n");
}

/* Whether the open file is a certificate as the line says. */
static bool is_for(int fd, const char *line)
{
	size_t length = strlen(line);
	char *there = malloc(length);
	bool same = there && pread(fd, there, length, 0) == (ssize_t)length &&
		    !memcmp(there, line, length);

	free(there);
	return same;
}

static int make(const char *path, const struct names *names, const char *line,
		const char **ret_error)
{
	char *pem = self_signed_make(names->names, names->count, time(NULL),
				     ret_error),
	     *text = NULL;
	int length, error;

	if (!pem)
		return -EIO;
	length = asprintf(&text, "%s%s", line, pem);
	self_signed_free(pem);
	if (length < 0)
		error = -ENOMEM;
	else
		error = qs_secret_write(path, text, length, true);
	if (length >= 0)
		self_signed_free(text);
	*ret_error = strerror(-error);
	return error;
}

/* When it is to be renewed; at once, if it cannot be read. */
static time_t renewal_time(const char *path)
{
	const char *error;
	time_t end;

	if (certificate_expiry(path, &end, &error))
		return 0;
	return end - RENEW_DAYS * (time_t)DAY_S;
}

/* Opens the file, which it makes if there is no good one. Returns a descriptor
 * or -errno. */
static int open_or_make(const char *path, const struct names *names,
			const char *line, const char **ret_error)
{
	__u64 modified_s;
	int fd = qs_secret_open(path, &modified_s), error;

	if (fd >= 0) {
		if (time(NULL) < renewal_time(path) && is_for(fd, line))
			return fd;
		close(fd);
	} else if (fd != -ENOENT) {
		*ret_error = fd == -EACCES ? "others than the loader's user "
					     "may read or write it"
					   : strerror(-fd);
		return fd;
	}
	error = make(path, names, line, ret_error);
	if (error)
		return error;
	log_info("made a new self-signed certificate");
	fd = qs_secret_open(path, &modified_s);
	if (fd < 0)
		*ret_error = strerror(-fd);
	return fd;
}

void own_certificate_init(struct own_certificate *own, const char *state_dir)
{
	*own = (struct own_certificate){.fd = -1};
	snprintf(own->path, sizeof(own->path), "%s/self-signed.pem", state_dir);
}

/* Sees that the file is there, is for these names and holds. Returns 0, or -1
 * with `text`; then all is as it was. */
static int keep(struct own_certificate *own, const struct names *names,
		const char *line, char *text, size_t size)
{
	const char *error = strerror(ENOMEM);
	char *copy = strdup(line);
	int fd = copy ? open_or_make(own->path, names, line, &error) : -ENOMEM;

	if (fd < 0) {
		free(copy);
		snprintf(text, size,
			 "%s: the self-signed certificate cannot be made or "
			 "read: %s; or set terminator.certificate",
			 own->path, error);
		return -1;
	}
	own_certificate_close(own);
	own->fd = fd;
	own->line = copy;
	own->renew_at = renewal_time(own->path);
	return 0;
}

int own_certificate_need(struct own_certificate *own,
			 const struct qs_config *config, char *text,
			 size_t size)
{
	static struct names names;
	static char line[LINE_SIZE];

	if (!config || !qs_config_self_signed(config))
		return 0;
	list_names(&names, config);
	format_line(&names, line);
	if (keep(own, &names, line, text, size))
		return -1;
	line[strlen(line) - 1] = '\0';
	log_warn("terminator.certificate is not set: clients get a self-signed "
		 "certificate, which none trusts by itself, for%.900s; it is "
		 "kept in %s",
		 line + sizeof(line_start) - 1, own->path);
	return 0;
}

bool own_certificate_is_due(const struct own_certificate *own, time_t now)
{
	return own->fd >= 0 && now >= own->renew_at;
}

int own_certificate_renew(struct own_certificate *own, char *text, size_t size)
{
	struct names names = {};
	char *line = strdup(own->line), *words = strdup(own->line), *rest;
	int error = -1;

	if (line && words) {
		strtok_r(words + sizeof(line_start) - 1, " \n", &rest);
		for (char *name = words + sizeof(line_start); name;
		     name = strtok_r(NULL, " \n", &rest))
			add(&names, name);
		error = keep(own, &names, line, text, size);
	} else {
		snprintf(text, size, "out of memory");
	}
	free(line);
	free(words);
	return error;
}

int own_certificate_send(const struct own_certificate *own, int fd)
{
	const struct qs_certificate message = {
		.header = message_header(QS_MESSAGE_CERTIFICATE),
	};

	if (own->fd < 0)
		return 0;
	return message_send(fd, &message, sizeof(message), &own->fd, 1);
}

void own_certificate_send_all(const struct own_certificate *own,
			      const struct control *control)
{
	for (struct client *client = control->clients; client;
	     client = client->next) {
		int error = 0;

		if (client->slot != CLIENT_NO_SLOT)
			error = own_certificate_send(own, client->fd);
		if (error)
			log_warn("cannot give terminator %s (pid %d) the "
				 "self-signed certificate: %s",
				 client_name(client), client->peer.pid,
				 strerror(-error));
	}
}

void own_certificate_close(struct own_certificate *own)
{
	if (own->fd >= 0)
		close(own->fd);
	free(own->line);
	own->fd = -1;
	own->line = NULL;
}
