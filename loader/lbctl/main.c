/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lbctl/lbctl.h"
#include "loader/lib/nearest.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

static const char help_head[] =
	"Usage: lbctl COMMAND [OPTION]... [ARGUMENT]...\n"
	"\n"
	"Looks into quicsteer and changes what it does, through its pinned "
	"maps. No\n"
	"daemon need run, but for what is marked by a star: that needs the "
	"loader.\n"
	"What you change holds for a name and outlives every restart.\n"
	"\n";

static const char help_tail[] =
	"\n"
	"Options of every command:\n" COMMON_HELP "\n"
	"lbctl help COMMAND, or lbctl COMMAND --help, tells the others.\n"
	"\n"
	"Exit status:\n"
	"  0  done\n"
	"  1  could not be done; one message says why\n"
	"  2  wrong usage: unknown command or option, or a value that is not "
	"of its\n"
	"     form\n"
	"  3  drain, cid rotate: the deadline passed with work left\n"
	"  4  a daemon that must be up for this is not; the message names it\n";

struct command {
	const char *words[2]; /* the second is NULL where there is one only */
	const char *arguments;
	const char *summary; /* NULL: not for people, not in the help */
	int (*run)(int argc, char **argv);
};

static const struct command commands[] = {
	{{"status", NULL},
	 "",
	 "what is attached, daemons, pools, packets by verdict",
	 command_status},
	{{"top", NULL}, "", "what happens now, again and again", command_top},
	{{"terminators", NULL},
	 "",
	 "each terminator's state, traffic and connections",
	 command_terminators},
	{{"backends", NULL},
	 "[POOL]",
	 "each backend's state, breaker, weight and requests",
	 command_backends},
	{{"weight", "set"},
	 "NAME N",
	 "share of a terminator or a backend",
	 command_weight_set},
	{{"drain", NULL},
	 "NAME",
	 "no new connections or requests; waits for the end of all",
	 command_drain},
	{{"undrain", NULL}, "NAME", "the reverse", command_undrain},
	{{"breaker", "open"},
	 "NAME",
	 "take a terminator or a backend out",
	 command_breaker},
	{{"breaker", "close"},
	 "NAME",
	 "keep it in, whatever healthd sees",
	 command_breaker},
	{{"breaker", "auto"}, "NAME", "leave it to healthd", command_breaker},
	{{"config", "check"},
	 "FILE",
	 "whether a configuration file is good, or what is wrong",
	 command_config_check},
	{{"config", "schema"},
	 "",
	 "JSON Schema of the configuration file, for editors",
	 command_config_schema},
	{{"reload", NULL},
	 "",
	 "* apply the configuration file again, all or nothing",
	 command_reload},
	{{"connections", NULL},
	 "",
	 "* every open connection: peer, age, traffic, CIDs",
	 command_connections},
	{{"events", NULL},
	 "",
	 "what XDP decides about packets, as it happens",
	 command_events},
	{{"version", NULL},
	 "",
	 "of lbctl and of the pinned maps",
	 command_version},
	{{"cid", "decode"},
	 "CID",
	 "server ID and nonce of a QUIC-LB connection ID",
	 command_cid_decode},
	{{"cid", "encode"},
	 "",
	 "a QUIC-LB connection ID of server ID and nonce",
	 command_cid_encode},
	{{"cid", "configs"},
	 "",
	 "live CID configurations and their connections",
	 command_cid_configs},
	{{"cid", "rotate"},
	 "",
	 "* a new CID configuration for new connections",
	 command_cid_rotate},
	{{"completion-names", NULL}, "", NULL, command_completion_names},
};

enum { COMMANDS = sizeof(commands) / sizeof(*commands) };

static void print_command(const struct command *command)
{
	char line[64];

	if (!command->summary)
		return;
	snprintf(line, sizeof(line), "%s%s%s %s", command->words[0],
		 command->words[1] ? " " : "",
		 command->words[1] ? command->words[1] : "",
		 command->arguments);
	printf("  %-22s %s\n", line, command->summary);
}

static void print_help(void)
{
	fputs(help_head, stdout);
	for (int i = 0; i < COMMANDS; i++)
		print_command(&commands[i]);
	fputs(help_tail, stdout);
}

/* Whether `word` begins commands of two words. */
static bool is_group(const char *word)
{
	for (int i = 0; i < COMMANDS; i++) {
		if (commands[i].words[1] && !strcmp(commands[i].words[0], word))
			return true;
	}
	return false;
}

static void print_group(const char *word)
{
	printf("Usage: lbctl %s COMMAND [OPTION]... [ARGUMENT]...\n\n", word);
	for (int i = 0; i < COMMANDS; i++) {
		if (!strcmp(commands[i].words[0], word))
			print_command(&commands[i]);
	}
	printf("\nlbctl help %s COMMAND tells their options.\n", word);
}

