/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Files for those who look into single QUIC connections: qlog, one a
 * connection, and TLS secrets in the form of SSLKEYLOGFILE, with which recorded
 * packets can be decrypted. Both are off unless the configuration names where
 * to write; then they are written at once, from the event loop. Failures are
 * counted and harm nothing else.
 */
#ifndef TERMINATOR_DEBUG_FILES_H
#define TERMINATOR_DEBUG_FILES_H

#include <ngtcp2/ngtcp2.h>

#include "terminator/quic.h"

struct conn;

/* debug_files_warn says in the log what is on. */
void debug_files_warn(const struct qs_config_quic *options);

/* debug_qlog_open creates conn->qlog_fd, for ngtcp2's settings.qlog_write to
 * be debug_qlog_write. It stays -1 if qlog is off or the file cannot be made.
 */
void debug_qlog_open(struct conn *conn, const ngtcp2_cid *original_dcid,
		     const ngtcp2_cid *scid);
void debug_qlog_write(void *conn, uint32_t flags, const void *data,
		      size_t size);
void debug_qlog_close(struct conn *conn);

/* What the linker puts in the place of ngtcp2_crypto's functions of these
 * names (--wrap, see rules.mk), since the wolfSSL that deploy/deps builds has
 * no callback for secrets: each adds its secret to the key log, if there is
 * one. Nobody else calls them. */
int __real_ngtcp2_crypto_derive_and_install_rx_key(
	ngtcp2_conn *ngtcp2, uint8_t *key, uint8_t *iv, uint8_t *hp,
	ngtcp2_encryption_level level, const uint8_t *secret, size_t size);
int __real_ngtcp2_crypto_derive_and_install_tx_key(
	ngtcp2_conn *ngtcp2, uint8_t *key, uint8_t *iv, uint8_t *hp,
	ngtcp2_encryption_level level, const uint8_t *secret, size_t size);
int __wrap_ngtcp2_crypto_derive_and_install_rx_key(
	ngtcp2_conn *ngtcp2, uint8_t *key, uint8_t *iv, uint8_t *hp,
	ngtcp2_encryption_level level, const uint8_t *secret, size_t size);
int __wrap_ngtcp2_crypto_derive_and_install_tx_key(
	ngtcp2_conn *ngtcp2, uint8_t *key, uint8_t *iv, uint8_t *hp,
	ngtcp2_encryption_level level, const uint8_t *secret, size_t size);

#endif
