/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS secrets in the form of SSLKEYLOGFILE (the key log format of NSS), with
 * which recorded packets can be decrypted. For debugging only; written at once,
 * from the event loop.
 */
#ifndef TERMINATOR_KEY_LOG_H
#define TERMINATOR_KEY_LOG_H

#include <linux/types.h>

struct WOLFSSL;

struct key_log {
	char *file;	 /* added to, made with mode 0600; NULL: off */
	__u64 *failures; /* counts what could not be written */
};

/* key_log_watch has the secrets of a session, which has not begun its
 * handshake, added to the file. `log` must outlive the session. */
void key_log_watch(struct WOLFSSL *ssl, struct key_log *log);

/* key_log_done adds what a session over TCP comes to have with its handshake's
 * end: the one secret of TLS 1.2. To be called then; does nothing for one that
 * is not watched. */
void key_log_done(struct WOLFSSL *ssl, struct key_log *log);

#endif
