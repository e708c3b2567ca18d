/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/body.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "tests/backend/pattern.h"

static __u64 gauge;

static void append_pattern(struct body *body, uint64_t position, size_t size)
{
	unsigned char *octets = malloc(size ? size : 1);

	pattern_fill(octets, position, size);
	cr_assert_eq(body_append(body, octets, size), 0);
	free(octets);
}

/* Reads `size` octets, which must be those of the pattern from `position`. */
static void read_pattern(struct body *body, uint64_t position, size_t size)
{
	while (size) {
		struct iovec vector;
		const unsigned char *octets;
		size_t part;

		cr_assert_eq(body_peek(body, &vector, 1), 1);
		octets = vector.iov_base;
		part = vector.iov_len < size ? vector.iov_len : size;
		for (size_t i = 0; i < part; i++)
			cr_assert_eq(octets[i], pattern_octet(position + i),
				     "octet %zu", (size_t)position + i);
		body_read(body, part);
		position += part;
		size -= part;
	}
}

Test(body, counts_space_and_octets)
{
	struct body body;

	gauge = 7;
	body_init(&body, 100, &gauge);
	cr_expect_eq(body_space(&body), 100);
	append_pattern(&body, 0, 60);
	cr_expect_eq(body_space(&body), 40);
	cr_expect_eq(body.unread, 60);
	cr_expect_eq(gauge, 67);
	append_pattern(&body, 60, 50);
	cr_expect_eq(body_space(&body), 0, "a last append may go over");
	read_pattern(&body, 0, 30);
	cr_expect_eq(body.held, 110);
	cr_expect_eq(body.unread, 80);
	body_release(&body, 20);
	cr_expect_eq(body.held, 90);
	cr_expect_eq(gauge, 97);
	body_free(&body);
	cr_expect_eq(gauge, 7);
	cr_expect_eq(body.held, 0);
	cr_expect_eq(body_space(&body), 100, "it can be used again");
}

Test(body, nothing_in_nothing_out)
{
	struct body body;
	struct iovec vector;

	body_init(&body, 100, NULL);
	cr_expect_eq(body_append(&body, NULL, 0), 0);
	cr_expect_eq(body_peek(&body, &vector, 1), 0);
	body_read(&body, 0);
	body_release(&body, 0);
	body_free(&body);
}

Test(body, peek_fills_vectors_in_order)
{
	struct body body;
	struct iovec vectors[16];
	uint64_t position = 0;
	size_t count;

	body_init(&body, 1 << 20, NULL);
	append_pattern(&body, 0, 100000);
	read_pattern(&body, 0, 5);
	position = 5;
	count = body_peek(&body, vectors, 16);
	for (size_t i = 0; i < count; i++) {
		const unsigned char *octets = vectors[i].iov_base;

		for (size_t j = 0; j < vectors[i].iov_len; j++)
			cr_assert_eq(octets[j], pattern_octet(position++));
	}
	cr_expect_eq(position, 100000);
	cr_expect_eq(body_peek(&body, vectors, 2), 2, "no more than asked for");
	body_free(&body);
}

Test(body, octets_stay_where_they_are_until_released)
{
	struct body body;
	struct iovec vector;
	const unsigned char *octets;

	body_init(&body, 1 << 20, NULL);
	append_pattern(&body, 0, 1000);
	body_peek(&body, &vector, 1);
	octets = vector.iov_base;
	body_read(&body, 1000);
	append_pattern(&body, 1000, 200000);
	read_pattern(&body, 1000, 200000);
	for (size_t i = 0; i < 1000; i++)
		cr_assert_eq(octets[i], pattern_octet(i));
	body_free(&body);
}

/* One step of a random walk; it keeps to what a writer and a reader may do. */
static void random_step(struct body *body, uint64_t *written, uint64_t *read)
{
	size_t size = rand() % 3 ? rand() % 300 : rand() % 50000;

	switch (rand() % 3) {
	case 0:
		if (size > body_space(body))
			size = body_space(body);
		append_pattern(body, *written, size);
		*written += size;
		break;
	case 1:
		if (size > body->unread)
			size = body->unread;
		read_pattern(body, *read, size);
		*read += size;
		break;
	default:
		if (size > body->held - body->unread)
			size = body->held - body->unread;
		body_release(body, size);
	}
}

Test(body, random_walks)
{
	for (unsigned seed = 1; seed <= 20; seed++) {
		struct body body;
		uint64_t written = 0;
		uint64_t read = 0;

		srand(seed);
		gauge = 0;
		body_init(&body, 100000, &gauge);
		for (int i = 0; i < 3000; i++) {
			random_step(&body, &written, &read);
			cr_assert_eq(body.unread, written - read);
			cr_assert_eq(gauge, body.held);
			cr_assert_leq(body.held, 100000);
		}
		cr_assert_gt(read, 100000, "the walk went somewhere");
		body_free(&body);
		cr_assert_eq(gauge, 0);
	}
}

Test(body, all_together_hold_little)
{
	static const char octets[BODY_LEAN / 2 + 1];
	__u64 all = BODY_PLENTY;
	struct body body;

	body_init(&body, 4 * BODY_LEAN, &all);
	cr_expect_eq(body_space(&body), 4 * BODY_LEAN);
	cr_expect_eq(body_append(&body, octets, sizeof(octets)), 0);
	cr_expect_eq(body_space(&body), BODY_LEAN - sizeof(octets));
	cr_expect_not(body_is_low(&body));
	body_read(&body, 1);
	body_release(&body, 1);
	cr_expect(body_is_low(&body));
	all = sizeof(octets) - 1;
	cr_expect_eq(body_space(&body), 4 * BODY_LEAN - body.held);
	body_free(&body);
	cr_expect_eq(all, 0u);

	body_init(&body, BODY_LEAN / 4, &all);
	all = BODY_PLENTY + 1;
	cr_expect_eq(body_space(&body), BODY_LEAN / 4, "never more");
	body_free(&body);
}
