/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/options.h"
#include "loader/lib/arguments.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"
#include "loader/lib/version.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
	"Usage: quicsteer-loader --config FILE [OPTION]...\n"
	"       quicsteer-loader --interface IF --vip ADDR:PORT [OPTION]...\n"
	"       quicsteer-loader --detach [--config FILE | --pin-dir DIR]\n"
	"\n"
	"Loads and attaches quicsteer's BPF programs, registers terminators "
	"and\n"
	"exports every counter. It adopts what an earlier loader left "
	"running.\n"
	"SIGTERM leaves programs and terminators working for the next loader;\n"
	"SIGINT (Ctrl-C) detaches and removes everything. SIGHUP has all read "
	"the\n"
	"configuration file again.\n"
	"\n"
	"  -c, --config FILE         quicsteer.yaml; the options below "
	"override "
	"it\n"
	"  -i, --interface IF        interface whose packets are steered\n"
	"  -a, --vip ADDR:PORT       address and UDP port of the service, "
	"[v6]:port\n"
	"                            for IPv6; repeatable, up to 8 ports\n"
	"      --mode MODE           auto (native, else generic, else tc), "
	"native,\n"
	"                            generic or tc (default: auto)\n"
	"      --dispatcher WHEN     auto: libxdp's multi-program dispatcher "
	"where\n"
	"                            the kernel allows it; never: a single "
	"program\n"
	"                            as a pinned link (default: auto)\n"
	"      --pin-dir DIR         (default: " QS_PIN_DIR ")\n"
	"      --control PATH        socket for terminators\n"
	"                            (default: " QS_CONTROL_SOCKET ")\n"
	"      --state-dir DIR       holds the secrets (default: " QS_STATE_DIR
	")\n"
	"      --metrics ADDR:PORT   Prometheus endpoint, or none\n"
	"                            (default: " OPTIONS_METRICS ")\n"
	"      --terminator-user U   who may register besides root and the\n"
	"                            loader's own user (default: nobody else)\n"
	"      --detach              remove what an earlier loader left, and "
	"exit\n"
	"      --log-level LEVEL     error, warn, info or debug (default: "
	"info)\n"
	"      --log-format FORMAT   text, or json: an object a line "
	"(default: text)\n"
	"  -h, --help\n"
	"  -V, --version\n"
	"\n"
	"Exit status: 0 good, 1 it could not be done, 2 wrong usage.\n";

enum {
	OPTION_MODE = 256,
	OPTION_DISPATCHER,
	OPTION_PIN_DIR,
	OPTION_CONTROL,
	OPTION_STATE_DIR,
	OPTION_METRICS,
	OPTION_TERMINATOR_USER,
	OPTION_DETACH,
	OPTION_LOG_LEVEL,
	OPTION_LOG_FORMAT,
};

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"interface", required_argument, NULL, 'i'},
	{"vip", required_argument, NULL, 'a'},
	{"mode", required_argument, NULL, OPTION_MODE},
	{"dispatcher", required_argument, NULL, OPTION_DISPATCHER},
	{"pin-dir", required_argument, NULL, OPTION_PIN_DIR},
	{"control", required_argument, NULL, OPTION_CONTROL},
	{"state-dir", required_argument, NULL, OPTION_STATE_DIR},
	{"metrics", required_argument, NULL, OPTION_METRICS},
	{"terminator-user", required_argument, NULL, OPTION_TERMINATOR_USER},
	{"detach", no_argument, NULL, OPTION_DETACH},
	{"log-level", required_argument, NULL, OPTION_LOG_LEVEL},
	{"log-format", required_argument, NULL, OPTION_LOG_FORMAT},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{},
};

