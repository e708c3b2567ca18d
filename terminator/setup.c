/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/setup.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "terminator/access_log.h"
#include "terminator/error_pages.h"

/* They are loaded when the routes are; what is wrong is better said now. */
static bool load_error_pages(const struct qs_config *config, const char *file,
			     char *text, size_t size)
{
	char error[256];

	if (!error_pages_check(config, error, sizeof(error)))
		return true;
	snprintf(text, size, "%s: %s", file, error);
	return false;
}

static bool load_config(struct setup *setup, const struct options *options,
			char *text, size_t size)
{
	struct qs_config_error error = {0};

	if (!options->config)
		return true;
	setup->config = qs_config_load(options->config, &error);
	if (!setup->config) {
		qs_config_format_error(text, size, options->config, &error);
		return false;
	}
	settings_override_pools(setup->config, options);
	return load_error_pages(setup->config, options->config, text, size);
}

/* By the file they are both there or neither. */
static bool has_files(const struct setup *setup, char *text, size_t size)
{
	const struct settings *settings = &setup->settings;

	if (!settings->certificate == !settings->private_key)
		return true;
	snprintf(text, size,
		 "--certificate and --private-key belong together: %s is "
		 "missing",
		 settings->certificate ? "the key" : "the certificate");
	return false;
}

static struct tls_pair pair_of(const struct qs_config_certificate *file)
{
	return (struct tls_pair){
		.certificate = file->certificate,
		.private_key = file->private_key,
		.names = file->names,
		.name_count = file->name_count,
	};
}

/* Also when there is none: it then is the loader's to make. */
static bool load_tls(struct setup *setup, char *text, size_t size)
{
	const struct qs_config_terminator *file =
		setup->config ? &setup->config->terminator : NULL;
	size_t more = file ? file->certificate_count : 0, count = 0;
	struct tls_pair *pairs = calloc(more + 1, sizeof(*pairs));
	const char *error = "out of memory";

	if (pairs && setup->settings.certificate) {
		pairs[count].certificate = setup->settings.certificate;
		pairs[count++].private_key = setup->settings.private_key;
	}
	for (size_t i = 0; pairs && i < more; i++)
		pairs[count++] = pair_of(&file->certificates[i]);
	if (count)
		setup->tls = tls_new(pairs, count, &error);
	else if (pairs)
		error = NULL;
	free(pairs);
	if (!setup->tls && error)
		snprintf(text, size, "%s", error);
	return setup->tls || !error;
}

bool setup_load_self_signed(struct setup *setup, int fd, char *text,
			    size_t size)
{
	static char pem[65536];
	struct tls_pair pair = {
		.certificate = "the loader's self-signed certificate",
		.private_key = "the key of the loader's certificate",
		.pem = pem,
	};
	struct tls *tls;
	const char *error;
	ssize_t length = fd < 0 ? 0 : pread(fd, pem, sizeof(pem), 0);

	if (length <= 0) {
		snprintf(text, size,
			 "terminator.certificate is missing, and the loader "
			 "has no self-signed one for us: %s",
			 fd < 0 ? "it makes one if its file, too, names none"
				: strerror(errno));
		return false;
	}
	pair.pem_size = (size_t)length;
	tls = tls_new(&pair, 1, &error);
	explicit_bzero(pem, sizeof(pem));
	if (!tls) {
		snprintf(text, size, "%s", error);
		return false;
	}
	if (setup->tls)
		tls_free(setup->tls);
	setup->tls = tls;
	setup->self_signed = true;
	return true;
}

static bool open_access_log(struct setup *setup, const struct options *options,
			    char *text, size_t size)
{
	const struct qs_config_access_log *log;

	if (!setup->config)
		return true;
	log = &setup->config->terminator.access_log;
	if (log->format == QS_ACCESS_NONE)
		return true;
	setup->access_fd = access_log_open(log->file);
	if (setup->access_fd >= 0)
		return true;
	snprintf(text, size,
		 "%s: terminator.access_log.file: %s: cannot be opened to add "
		 "lines: %s",
		 options->config, log->file, strerror(-setup->access_fd));
	return false;
}

struct setup *setup_load(const struct options *options, char *text, size_t size)
{
	struct setup *setup = calloc(1, sizeof(*setup));

	if (!setup) {
		snprintf(text, size, "out of memory");
		return NULL;
	}
	setup->access_fd = -1;
	if (load_config(setup, options, text, size)) {
		settings_resolve(&setup->settings, options, setup->config);
		if (has_files(setup, text, size) &&
		    load_tls(setup, text, size) &&
		    open_access_log(setup, options, text, size))
			return setup;
	}
	setup_free(setup);
	return NULL;
}

int setup_apply_pools(const struct setup *setup, const struct options *options,
		      struct router *router, char *text, size_t size)
{
	const char *error = "out of memory";
	size_t bad;
	int err;

	if (options_use_file(options)) {
		err = router_apply(router, setup->config, &error);
		if (err)
			snprintf(text, size, "%s: %s", options->config, error);
		return err;
	}
	err = router_apply_urls(router, &options->pool, options->backends,
				options->backend_count, &bad);
	if (err == -EINVAL)
		snprintf(text, size,
			 "--backend %s: must be http://ADDRESS[:PORT]",
			 options->backends[bad]);
	else if (err)
		snprintf(text, size, "%s", error);
	return err;
}

int setup_start_access_log(const struct setup *setup, struct access_log *log,
			   char *text, size_t size)
{
	int err = setup->access_fd < 0 ? 0 : access_log_start(log);

	if (err)
		snprintf(text, size, "the access log cannot be started: %s",
			 strerror(-err));
	return err;
}

void setup_apply_access_log(struct setup *setup, struct access_log *log)
{
	access_log_use(log,
		       setup->config ? &setup->config->terminator.access_log
				     : NULL,
		       setup->access_fd);
	setup->access_fd = -1;
}

void setup_free(struct setup *setup)
{
	if (!setup)
		return;
	if (setup->access_fd >= 0)
		close(setup->access_fd);
	if (setup->tls)
		tls_free(setup->tls);
	qs_config_free(setup->config);
	free(setup);
}
