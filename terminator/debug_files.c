/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/debug_files.h"

#include <fcntl.h>
#include <limits.h>
#include <ngtcp2/ngtcp2_crypto.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "loader/lib/log.h"
#include "loader/lib/parse.h"
#include "terminator/conn.h"

enum { SECRET_MAX = 64 };

static const struct qs_config_quic *options_of(const struct conn *conn)
{
	return &conn->quic->options.more;
}

static void count_failure(const struct conn *conn)
{
	conn->quic->stats->counters.debug_file_errors++;
}

void debug_files_warn(const struct qs_config_quic *options)
{
	if (options->qlog_directory)
		log_warn("terminator.quic.qlog_directory: a file for each "
			 "QUIC connection is written to %s: for debugging "
			 "only",
			 options->qlog_directory);
	if (options->keylog_file)
		log_warn("terminator.quic.keylog_file: whoever reads %s can "
			 "decrypt what QUIC clients send and get: for "
			 "debugging only",
			 options->keylog_file);
}

void debug_qlog_open(struct conn *conn, const ngtcp2_cid *original_dcid,
		     const ngtcp2_cid *scid)
{
	char original[2 * NGTCP2_MAX_CIDLEN + 1], own[sizeof(original)];
	const char *directory = options_of(conn)->qlog_directory;
	char path[PATH_MAX];

	conn->qlog_fd = -1;
	if (!directory)
		return;
	qs_format_hex(original, original_dcid->data, original_dcid->datalen);
	qs_format_hex(own, scid->data, scid->datalen);
	if (snprintf(path, sizeof(path), "%s/%s-%s.sqlog", directory, original,
		     own) < (int)sizeof(path))
		conn->qlog_fd = open(
			path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (conn->qlog_fd < 0)
		count_failure(conn);
}

void debug_qlog_write(void *user, uint32_t flags, const void *data, size_t size)
{
	struct conn *conn = user;

	(void)flags;
	/* Instead of how the record of a packet of padding alone begins,
	 * ngtcp2 1.11 gives the record before it, again; that would spoil the
	 * file for its readers. */
	if (size && memchr(data, '\n', size - 1))
		return;
	if (conn->qlog_fd >= 0 && size &&
	    write(conn->qlog_fd, data, size) != (ssize_t)size)
		count_failure(conn);
}

void debug_qlog_close(struct conn *conn)
{
	if (conn->qlog_fd >= 0)
		close(conn->qlog_fd);
	conn->qlog_fd = -1;
}

/* The labels of the SSLKEYLOGFILE format for TLS 1.3. */
static const char *label_of(ngtcp2_encryption_level level, bool tx)
{
	switch (level) {
	case NGTCP2_ENCRYPTION_LEVEL_0RTT:
		return "CLIENT_EARLY_TRAFFIC_SECRET";
	case NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE:
		return tx ? "SERVER_HANDSHAKE_TRAFFIC_SECRET"
			  : "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
	default:
		return tx ? "SERVER_TRAFFIC_SECRET_0"
			  : "CLIENT_TRAFFIC_SECRET_0";
	}
}

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

/* Adds a secret of the connection, ours (tx) or the client's, to the key log,
 * if there is one. */
static void keylog(ngtcp2_conn *ngtcp2, ngtcp2_encryption_level level, bool tx,
		   const uint8_t *secret, size_t size)
{
	ngtcp2_crypto_conn_ref *reference = tls_session_reference(
		ngtcp2_conn_get_tls_native_handle(ngtcp2));
	struct conn *conn = reference->user_data;
	const char *file = options_of(conn)->keylog_file;
	char random_text[2 * TLS_RANDOM_SIZE + 1], text[2 * SECRET_MAX + 1];
	uint8_t random[TLS_RANDOM_SIZE];
	char line[256];
	int length;

	if (!file || !conn->tls || size > SECRET_MAX)
		return;
	tls_session_client_random(conn->tls, random);
	length = snprintf(line, sizeof(line), "%s %s %s\n", label_of(level, tx),
			  qs_format_hex(random_text, random, sizeof(random)),
			  qs_format_hex(text, secret, size));
	if (!add_line(file, line, (size_t)length))
		count_failure(conn);
	explicit_bzero(text, sizeof(text));
	explicit_bzero(line, sizeof(line));
}

int __wrap_ngtcp2_crypto_derive_and_install_rx_key(
	ngtcp2_conn *ngtcp2, uint8_t *key, uint8_t *iv, uint8_t *hp,
	ngtcp2_encryption_level level, const uint8_t *secret, size_t size)
{
	keylog(ngtcp2, level, false, secret, size);
	return __real_ngtcp2_crypto_derive_and_install_rx_key(
		ngtcp2, key, iv, hp, level, secret, size);
}

int __wrap_ngtcp2_crypto_derive_and_install_tx_key(
	ngtcp2_conn *ngtcp2, uint8_t *key, uint8_t *iv, uint8_t *hp,
	ngtcp2_encryption_level level, const uint8_t *secret, size_t size)
{
	keylog(ngtcp2, level, true, secret, size);
	return __real_ngtcp2_crypto_derive_and_install_tx_key(
		ngtcp2, key, iv, hp, level, secret, size);
}
