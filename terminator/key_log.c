/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "terminator/key_log.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/lib/parse.h"

enum { RANDOM_SIZE = 32, SECRET_MAX = 64 };

static const char *const labels[] = {
	[CLIENT_EARLY_TRAFFIC_SECRET] = "CLIENT_EARLY_TRAFFIC_SECRET",
	[CLIENT_HANDSHAKE_TRAFFIC_SECRET] = "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
	[SERVER_HANDSHAKE_TRAFFIC_SECRET] = "SERVER_HANDSHAKE_TRAFFIC_SECRET",
	[CLIENT_TRAFFIC_SECRET] = "CLIENT_TRAFFIC_SECRET_0",
	[SERVER_TRAFFIC_SECRET] = "SERVER_TRAFFIC_SECRET_0",
	[EARLY_EXPORTER_SECRET] = "EARLY_EXPORTER_SECRET",
	[EXPORTER_SECRET] = "EXPORTER_SECRET",
};

/* Whole lines, also when several terminators write to one file. */
static bool add_line(const char *file, const char *line, size_t size)
{
	int fd = open(file,
		      O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
		      0600);
	bool done = fd >= 0 && write(fd, line, size) == (ssize_t)size;

	if (fd >= 0)
		close(fd);
	return done;
}

static void add(struct key_log *log, const char *label, const uint8_t *random,
		const uint8_t *secret, size_t size)
{
	char random_text[2 * RANDOM_SIZE + 1], text[2 * SECRET_MAX + 1];
	char line[256];
	int length;

	if (!log->file || size > SECRET_MAX)
		return;
	length = snprintf(line, sizeof(line), "%s %s %s\n", label,
			  qs_format_hex(random_text, random, RANDOM_SIZE),
			  qs_format_hex(text, secret, size));
	if (!add_line(log->file, line, (size_t)length))
		(*log->failures)++;
	explicit_bzero(text, sizeof(text));
	explicit_bzero(line, sizeof(line));
}

/* wolfSSL's call for each secret of TLS 1.3. */
static int on_secret(WOLFSSL *ssl, int id, const unsigned char *secret,
		     int size, void *user)
{
	uint8_t random[RANDOM_SIZE];

	if (wolfSSL_get_client_random(ssl, random, sizeof(random)) ==
	    sizeof(random))
		add(user, labels[id], random, secret, (size_t)size);
	return 0;
}

void key_log_watch(struct WOLFSSL *ssl, struct key_log *log)
{
	wolfSSL_set_tls13_secret_cb(ssl, on_secret, log);
	wolfSSL_KeepArrays(ssl);
}

void key_log_done(struct WOLFSSL *ssl, struct key_log *log)
{
	unsigned char *secret, *server_random, *random;
	unsigned int size, random_size, server_random_size;

	if (wolfSSL_version(ssl) != TLS1_3_VERSION &&
	    wolfSSL_get_keys(ssl, &secret, &size, &server_random,
			     &server_random_size, &random,
			     &random_size) == WOLFSSL_SUCCESS)
		add(log, "CLIENT_RANDOM", random, secret, size);
	wolfSSL_FreeArrays(ssl);
}