/* The second words of a group as "a, b or c". */
static void list_group(char *text, size_t size, const char *group)
{
	size_t left = 0, length = 0;

	*text = '\0';
	for (int i = 0; i < COMMANDS; i++)
		left += !strcmp(commands[i].words[0], group);
	for (int i = 0; i < COMMANDS && length < size; i++) {
		if (strcmp(commands[i].words[0], group))
			continue;
		left--;
		length += snprintf(text + length, size - length, "%s%s",
				   commands[i].words[1],
				   left > 1    ? ", "
				   : left == 1 ? " or "
					       : "");
	}
}

/* The nearest first word, or second word in a group; NULL if none is near. */
static const char *nearest_word(const char *word, const char *group)
{
	const char *candidates[COMMANDS];
	size_t count = 0;

	for (int i = 0; i < COMMANDS; i++) {
		if (!commands[i].summary)
			continue;
		if (!group)
			candidates[count++] = commands[i].words[0];
		else if (!strcmp(commands[i].words[0], group))
			candidates[count++] = commands[i].words[1];
	}
	return qs_nearest(word, candidates, count);
}

static int unknown_command(const char *first, const char *second)
{
	bool group = is_group(first);
	const char *word = group ? second : first;
	const char *nearest = nearest_word(word, group ? first : NULL);
	char text[128];

	if (group) {
		list_group(text, sizeof(text), first);
		fprintf(stderr, "lbctl: %s is followed by %s, not '%s'", first,
			text, second);
	} else {
		fprintf(stderr, "lbctl: unknown %s '%s'",
			*first == '-' ? "option" : "command", first);
	}
	if (nearest)
		fprintf(stderr, "; did you mean '%s%s%s'?", group ? first : "",
			group ? " " : "", nearest);
	fputs(nearest ? " See lbctl help\n" : "; see lbctl help\n", stderr);
	return EXIT_USAGE;
}

/* NULL if there is no such command; *ret_words is how many words it has. */
static const struct command *find_command(const char *first, const char *second,
					  int *ret_words)
{
	for (int i = 0; i < COMMANDS; i++) {
		const struct command *command = &commands[i];

		if (strcmp(command->words[0], first))
			continue;
		if (command->words[1] && strcmp(command->words[1], second))
			continue;
		*ret_words = command->words[1] ? 2 : 1;
		return command;
	}
	return NULL;
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") ||
	       !strcmp(word, "help");
}

/* argv[0] of a command is its last word, as getopt_long() wants. */
static int run_command(int argc, char **argv)
{
	const char *first = argv[1], *second = argc > 2 ? argv[2] : "";
	const struct command *command;
	int words;

	command = find_command(first, second, &words);
	if (command)
		return command->run(argc - words, argv + words);
	if (is_group(first) && is_help(second)) {
		print_group(first);
		return EXIT_GOOD;
	}
	return unknown_command(first, second);
}

/* "help COMMAND" is "COMMAND --help". */
static int run_help(int argc, char **argv)
{
	const char *first = argc > 2 ? argv[2] : NULL;
	const char *second = argc > 3 ? argv[3] : "";
	const struct command *command;
	char *arguments[] = {argv[0], "--help", NULL};
	int words;

	if (!first) {
		print_help();
		return EXIT_GOOD;
	}
	command = find_command(first, second, &words);
	if (command) {
		arguments[0] = (char *)command->words[words - 1];
		return command->run(2, arguments);
	}
	if (is_group(first) && !*second) {
		print_group(first);
		return EXIT_GOOD;
	}
	return unknown_command(first, second);
}

void main_list_commands(FILE *stream, const char *group)
{
	const char *last = "";

	for (int i = 0; i < COMMANDS; i++) {
		const char *word = commands[i].words[group ? 1 : 0];

		if (!commands[i].summary || !word || !strcmp(word, last) ||
		    (group && strcmp(commands[i].words[0], group)))
			continue;
		fprintf(stream, "%s\n", word);
		last = word;
	}
}

/* lbctl says itself, in one line, what libbpf would say. */
static int print_nothing(enum libbpf_print_level level, const char *format,
			 va_list arguments)
{
	(void)level, (void)format, (void)arguments;
	return 0;
}

/* What could not be written was not said. */
static int finish(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	fprintf(stderr, "lbctl: cannot write to standard output: %s\n",
		strerror(errno));
	return status ? status : EXIT_FAILED;
}

int main(int argc, char **argv)
{
	libbpf_set_print(print_nothing);
	if (argc < 2) {
		fputs("lbctl: a command is missing; see lbctl help\n", stderr);
		return EXIT_USAGE;
	}
	if (is_help(argv[1]))
		return finish(run_help(argc, argv));
	if (!strcmp(argv[1], "--version"))
		return finish(command_version(1, argv));
	return finish(run_command(argc, argv));
}
