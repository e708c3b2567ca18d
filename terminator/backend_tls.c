/* SPDX-License-Identifier: GPL-2.0-only */
#include <wolfssl/options.h>

#include <wolfssl/ssl.h>

#include "terminator/backend_tls.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "loader/lib/log.h"

/* A backend, by its name in the configuration. */
struct name {
	char *backend;
	char *host; /* what its certificate must be for */
	bool is_address;
};

struct backend_tls {
	unsigned references;
	unsigned long number; /* no two have the same */
	bool verify;
	WOLFSSL_CTX *context;
	size_t name_count;
	struct name names[];
};

struct tls_link {
	struct backend_tls *tls;
	WOLFSSL *ssl;
	const char *input; /* what was fed and not yet used */
	size_t input_size;
	struct text output;
	char error[WOLFSSL_MAX_ERROR_SZ];
};

static int receive(WOLFSSL *ssl, char *data, int size, void *context)
{
	struct tls_link *link = context;
	size_t piece = link->input_size;

	(void)ssl;
	if (!piece)
		return WOLFSSL_CBIO_ERR_WANT_READ;
	if (piece > (size_t)size)
		piece = size;
	memcpy(data, link->input, piece);
	link->input += piece;
	link->input_size -= piece;
	return piece;
}

static int send_out(WOLFSSL *ssl, char *data, int size, void *context)
{
	struct tls_link *link = context;

	(void)ssl;
	text_add(&link->output, data, size);
	return size;
}

static const char *load_authorities(WOLFSSL_CTX *context, const char *file)
{
	static char message[512];

	if (!file) {
		if (wolfSSL_CTX_load_system_CA_certs(context) ==
		    WOLFSSL_SUCCESS)
			return NULL;
		return "the system has no certificates of authorities: "
		       "tls.ca_file must name a file";
	}
	if (wolfSSL_CTX_load_verify_locations(context, file, NULL) ==
	    WOLFSSL_SUCCESS)
		return NULL;
	snprintf(message, sizeof(message),
		 "%s: no PEM certificates can be read from it", file);
	return message;
}

static const char *configure(WOLFSSL_CTX *context,
			     const struct qs_config_pool_tls *options)
{
	wolfSSL_CTX_SetMinVersion(context, WOLFSSL_TLSV1_2);
	wolfSSL_CTX_UseSessionTicket(context);
	wolfSSL_CTX_SetIORecv(context, receive);
	wolfSSL_CTX_SetIOSend(context, send_out);
	if (!options->verify) {
		wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_NONE, NULL);
		return NULL;
	}
	wolfSSL_CTX_set_verify(context, WOLFSSL_VERIFY_PEER, NULL);
	return load_authorities(context, options->ca_file);
}

static bool copy_names(struct backend_tls *tls,
		       const struct qs_config_pool *pool)
{
	const char *name = pool->tls.server_name;

	for (size_t i = 0; i < pool->backend_count; i++) {
		const struct qs_config_backend *from = &pool->backends[i];
		struct name *to = &tls->names[tls->name_count++];

		to->backend = strdup(from->name);
		to->host = strdup(name ? name : from->host);
		to->is_address = !name && from->is_address;
		if (!to->backend || !to->host)
			return false;
	}
	return true;
}

struct backend_tls *backend_tls_new(const struct qs_config_pool *pool,
				    char *error, size_t size)
{
	static unsigned long last_number;
	struct backend_tls *tls = calloc(
		1, sizeof(*tls) + pool->backend_count * sizeof(*tls->names));
	const char *why = "out of memory";

	if (tls) {
		wolfSSL_Init();
		tls->references = 1;
		tls->number = ++last_number;
		tls->verify = pool->tls.verify;
		tls->context = wolfSSL_CTX_new(wolfTLS_client_method());
		if (tls->context && copy_names(tls, pool))
			why = configure(tls->context, &pool->tls);
	}
	if (why) {
		snprintf(error, size, "pool %s: %s", pool->name, why);
		backend_tls_unref(tls);
		return NULL;
	}
	if (!tls->verify)
		log_warn("pool %s: certificates of its backends are not "
			 "verified (tls.verify: false)",
			 pool->name);
	return tls;
}

struct backend_tls *backend_tls_ref(struct backend_tls *tls)
{
	if (tls)
		tls->references++;
	return tls;
}

void backend_tls_unref(struct backend_tls *tls)
{
	if (!tls || --tls->references)
		return;
	for (size_t i = 0; i < tls->name_count; i++) {
		free(tls->names[i].backend);
		free(tls->names[i].host);
	}
	wolfSSL_CTX_free(tls->context);
	wolfSSL_Cleanup();
	free(tls);
}

void tls_resumption_clear(struct tls_resumption *resumption)
{
	wolfSSL_SESSION_free(resumption->session);
	resumption->session = NULL;
}

