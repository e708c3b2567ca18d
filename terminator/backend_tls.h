/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * TLS to the backends of a pool, by wolfSSL, without I/O: ciphertext that came
 * is fed, ciphertext to be sent is collected.
 */
#ifndef TERMINATOR_BACKEND_TLS_H
#define TERMINATOR_BACKEND_TLS_H

#include <stddef.h>
#include <sys/types.h>

#include "loader/lib/config.h"
#include "terminator/text.h"

/* How a pool's backends are verified. */
struct backend_tls;

/* backend_tls_new makes it, with one reference, of what the pool's options say,
 * or returns NULL with one line in `error`. Reads files. */
struct backend_tls *backend_tls_new(const struct qs_config_pool *pool,
				    char *error, size_t size);

/* backend_tls_ref takes one more reference, backend_tls_unref gives one back;
 * NULL is allowed. */
struct backend_tls *backend_tls_ref(struct backend_tls *tls);
void backend_tls_unref(struct backend_tls *tls);

/* A session of an earlier connection to a backend. All zeros: none. */
struct tls_resumption {
	void *session;
	unsigned long made_by; /* another backend_tls must not use it */
};

/* tls_resumption_clear forgets it. */
void tls_resumption_clear(struct tls_resumption *resumption);

/* One connection, of the client's side. */
struct tls_link;

/* tls_link_new begins one to the backend whose row has this name: "web-1", or
 * "web-1@ADDRESS" of a host name. Returns NULL on lack of memory, or if the
 * configuration has no such backend. */
struct tls_link *tls_link_new(struct backend_tls *tls, const char *row_name,
			      const struct tls_resumption *resumption);
void tls_link_free(struct tls_link *link);

/* tls_link_feed tells of ciphertext that came; tls_link_handshake or
 * tls_link_read must use it up before it goes: until they return 0. */
void tls_link_feed(struct tls_link *link, const char *data, size_t size);

/* tls_link_handshake goes on. Returns 1 once the backend is known and verified,
 * 0 (more must come) or -EPROTO; then tls_link_error tells why. */
int tls_link_handshake(struct tls_link *link);
const char *tls_link_error(const struct tls_link *link);

/* tls_link_is_resumed tells whether an earlier session went on. */
int tls_link_is_resumed(const struct tls_link *link);

/* tls_link_read returns the octets put into `data`, 0 (more must come), UV_EOF
 * (the backend said that no more comes) or another error of libuv's. */
ssize_t tls_link_read(struct tls_link *link, char *data, size_t size);

/* tls_link_write encrypts all of it. Returns 0 or -EPROTO. */
int tls_link_write(struct tls_link *link, const void *data, size_t size);

/* tls_link_shut_down tells the backend that nothing more comes. */
void tls_link_shut_down(struct tls_link *link);

/* tls_link_take moves ciphertext to be sent, in its order, to `out`, which must
 * be empty. Returns 0, or -ENOMEM: some is lost. */
int tls_link_take(struct tls_link *link, struct text *out);

/* tls_link_keep has the next connection to the backend go on with the session;
 * nothing if there is none. */
void tls_link_keep(const struct tls_link *link,
		   struct tls_resumption *resumption);

#endif
