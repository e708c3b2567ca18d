/* SPDX-License-Identifier: GPL-2.0-only */
/* Wishes in a real map, and their copies in rows. Needs root. */
#include "loader/lib/wishes.h"

#include <bpf/bpf.h>
#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

static struct qs_terminator terminators[QS_MAX_TERMINATORS];
static struct qs_backend backends[QS_MAX_BACKENDS];
static struct qs_maps maps;

static void set_up(void)
{
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "wishes",
				sizeof(struct qs_wish_key),
				sizeof(struct qs_wish), QS_MAX_WISHES, NULL);

	if (fd < 0)
		cr_skip_test("BPF maps need root");
	memset(terminators, 0, sizeof(terminators));
	memset(backends, 0, sizeof(backends));
	maps = (struct qs_maps){
		.terminators = terminators,
		.backends = backends,
	};
	maps.fd[QS_MAP_WISHES] = fd;
}

static void tear_down(void)
{
	if (maps.fd[QS_MAP_WISHES] > 0)
		close(maps.fd[QS_MAP_WISHES]);
}

TestSuite(wishes, .init = set_up, .fini = tear_down);

static void add_terminator(int slot, const char *name, int state)
{
	strcpy(terminators[slot].name, name);
	terminators[slot].state = state;
	terminators[slot].wish = QS_NO_WISH;
}

static void add_backend(int row, const char *name, int state)
{
	strcpy(backends[row].name, name);
	backends[row].state = state;
	backends[row].wish = QS_NO_WISH;
}

static struct qs_wish weight(__u32 value)
{
	struct qs_wish wish = QS_NO_WISH;

	wish.weight = value;
	return wish;
}

static __u32 kept_weight(enum qs_wish_kind kind, const char *name)
{
	struct qs_wish wish = weight(1);

	cr_assert_eq(qs_wish_get(&maps, kind, name, &wish), 0);
	return wish.weight;
}

static bool is_kept(enum qs_wish_kind kind, const char *name)
{
	struct qs_wish_key key = {.kind = kind};
	struct qs_wish wish;

	strcpy(key.name, name);
	return !bpf_map_lookup_elem(maps.fd[QS_MAP_WISHES], &key, &wish);
}

Test(wishes, there_is_none_at_first)
{
	struct qs_wish wish;

	cr_assert_eq(qs_wish_get(&maps, QS_WISH_TERMINATOR, "t1", &wish), 0);
	cr_expect_eq(wish.weight, QS_WEIGHT_UNSET);
	cr_expect_eq(wish.breaker, QS_WISH_AUTO);
	cr_expect_eq(wish.drain, 0);
	cr_expect_eq(wish.drain_end_ns, 0);
}

Test(wishes, a_terminators_wish_is_copied_to_all_rows_of_its_name)
{
	struct qs_wish wish = weight(7);

	add_terminator(0, "t1", QS_TERMINATOR_LIVE);
	add_terminator(3, "t1", QS_TERMINATOR_DEAD);
	add_terminator(4, "t10", QS_TERMINATOR_LIVE);
	add_terminator(5, "t1", QS_TERMINATOR_FREE);
	cr_expect_eq(qs_wish_set(&maps, QS_WISH_TERMINATOR, "t1", &wish), 2);
	cr_expect_eq(terminators[0].wish.weight, 7);
	cr_expect_eq(terminators[3].wish.weight, 7);
	cr_expect_eq(terminators[4].wish.weight, QS_WEIGHT_UNSET);
	cr_expect_eq(terminators[5].wish.weight, QS_WEIGHT_UNSET);
	cr_expect_eq(kept_weight(QS_WISH_TERMINATOR, "t1"), 7);
	cr_expect_eq(kept_weight(QS_WISH_TERMINATOR, "t10"), QS_WEIGHT_UNSET);
	cr_expect_eq(kept_weight(QS_WISH_BACKEND, "t1"), QS_WEIGHT_UNSET,
		     "a backend of that name is another thing");
}

