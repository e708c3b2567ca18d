/* SPDX-License-Identifier: GPL-2.0-only */
/* Which ID a new CID configuration gets, and which are to go. */
#include "loader/cid_configs.h"

#include <criterion/criterion.h>
#include <string.h>

static const __u8 key[16] = "0123456789abcde";
static char text[256];

/* Configuration 0 is current, as on a first start. */
static struct qs_state_secrets first(void)
{
	struct qs_state_secrets secrets = {};

	qs_state_config_fill(&secrets.configs[0].config, 4, 12, key,
			     QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH);
	secrets.configs[0].created_s = 1000;
	return secrets;
}

static int rotate(struct qs_state_secrets *secrets, __u8 encoding,
		  __u8 server_id, __u8 nonce, __u64 now_s)
{
	struct qs_rotate wish = {
		.encoding = encoding,
		.server_id_length = server_id,
		.nonce_length = nonce,
	};

	*text = '\0';
	return cid_configs_rotate(secrets, &wish, key, now_s, text,
				  sizeof(text));
}

Test(cid_configs, the_next_is_as_the_one_before)
{
	struct qs_state_secrets secrets = first();

	cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 2000), 1);
	cr_expect_eq(secrets.current, 1);
	cr_expect_eq(secrets.configs[1].config.encoding,
		     QS_ENCODING_SINGLE_PASS);
	cr_expect_eq(secrets.configs[1].config.server_id_length, 4);
	cr_expect_eq(secrets.configs[1].config.nonce_length, 12);
	cr_expect_eq(secrets.configs[1].created_s, 2000);
	cr_expect_eq(secrets.configs[1].retired_s, 0);
	cr_expect_eq(secrets.configs[0].retired_s, 2000);
	cr_expect(cid_configs_retires(&secrets, 0));
	cr_expect_not(cid_configs_retires(&secrets, 1));
	cr_expect_not(cid_configs_retires(&secrets, 2), "it is not live");
}

Test(cid_configs, encodings_and_lengths)
{
	struct qs_state_secrets secrets = first();

	cr_expect_eq(rotate(&secrets, QS_ROTATE_PLAINTEXT, 0, 4, 1), 1);
	cr_expect_eq(secrets.configs[1].config.encoding, QS_ENCODING_PLAINTEXT);
	cr_expect_eq(secrets.configs[1].config.nonce_length, 4);
	cr_expect_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 1), 2);
	cr_expect_eq(secrets.configs[2].config.encoding, QS_ENCODING_PLAINTEXT);
	cr_expect_eq(rotate(&secrets, QS_ROTATE_ENCRYPTED, 9, 10, 1), 3);
	cr_expect_eq(secrets.configs[3].config.encoding, QS_ENCODING_FOUR_PASS);
	cr_expect_eq(rotate(&secrets, QS_ROTATE_SAME, 15, 4, 1), 4);
}

Test(cid_configs, what_cannot_be_changes_nothing)
{
	static const struct {
		__u8 encoding, server_id, nonce;
		const char *word;
	} bad[] = {
		{QS_ROTATE_SAME, 3, 12, "4 octets or more"},
		{QS_ROTATE_SAME, 16, 4, "server ID"},
		{QS_ROTATE_SAME, 4, 3, "nonce"},
		{QS_ROTATE_SAME, 4, 19, "nonce"},
		{QS_ROTATE_SAME, 15, 0, "at most 19 octets together"},
		{9, 0, 0, "encoding 9"},
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		struct qs_state_secrets secrets = first(), before = secrets;

		cr_expect_eq(rotate(&secrets, bad[i].encoding, bad[i].server_id,
				    bad[i].nonce, 1),
			     -1, "row %zu", i);
		cr_expect(strstr(text, bad[i].word), "row %zu: %s", i, text);
		cr_expect_arr_eq(&secrets, &before, sizeof(before));
	}
}

Test(cid_configs, seven_at_most)
{
	struct qs_state_secrets secrets = first(), before;

	for (int id = 1; id < 7; id++)
		cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, id), id);
	before = secrets;
	cr_expect_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 9), -1);
	cr_expect(strstr(text, "seven"), "%s", text);
	cr_expect_arr_eq(&secrets, &before, sizeof(before));
	cid_configs_remove(&secrets, 3);
	cr_expect_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 9), 3);
}

/* The one that has just become free is the last to be taken again. */
Test(cid_configs, ids_go_round)
{
	struct qs_state_secrets secrets = first();

	for (int i = 1; i < 30; i++) {
		int old = secrets.current;

		cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, i), i % 7);
		cid_configs_remove(&secrets, old);
	}
}

Test(cid_configs, those_that_retired_long_ago_leave)
{
	struct qs_state_secrets secrets = first();

	rotate(&secrets, QS_ROTATE_SAME, 0, 0, 100);
	rotate(&secrets, QS_ROTATE_SAME, 0, 0, 200);
	cr_expect_eq(cid_configs_leave(&secrets, 149, 50), 0);
	cr_expect_eq(cid_configs_leave(&secrets, 150, 50), 1);
	cr_expect_eq(cid_configs_leave(&secrets, 250, 50), 3);
	cr_expect_eq(cid_configs_leave(&secrets, 99999, 50), 3,
		     "never the current one");
	cr_expect_eq(cid_configs_leave(&secrets, 99999, 0), 0);
}

Test(cid_configs, listed_ids_are_never_taken)
{
	struct qs_state_secrets secrets = first();

	secrets.listed = 1 << 1 | 1 << 3;
	cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 2000), 2);
	cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 2001), 4);
	cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 2002), 5);
	cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 2003), 6);
	cr_assert_eq(rotate(&secrets, QS_ROTATE_SAME, 0, 0, 2004), -1);
	cr_expect(strstr(text, "some by loader.cid_configs"), "%s", text);
	cr_expect_eq(secrets.configs[1].config.encoding, QS_ENCODING_NONE);
	cr_expect_eq(secrets.configs[3].config.encoding, QS_ENCODING_NONE);
	cr_expect_eq(secrets.current, 6);
}
