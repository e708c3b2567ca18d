/* SPDX-License-Identifier: GPL-2.0-only */
/* TLS 1.3 and 1.2 over a TCP socket that does not block. */
#ifndef TERMINATOR_STREAM_TLS_H
#define TERMINATOR_STREAM_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "terminator/tls.h"

struct stream_tls; /* WOLFSSL */

/* stream_tls_new begins a session on the socket, which stays the caller's and
 * must outlive it. Returns NULL when memory is short. */
struct stream_tls *stream_tls_new(struct tls *tls, int fd);

/* All below return -EAGAIN if the socket must become readable first,
 * -EINPROGRESS if it must become writable, -ECONNRESET if the client is gone,
 * and -EPROTO if TLS failed; an alert has been sent then. */

/* stream_tls_handshake goes on with the handshake. Returns 0 when it is done.
 */
int stream_tls_handshake(struct stream_tls *tls);

/* stream_tls_read returns how many octets it read; 0 is their end. */
ssize_t stream_tls_read(struct stream_tls *tls, void *data, size_t size);

/* stream_tls_write returns how many of the octets it took. After a failure that
 * asks to wait, the same octets must come again. */
ssize_t stream_tls_write(struct stream_tls *tls, const void *data, size_t size);

/* stream_tls_pending tells whether octets can be read that the socket does not
 * show any more. */
bool stream_tls_pending(struct stream_tls *tls);

/* stream_tls_end says that nothing follows (close_notify), if it can. */
void stream_tls_end(struct stream_tls *tls);

/* stream_tls_is_h2 tells, after the handshake, whether the client wants HTTP/2
 * (ALPN); else it is HTTP/1.1. */
bool stream_tls_is_h2(struct stream_tls *tls);

/* stream_tls_is_resumed tells whether a ticket of ours was used. */
bool stream_tls_is_resumed(struct stream_tls *tls);

/* stream_tls_version tells that of TLS, as "1.3". */
const char *stream_tls_version(struct stream_tls *tls);

/* stream_tls_scope is tls_session_scope. */
struct tls_scope *stream_tls_scope(struct stream_tls *tls);

void stream_tls_free(struct stream_tls *tls);

#endif