Test(wishes, a_name_without_a_row_is_remembered)
{
	struct qs_wish wish = {
		.weight = QS_WEIGHT_UNSET, .drain = 1, .drain_end_ns = 42};
	struct qs_wish kept;

	cr_expect_eq(qs_wish_set(&maps, QS_WISH_TERMINATOR, "later", &wish), 0);
	cr_assert_eq(qs_wish_get(&maps, QS_WISH_TERMINATOR, "later", &kept), 0);
	cr_expect(!memcmp(&wish, &kept, sizeof(wish)));
}

Test(wishes, one_that_wants_nothing_is_deleted)
{
	struct qs_wish wish = weight(7), none = QS_NO_WISH;

	add_terminator(0, "t1", QS_TERMINATOR_LIVE);
	qs_wish_set(&maps, QS_WISH_TERMINATOR, "t1", &wish);
	cr_expect(is_kept(QS_WISH_TERMINATOR, "t1"));
	cr_expect_eq(qs_wish_set(&maps, QS_WISH_TERMINATOR, "t1", &none), 1);
	cr_expect(!is_kept(QS_WISH_TERMINATOR, "t1"));
	cr_expect_eq(terminators[0].wish.weight, QS_WEIGHT_UNSET);
	cr_expect_eq(qs_wish_set(&maps, QS_WISH_TERMINATOR, "t1", &none), 1,
		     "and again is no error");
}

Test(wishes, a_host_names_wish_is_for_all_its_addresses)
{
	struct qs_wish wish = weight(7), own = weight(9), none = QS_NO_WISH;

	add_backend(0, "web@10.0.0.1:80", QS_BACKEND_ACTIVE);
	add_backend(1, "web@10.0.0.2:80", QS_BACKEND_DRAINING);
	add_backend(2, "web2", QS_BACKEND_ACTIVE);
	add_backend(3, "web", QS_BACKEND_FREE);
	cr_expect_eq(qs_wish_set(&maps, QS_WISH_BACKEND, "web", &wish), 2);
	cr_expect_eq(
		qs_wish_set(&maps, QS_WISH_BACKEND, "web@10.0.0.2:80", &own),
		1);
	cr_expect_eq(backends[0].wish.weight, 7);
	cr_expect_eq(backends[1].wish.weight, 9, "its own holds");
	cr_expect_eq(backends[2].wish.weight, QS_WEIGHT_UNSET);
	cr_expect_eq(backends[3].wish.weight, QS_WEIGHT_UNSET);
	cr_expect_eq(kept_weight(QS_WISH_BACKEND, "web@10.0.0.3:80"), 7,
		     "one that comes later, too");
	qs_wish_set(&maps, QS_WISH_BACKEND, "web", &none);
	cr_expect_eq(backends[0].wish.weight, QS_WEIGHT_UNSET);
	cr_expect_eq(backends[1].wish.weight, 9);
	qs_wish_set(&maps, QS_WISH_BACKEND, "web@10.0.0.2:80", &none);
	cr_expect_eq(backends[1].wish.weight, QS_WEIGHT_UNSET);
}

Test(wishes, only_terminators_and_backends_of_the_kind_are_changed)
{
	struct qs_wish wish = weight(7);

	add_terminator(0, "web", QS_TERMINATOR_LIVE);
	add_backend(0, "web", QS_BACKEND_ACTIVE);
	cr_expect_eq(qs_wish_set(&maps, QS_WISH_BACKEND, "web", &wish), 1);
	cr_expect_eq(backends[0].wish.weight, 7);
	cr_expect_eq(terminators[0].wish.weight, QS_WEIGHT_UNSET);
}

Test(wishes, without_the_map_nothing_is_changed)
{
	struct qs_wish wish = weight(7), kept;

	add_terminator(0, "t1", QS_TERMINATOR_LIVE);
	close(maps.fd[QS_MAP_WISHES]);
	maps.fd[QS_MAP_WISHES] = -1;
	cr_expect_lt(qs_wish_set(&maps, QS_WISH_TERMINATOR, "t1", &wish), 0);
	cr_expect_eq(terminators[0].wish.weight, QS_WEIGHT_UNSET);
	cr_expect_lt(qs_wish_get(&maps, QS_WISH_TERMINATOR, "t1", &kept), 0);
	cr_expect_eq(kept.weight, QS_WEIGHT_UNSET);
}
