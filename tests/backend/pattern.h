/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The octets that the test backend sends, which depend on nothing but their
 * position, and the checksum it takes of what it gets; so that any client can
 * check any part of a transfer.
 *
 * The octet at position p is octet p % 8 (the lowest first) of the 64-bit
 * number that SplitMix64's output function makes of p / 8 + 1.
 */
#ifndef TESTS_BACKEND_PATTERN_H
#define TESTS_BACKEND_PATTERN_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* FNV-1a, 64 bits: begin with PATTERN_HASH_START. */
#define PATTERN_HASH_START 0xcbf29ce484222325ULL

static inline uint64_t pattern_word(uint64_t index)
{
	uint64_t word = (index + 1) * 0x9e3779b97f4a7c15ULL;

	word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
	word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
	return word ^ (word >> 31);
}

/* pattern_octet tells the octet at `position`. */
static inline unsigned char pattern_octet(uint64_t position)
{
	return pattern_word(position / 8) >> (position % 8 * 8);
}

/* pattern_fill writes the `size` octets from `position` on. */
static inline void pattern_fill(unsigned char *octets, uint64_t position,
				size_t size)
{
	size_t i = 0;

	while (i < size && position % 8)
		octets[i++] = pattern_octet(position++);
	for (; i + 8 <= size; i += 8, position += 8) {
		uint64_t word = htole64(pattern_word(position / 8));

		memcpy(octets + i, &word, sizeof(word));
	}
	while (i < size)
		octets[i++] = pattern_octet(position++);
}

/* pattern_hash goes on with a checksum over `size` more octets. */
static inline uint64_t pattern_hash(uint64_t hash, const void *data,
				    size_t size)
{
	const unsigned char *octets = data;

	for (size_t i = 0; i < size; i++)
		hash = (hash ^ octets[i]) * 0x100000001b3ULL;
	return hash;
}

#endif