static int add_vip(struct options *options, const char *text)
{
	struct qs_vip_key vip;

	if (qs_parse_endpoint(text, &vip)) {
		log_error("--vip %s: not ADDR:PORT or [v6]:PORT with a port "
			  "from 1 to 65535",
			  text);
		return 2;
	}
	for (size_t i = 0; i < options->vip_count; i++) {
		if (!memcmp(&options->vips[i], &vip, sizeof(vip)))
			return -1;
	}
	if (options->vip_count == QS_MAX_VIPS) {
		log_error("--vip %s: there are %d VIPs already, the most that "
			  "fit",
			  text, QS_MAX_VIPS);
		return 2;
	}
	options->vips[options->vip_count] = vip;
	if (qs_count_ports(options->vips, options->vip_count + 1) >
	    QS_MAX_PORTS) {
		log_error("--vip %s: the VIPs have more than %d different "
			  "ports, for each of which every terminator has a "
			  "socket",
			  text, QS_MAX_PORTS);
		return 2;
	}
	options->vip_count++;
	return -1;
}

static int set_mode(struct options *options, const char *text)
{
	if (!strcmp(text, "auto"))
		options->mode = QS_MODE_AUTO;
	else if (!strcmp(text, "native"))
		options->mode = QS_MODE_NATIVE;
	else if (!strcmp(text, "generic"))
		options->mode = QS_MODE_GENERIC;
	else if (!strcmp(text, "tc"))
		options->mode = QS_MODE_TC;
	else {
		log_error("--mode %s: not auto, native, generic or tc", text);
		return 2;
	}
	return -1;
}

static int set_dispatcher(struct options *options, const char *text)
{
	if (strcmp(text, "auto") && strcmp(text, "never")) {
		log_error("--dispatcher %s: not auto or never", text);
		return 2;
	}
	options->dispatcher = !strcmp(text, "auto");
	return -1;
}

static int set_metrics(struct options *options, const char *text)
{
	options->metrics_on = strcmp(text, "none") != 0;
	if (options->metrics_on && qs_parse_endpoint(text, &options->metrics)) {
		log_error("--metrics %s: not ADDR:PORT, [v6]:PORT or none",
			  text);
		return 2;
	}
	return -1;
}

static int set_log_level(struct options *options, const char *text)
{
	enum qs_log_level level;

	if (qs_log_level_parse(text, &level)) {
		log_error("--log-level %s: not error, warn, info or debug",
			  text);
		return 2;
	}
	options->log_level = level;
	return -1;
}

static int set_log_format(struct options *options, const char *text)
{
	enum qs_log_format format;

	if (qs_log_format_parse(text, &format)) {
		log_error("--log-format %s: not text or json", text);
		return 2;
	}
	options->log_format = format;
	return -1;
}

static int apply_option(void *user, int option)
{
	struct options *options = user;

	switch (option) {
	case 'c':
		options->config = optarg;
		return -1;
	case 'i':
		options->interface = optarg;
		return -1;
	case 'a':
		return add_vip(options, optarg);
	case OPTION_MODE:
		return set_mode(options, optarg);
	case OPTION_DISPATCHER:
		return set_dispatcher(options, optarg);
	case OPTION_PIN_DIR:
		options->pin_dir = optarg;
		return -1;
	case OPTION_CONTROL:
		options->control = optarg;
		return -1;
	case OPTION_STATE_DIR:
		options->state_dir = optarg;
		return -1;
	case OPTION_METRICS:
		return set_metrics(options, optarg);
	case OPTION_TERMINATOR_USER:
		options->terminator_user = optarg;
		return -1;
	case OPTION_DETACH:
		options->detach = true;
		return -1;
	case OPTION_LOG_LEVEL:
		return set_log_level(options, optarg);
	case OPTION_LOG_FORMAT:
		return set_log_format(options, optarg);
	case 'h':
		fputs(help, stdout);
		return 0;
	case 'V':
		printf("quicsteer-loader %s (ABI %d)\n", QS_VERSION,
		       QS_ABI_VERSION);
		return 0;
	}
	return 2;
}

int options_parse(int argc, char **argv, struct options *options)
{
	*options = (struct options){
		.mode = OPTION_UNSET,
		.dispatcher = OPTION_UNSET,
		.metrics_on = OPTION_UNSET,
		.log_level = OPTION_UNSET,
		.log_format = OPTION_UNSET,
	};
	return qs_arguments_read(argc, argv, ":c:i:a:hV", long_options,
				 apply_option, options);
}
