/* SPDX-License-Identifier: GPL-2.0-only */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "terminator/cid.h"

static struct qs_terminator terminators[QS_MAX_TERMINATORS];

static struct qs_welcome welcome(uint16_t slot, uint16_t instance)
{
	struct qs_welcome w = {
		.slot = slot,
		.instance = instance,
		.configs[0] = {QS_ENCODING_SINGLE_PASS, 4, 12,
			       QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH,
			       "0123456789abcde"},
	};

	memset(&w.secrets, 7, sizeof(w.secrets));
	return w;
}

/* An identity in a pool where slots 1 and 2 live and 3 is dead. */
static struct identity identity(uint16_t slot, uint16_t instance)
{
	struct qs_welcome w = welcome(slot, instance);
	struct identity id = {0};

	cr_assert_eq(identity_from_welcome(&id, &w), 0);
	terminators[1].state = QS_TERMINATOR_LIVE;
	terminators[1].instance = 10;
	terminators[2].state = QS_TERMINATOR_DRAINING;
	terminators[2].instance = 20;
	terminators[3].state = QS_TERMINATOR_DEAD;
	terminators[3].instance = 30;
	id.terminators = terminators;
	return id;
}

Test(identity, refuses_illegal_configurations)
{
	struct qs_welcome w = welcome(1, 10);
	struct identity id = {0};

	w.configs[0].nonce_length = 3;
	cr_expect_eq(identity_from_welcome(&id, &w), -EINVAL);
	w = welcome(1, 10);
	w.config_id = 1; /* not in use */
	cr_expect_eq(identity_from_welcome(&id, &w), -EINVAL);
	w.config_id = 7; /* never valid */
	cr_expect_eq(identity_from_welcome(&id, &w), -EINVAL);
}

static const struct {
	const char *name;
	uint16_t slot, instance;
	enum cid_owner owner;
} owners[] = {
	{"ours", 1, 10, CID_OURS},
	{"a draining one's", 2, 20, CID_OTHER},
	{"a dead one's", 3, 30, CID_DEAD},
	{"an earlier process of a live slot", 2, 19, CID_DEAD},
	{"an earlier process of our slot", 1, 9, CID_DEAD},
	{"a slot that was never used", 4, 0, CID_UNKNOWN},
	{"a slot that cannot be", QS_MAX_TERMINATORS, 0, CID_UNKNOWN},
};

Test(identity, knows_whose_a_cid_is)
{
	struct identity us = identity(1, 10);

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		struct identity them =
			identity(owners[i].slot, owners[i].instance);
		ngtcp2_cid cid;

		cid_new(&them, them.config_id, &cid);
		cr_expect_eq(cid_owner(&us, cid.data, cid.datalen),
			     owners[i].owner, "%s", owners[i].name);
	}
}

Test(identity, does_not_know_foreign_cids)
{
	struct identity us = identity(1, 10);
	ngtcp2_cid cid;

	cid_new(&us, us.config_id, &cid);
	cr_expect_eq(cid_owner(&us, cid.data, 0), CID_UNKNOWN);
	cr_expect_eq(cid_owner(&us, cid.data, cid.datalen - 1), CID_UNKNOWN);
	cid.data[0] |= 7 << 5;
	cr_expect_eq(cid_owner(&us, cid.data, cid.datalen), CID_UNKNOWN);
	cid.data[0] = 0x10;
	cid.data[3] ^= 1;
	cr_expect_eq(cid_owner(&us, cid.data, cid.datalen), CID_UNKNOWN);
}

Test(identity, makes_cids_of_one_length_that_differ)
{
	struct identity us = identity(1, 10);
	ngtcp2_cid a, b;

	cid_new(&us, us.config_id, &a);
	cid_new(&us, us.config_id, &b);
	cr_expect_eq(a.datalen, 17);
	cr_expect_eq(cid_length(&us, us.config_id << 5), 17);
	cr_expect(memcmp(a.data, b.data, 17));
}

Test(identity, several_configurations_live_beside_each_other)
{
	struct identity us = identity(1, 10);
	struct qs_welcome w = welcome(1, 10);
	ngtcp2_cid old, new;

	cid_new(&us, us.config_id, &old);
	w.configs[5] = (struct qs_control_cid_config){QS_ENCODING_FOUR_PASS, 5,
						      6, QS_CONFIG_ASSIGNED,
						      "another key 123"};
	cr_assert_eq(identity_take_configs(&us, w.configs, 5), 0);
	cid_new(&us, us.config_id, &new);
	cr_expect_eq(new.datalen, 12);
	cr_expect_eq(new.data[0] >> 5, 5);
	cr_expect_eq(cid_length(&us, new.data[0]), 12);
	cr_expect_eq(cid_length(&us, old.data[0]), 17);
	cr_expect_eq(cid_length(&us, 0xff), 12, "of none: the current one's");
	cr_expect_eq(cid_owner(&us, old.data, old.datalen), CID_OURS);
	cr_expect_eq(cid_owner(&us, new.data, new.datalen), CID_OURS);
	cid_new(&us, 0, &new);
	cr_expect_eq(new.datalen, 17, "an old connection goes on with its own");

	cr_expect_eq(identity_take_configs(&us, w.configs, 4), -EINVAL);
	w.configs[5].nonce_length = 3;
	cr_expect_eq(identity_take_configs(&us, w.configs, 0), -EINVAL);
	cr_expect_eq(us.config_id, 5, "nothing has changed");
	w.configs[5].encoding = QS_ENCODING_NONE;
	cr_assert_eq(identity_take_configs(&us, w.configs, 0), 0);
	cr_expect_eq(us.configs[5].encoding, QS_ENCODING_NONE);
}

/* RFC 9000, 10.3.2 and 21.11: any terminator can make a dead one's token, and
 * no two server IDs share a key. */
Test(identity, reset_tokens_go_with_the_server_id)
{
	struct identity one = identity(1, 10), two = identity(2, 20);
	uint8_t by_one[16], by_two[16], other[16];
	ngtcp2_cid cid;

	cid_new(&one, one.config_id, &cid);
	cid_reset_token(&one, &cid, by_one);
	cid_reset_token(&two, &cid, by_two);
	cr_expect_arr_eq(by_one, by_two, 16);
	cid_new(&one, one.config_id, &cid);
	cid_reset_token(&one, &cid, other);
	cr_expect(memcmp(by_one, other, 16));
	one.secrets.reset[0] ^= 1;
	cid_reset_token(&one, &cid, by_one);
	cr_expect(memcmp(by_one, other, 16));
}
