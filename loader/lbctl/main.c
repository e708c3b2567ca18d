/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/lbctl.h"

#include <bpf/libbpf.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
	"Usage: lbctl COMMAND [OPTION]...\n"
	"\n"
	"Looks into quicsteer through its pinned maps; no daemon need run.\n"
	"\n"
	"  status       what is attached where, VIPs, configurations, "
	"verdicts\n"
	"  terminators  each terminator's slot, state, traffic and "
	"connections\n"
	"  cid decode   server ID and nonce of a QUIC-LB connection ID\n"
	"  cid encode   a QUIC-LB connection ID of server ID and nonce\n"
	"  version      of lbctl and of the pinned maps\n"
	"\n"
	"Options of every command:\n" COMMON_HELP "\n"
	"lbctl COMMAND --help tells the others.\n"
	"\n"
	"Exit status:\n"
	"  0  done\n"
	"  1  could not be done: no maps are pinned, they are of another "
	"version,\n"
	"     no permission, or a CID that cannot be decoded\n"
	"  2  wrong usage: unknown command or option, or a value that is not "
	"of\n"
	"     its form\n";

struct command {
	const char *words[2]; /* the second is NULL where there is one only */
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{{"status", NULL}, command_status},
	{{"terminators", NULL}, command_terminators},
	{{"cid", "decode"}, command_cid_decode},
	{{"cid", "encode"}, command_cid_encode},
	{{"version", NULL}, command_version},
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

/* argv[0] of a command is its last word, as getopt_long() wants. */
static int run_command(int argc, char **argv)
{
	const char *first = argv[1], *second = argc > 2 ? argv[2] : "";

	for (int i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];

		if (strcmp(command->words[0], first))
			continue;
		if (!command->words[1])
			return command->run(argc - 1, argv + 1);
		if (!strcmp(command->words[1], second))
			return command->run(argc - 2, argv + 2);
	}
	if (!strcmp(first, "cid"))
		fprintf(stderr,
			"lbctl: cid is followed by decode or encode, not '%s'; "
			"see lbctl --help\n",
			second);
	else
		fprintf(stderr, "lbctl: unknown %s '%s'; see lbctl --help\n",
			*first == '-' ? "option" : "command", first);
	return EXIT_USAGE;
}

/* lbctl says itself, in one line, what libbpf would say. */
static int print_nothing(enum libbpf_print_level level, const char *format,
			 va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

int main(int argc, char **argv)
{
	libbpf_set_print(print_nothing);
	if (argc < 2) {
		fputs("lbctl: a command is missing; see lbctl --help\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "help") ||
	    !strcmp(argv[1], "-h") ||
	    (!strcmp(argv[1], "cid") && argc > 2 &&
	     !strcmp(argv[2], "--help"))) {
		fputs(help, stdout);
		return EXIT_GOOD;
	}
	if (!strcmp(argv[1], "--version"))
		return command_version(1, argv);
	return run_command(argc, argv);
}
