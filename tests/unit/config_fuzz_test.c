/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The default configuration cut at each octet and with octets changed: it is
 * taken or refused with a message, and nothing breaks (which sanitizers see
 * when the tests are built with them).
 */
#include "loader/lib/config.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_MAX = 16384, MUTANTS = 4000 };

/* Reads the file without its comments, so that each change matters. */
static size_t read_default(char *text)
{
	FILE *in = fopen("deploy/quicsteer.yaml", "r");
	char line[256];
	size_t size = 0;

	cr_assert(in, "deploy/quicsteer.yaml cannot be read");
	while (fgets(line, sizeof(line), in)) {
		size_t length = strlen(line);

		if (line[strspn(line, " ")] == '#' || *line == '\n')
			continue;
		cr_assert(size + length < TEXT_MAX);
		memcpy(text + size, line, length);
		size += length;
	}
	fclose(in);
	return size;
}

/* Whether it was taken. */
static bool try(const char *text, size_t size)
{
	/* A copy of its own, so that reading behind its end is seen. */
	char *copy = malloc(size ? size : 1);
	struct qs_config_error error = {.text = "nothing"};
	struct qs_config *config;

	memcpy(copy, text, size);
	config = qs_config_parse(copy, size, &error);
	free(copy);
	if (config) {
		qs_config_free(config);
		return true;
	}
	cr_assert(*error.text && strcmp(error.text, "nothing"), "no message");
	cr_assert(!strstr(error.text, "libcyaml"),
		  "what the checks let through, libcyaml refused: %s",
		  error.text);
	return false;
}

Test(config_fuzz, cut_at_each_octet)
{
	char text[TEXT_MAX];
	size_t size = read_default(text), taken = 0;

	for (size_t i = 0; i <= size; i++)
		taken += try(text, i);
	cr_assert(try(text, size), "the whole file was refused");
	cr_assert(taken < size, "every cut was taken");
}

/* xorshift64: the same changes in each run. */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

Test(config_fuzz, changed_octets)
{
	static const char tricky[] = "\0\n\t :-[]{}&*!|>'\"%@`#,$\\~\xff\xc3";
	char text[TEXT_MAX], mutant[TEXT_MAX];
	size_t size = read_default(text), taken = 0;
	uint64_t state = 88172645463325252;

	for (size_t i = 0; i < MUTANTS; i++) {
		size_t changes = 1 + next_random(&state) % 3;

		memcpy(mutant, text, size);
		while (changes--) {
			size_t at = next_random(&state) % size;
			uint64_t how = next_random(&state);

			mutant[at] = how % 2 ? tricky[how / 2 % sizeof(tricky)]
					     : mutant[at] ^ 1 << how / 2 % 8;
		}
		taken += try(mutant, size);
	}
	cr_assert(taken && taken < MUTANTS, "%zu of %d were taken", taken,
		  MUTANTS);
}
