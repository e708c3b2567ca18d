/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { INODES = 512 };

struct inodes {
	unsigned long inode[INODES];
	size_t count;
};

/* TCP_LISTEN of the kernel */
enum { STATE_LISTEN = 10 };

/* Sockets of the port in one of the tables of /proc/self/net; of all states if
 * `state` is 0. */
static void read_table(const char *path, uint16_t port, unsigned int state,
		       struct inodes *inodes)
{
	FILE *file = fopen(path, "re");
	char line[512];

	if (!file)
		return;
	while (fgets(line, sizeof(line), file) && inodes->count < INODES) {
		unsigned int local_port, its_state;
		unsigned long inode;

		if (sscanf(line,
			   " %*d: %*[0-9A-Fa-f]:%x %*s %x %*s %*s %*s %*d %*d "
			   "%lu",
			   &local_port, &its_state, &inode) == 3 &&
		    local_port == port && (!state || its_state == state))
			inodes->inode[inodes->count++] = inode;
	}
	fclose(file);
}

static bool is_listed(const struct inodes *inodes, const char *link)
{
	unsigned long inode;

	if (sscanf(link, "socket:[%lu]", &inode) != 1)
		return false;
	for (size_t i = 0; i < inodes->count; i++) {
		if (inodes->inode[i] == inode)
			return true;
	}
	return false;
}

static bool process_holds(const char *pid, const struct inodes *inodes)
{
	char path[PATH_MAX], link[64];
	struct dirent *entry;
	bool holds = false;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!holds && (entry = readdir(dir))) {
		ssize_t length = readlinkat(dirfd(dir), entry->d_name, link,
					    sizeof(link) - 1);

		if (length < 0)
			continue;
		link[length] = '\0';
		holds = is_listed(inodes, link);
	}
	closedir(dir);
	return holds;
}

/* Calls visit(pid) for each holder until it returns false. */
static void for_each_holder(enum holder_protocol protocol, uint16_t port,
			    bool (*visit)(const char *pid, void *data),
			    void *data)
{
	struct inodes inodes = {};
	struct dirent *entry;
	DIR *dir;

	if (protocol == HOLDER_UDP) {
		read_table("/proc/self/net/udp", port, 0, &inodes);
		read_table("/proc/self/net/udp6", port, 0, &inodes);
	} else {
		read_table("/proc/self/net/tcp", port, STATE_LISTEN, &inodes);
		read_table("/proc/self/net/tcp6", port, STATE_LISTEN, &inodes);
	}
	dir = opendir("/proc");
	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		if (!isdigit((unsigned char)*entry->d_name) ||
		    !process_holds(entry->d_name, &inodes))
			continue;
		if (!visit(entry->d_name, data))
			break;
	}
	closedir(dir);
}

struct program_check {
	const char *program;
	size_t holders, matches;
};

static bool check_program(const char *pid, void *data)
{
	struct program_check *check = data;
	char path[PATH_MAX], executable[PATH_MAX];
	const char *base;
	ssize_t length;

	check->holders++;
	snprintf(path, sizeof(path), "/proc/%s/exe", pid);
	length = readlink(path, executable, sizeof(executable) - 1);
	if (length < 0)
		return true;
	executable[length] = '\0';
	/* " (deleted)" follows the name once an upgrade has replaced it. */
	executable[strcspn(executable, " ")] = '\0';
	base = strrchr(executable, '/');
	if (base && !strcmp(base + 1, check->program))
		check->matches++;
	return true;
}

bool holder_is_program(enum holder_protocol protocol, uint16_t port,
		       const char *program)
{
	struct program_check check = {.program = program};

	for_each_holder(protocol, port, check_program, &check);
	return check.holders && check.holders == check.matches;
}

static bool describe(const char *pid, void *data)
{
	char path[PATH_MAX], name[32] = "?";
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (fgets(name, sizeof(name), file))
			name[strcspn(name, "\n")] = '\0';
		fclose(file);
	}
	snprintf(data, HOLDER_TEXT, "%s (pid %.10s)", name, pid);
	return false;
}

char *holder_describe(enum holder_protocol protocol, uint16_t port,
		      char text[HOLDER_TEXT])
{
	strcpy(text, "a process that cannot be seen from here");
	for_each_holder(protocol, port, describe, text);
	return text;
}