static const struct name *find_name(const struct backend_tls *tls,
				    const char *row_name)
{
	size_t size = strcspn(row_name, "@");

	for (size_t i = 0; i < tls->name_count; i++)
		if (strlen(tls->names[i].backend) == size &&
		    !memcmp(tls->names[i].backend, row_name, size))
			return &tls->names[i];
	return NULL;
}

static bool expect_name(struct tls_link *link, const struct name *name)
{
	WOLFSSL *ssl = link->ssl;

	if (!name->is_address &&
	    wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, name->host,
			   strlen(name->host)) != WOLFSSL_SUCCESS)
		return false;
	if (!link->tls->verify)
		return true;
	if (name->is_address)
		return wolfSSL_X509_VERIFY_PARAM_set1_ip_asc(
			       wolfSSL_get0_param(ssl), name->host) ==
		       WOLFSSL_SUCCESS;
	return wolfSSL_check_domain_name(ssl, name->host) == WOLFSSL_SUCCESS;
}

static bool begin(struct tls_link *link, const struct name *name,
		  const struct tls_resumption *resumption)
{
	static char protocol[] = "http/1.1";

	wolfSSL_SetIOReadCtx(link->ssl, link);
	wolfSSL_SetIOWriteCtx(link->ssl, link);
	if (!expect_name(link, name) ||
	    wolfSSL_UseALPN(link->ssl, protocol, strlen(protocol),
			    WOLFSSL_ALPN_CONTINUE_ON_MISMATCH) !=
		    WOLFSSL_SUCCESS)
		return false;
	/* A session that is of no use any more is left out by itself. */
	if (resumption->session && resumption->made_by == link->tls->number)
		wolfSSL_set_session(link->ssl, resumption->session);
	return true;
}

struct tls_link *tls_link_new(struct backend_tls *tls, const char *row_name,
			      const struct tls_resumption *resumption)
{
	const struct name *name = find_name(tls, row_name);
	struct tls_link *link = name ? calloc(1, sizeof(*link)) : NULL;

	if (!link)
		return NULL;
	link->tls = backend_tls_ref(tls);
	link->ssl = wolfSSL_new(tls->context);
	if (!link->ssl || !begin(link, name, resumption)) {
		tls_link_free(link);
		return NULL;
	}
	return link;
}

void tls_link_free(struct tls_link *link)
{
	if (!link)
		return;
	wolfSSL_free(link->ssl);
	text_free(&link->output);
	backend_tls_unref(link->tls);
	free(link);
}

void tls_link_feed(struct tls_link *link, const char *data, size_t size)
{
	link->input = data;
	link->input_size = size;
}

static void note_error(struct tls_link *link, int code)
{
	wolfSSL_ERR_error_string_n(code, link->error, sizeof(link->error));
	wolfSSL_ERR_clear_error();
}

int tls_link_handshake(struct tls_link *link)
{
	int code;

	if (wolfSSL_connect(link->ssl) == WOLFSSL_SUCCESS)
		return 1;
	code = wolfSSL_get_error(link->ssl, 0);
	if (code == WOLFSSL_ERROR_WANT_READ)
		return 0;
	note_error(link, code);
	return -EPROTO;
}

const char *tls_link_error(const struct tls_link *link)
{
	return link->error;
}

int tls_link_is_resumed(const struct tls_link *link)
{
	return wolfSSL_session_reused(link->ssl);
}

ssize_t tls_link_read(struct tls_link *link, char *data, size_t size)
{
	int got = wolfSSL_read(link->ssl, data, size);
	int code;

	if (got > 0)
		return got;
	code = wolfSSL_get_error(link->ssl, got);
	if (code == WOLFSSL_ERROR_WANT_READ)
		return 0;
	if (code == WOLFSSL_ERROR_ZERO_RETURN)
		return UV_EOF;
	note_error(link, code);
	return UV_EPROTO;
}

int tls_link_write(struct tls_link *link, const void *data, size_t size)
{
	int sent;

	if (!size)
		return 0;
	sent = wolfSSL_write(link->ssl, data, size);
	if (sent == (int)size)
		return 0;
	note_error(link, wolfSSL_get_error(link->ssl, sent));
	return -EPROTO;
}

void tls_link_shut_down(struct tls_link *link)
{
	wolfSSL_shutdown(link->ssl);
}

int tls_link_take(struct tls_link *link, struct text *out)
{
	struct text empty = *out;

	*out = link->output;
	link->output = empty;
	return out->failed ? -ENOMEM : 0;
}

void tls_link_keep(const struct tls_link *link,
		   struct tls_resumption *resumption)
{
	WOLFSSL_SESSION *session = wolfSSL_get1_session(link->ssl);

	if (!session)
		return;
	tls_resumption_clear(resumption);
	resumption->session = session;
	resumption->made_by = link->tls->number;
}
