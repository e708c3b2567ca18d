/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "terminator/stream_tls.h"

#include <errno.h>
#include <string.h>

static WOLFSSL *ssl_of(struct stream_tls *tls)
{
	return (WOLFSSL *)tls;
}

struct stream_tls *stream_tls_new(struct tls *tls, int fd)
{
	WOLFSSL *ssl = tls_stream_session_new(tls);

	if (!ssl)
		return NULL;
	if (wolfSSL_set_fd(ssl, fd) != WOLFSSL_SUCCESS) {
		stream_tls_free((struct stream_tls *)ssl);
		return NULL;
	}
	wolfSSL_SetIOWriteFlags(ssl, MSG_NOSIGNAL);
	wolfSSL_set_accept_state(ssl);
	return (struct stream_tls *)ssl;
}

/* What a call that did not succeed means. */
static int failure(WOLFSSL *ssl, int rv)
{
	switch (wolfSSL_get_error(ssl, rv)) {
	case WOLFSSL_ERROR_WANT_READ:
		return -EAGAIN;
	case WOLFSSL_ERROR_WANT_WRITE:
		return -EINPROGRESS;
	case WOLFSSL_ERROR_ZERO_RETURN:
		return 0;
	case WOLFSSL_ERROR_SYSCALL:
	case SOCKET_PEER_CLOSED_E:
	case SOCKET_ERROR_E:
		return -ECONNRESET;
	default:
		return -EPROTO;
	}
}

int stream_tls_handshake(struct stream_tls *tls)
{
	int rv = wolfSSL_accept(ssl_of(tls)), result;

	if (rv == WOLFSSL_SUCCESS) {
		tls_stream_session_done(ssl_of(tls));
		return 0;
	}
	result = failure(ssl_of(tls), rv);
	return result ? result : -ECONNRESET;
}

ssize_t stream_tls_read(struct stream_tls *tls, void *data, size_t size)
{
	int rv = wolfSSL_read(ssl_of(tls), data, (int)size);

	return rv > 0 ? rv : failure(ssl_of(tls), rv);
}

ssize_t stream_tls_write(struct stream_tls *tls, const void *data, size_t size)
{
	int rv = wolfSSL_write(ssl_of(tls), data, (int)size), result;

	if (rv > 0)
		return rv;
	result = failure(ssl_of(tls), rv);
	return result ? result : -ECONNRESET;
}

bool stream_tls_pending(struct stream_tls *tls)
{
	return wolfSSL_pending(ssl_of(tls)) > 0;
}

void stream_tls_end(struct stream_tls *tls)
{
	wolfSSL_shutdown(ssl_of(tls));
}

bool stream_tls_is_h2(struct stream_tls *tls)
{
	const unsigned char *name = NULL;
	unsigned int size = 0;

	wolfSSL_get0_alpn_selected(ssl_of(tls), &name, &size);
	return size == 2 && !memcmp(name, "h2", 2);
}

bool stream_tls_is_resumed(struct stream_tls *tls)
{
	return wolfSSL_session_reused(ssl_of(tls));
}

const char *stream_tls_version(struct stream_tls *tls)
{
	return wolfSSL_version(ssl_of(tls)) == TLS1_3_VERSION ? "1.3" : "1.2";
}

struct tls_scope *stream_tls_scope(struct stream_tls *tls)
{
	return tls_session_scope((struct tls_session *)tls);
}

void stream_tls_free(struct stream_tls *tls)
{
	tls_session_free((struct tls_session *)tls);
}
