/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/ticket_keys.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

enum { ROTATION = 100, NOW = 1000050 };

struct ticket {
	uint8_t name[TICKET_NAME_SIZE];
	uint8_t nonce[TICKET_NONCE_SIZE];
	uint8_t tag[TICKET_TAG_SIZE];
	uint8_t data[64];
};

static const uint8_t secret[TICKET_SECRET_SIZE] = {1, 2, 3};
static const uint8_t other_secret[TICKET_SECRET_SIZE] = {1, 2, 4};

/* Secrets that nobody else has stand at the other places. */
static struct ticket_keys keys_at(enum qs_ticket_secret place,
				  const uint8_t *from, const char *binding)
{
	uint8_t secrets[QS_TICKET_SECRETS][TICKET_SECRET_SIZE] = {
		{7}, {8}, {9}};
	struct ticket_keys keys;

	memcpy(secrets[place], from, TICKET_SECRET_SIZE);
	ticket_keys_init(&keys, secrets, binding, strlen(binding), ROTATION);
	return keys;
}

static struct ticket_keys make_keys(const uint8_t *from, const char *binding)
{
	return keys_at(QS_TICKET_CURRENT, from, binding);
}

static struct ticket seal(uint64_t now_s)
{
	struct ticket_keys keys = make_keys(secret, "a");
	struct ticket ticket = {.data = "session"};

	cr_assert(!ticket_keys_seal(&keys, now_s, ticket.name, ticket.nonce,
				    ticket.tag, ticket.data,
				    sizeof(ticket.data)));
	return ticket;
}

static int open_with(struct ticket_keys keys, uint64_t now_s,
		     struct ticket ticket)
{
	int result =
		ticket_keys_open(&keys, now_s, ticket.name, ticket.nonce,
				 ticket.tag, ticket.data, sizeof(ticket.data));

	if (!result)
		cr_expect_str_eq((char *)ticket.data, "session");
	return result;
}

Test(ticket_keys, another_terminator_opens_it)
{
	struct ticket ticket = seal(NOW);

	cr_expect_neq(memcmp(ticket.data, "session", 7), 0);
	cr_expect_eq(open_with(make_keys(secret, "a"), NOW, ticket), 0);
}

Test(ticket_keys, so_do_those_that_change_secrets_sooner_or_later)
{
	struct ticket ticket = seal(NOW);

	cr_expect_eq(open_with(keys_at(QS_TICKET_PREVIOUS, secret, "a"), NOW,
			       ticket),
		     0);
	cr_expect_eq(
		open_with(keys_at(QS_TICKET_NEXT, secret, "a"), NOW, ticket),
		0);
}

Test(ticket_keys, others_do_not)
{
	struct ticket ticket = seal(NOW);

	cr_expect_eq(open_with(make_keys(other_secret, "a"), NOW, ticket),
		     -ENOKEY);
	cr_expect_eq(open_with(make_keys(secret, "b"), NOW, ticket), -ENOKEY);
}

Test(ticket_keys, a_key_opens_one_period_longer_than_it_seals)
{
	struct ticket last = seal(NOW + 49), first = seal(NOW - 50);

	cr_expect_eq(memcmp(first.name, last.name, TICKET_NAME_SIZE), 0);
	for (uint64_t now_s = NOW - 50; now_s < NOW + 150; now_s++) {
		cr_expect_eq(open_with(make_keys(secret, "a"), now_s, last), 0);
		cr_expect_eq(open_with(make_keys(secret, "a"), now_s, first),
			     0);
	}
	cr_expect_eq(open_with(make_keys(secret, "a"), NOW + 150, last),
		     -ENOKEY);
	cr_expect_neq(memcmp(seal(NOW + 50).name, last.name, TICKET_NAME_SIZE),
		      0);
}

Test(ticket_keys, a_clock_that_is_behind)
{
	cr_expect_eq(open_with(make_keys(secret, "a"), NOW - 51, seal(NOW)), 0);
	cr_expect_eq(open_with(make_keys(secret, "a"), NOW - 151, seal(NOW)),
		     -ENOKEY);
}

Test(ticket_keys, keys_are_kept_right_over_many_periods)
{
	struct ticket_keys keys = make_keys(secret, "a");

	for (uint64_t now_s = NOW; now_s < NOW + 20 * ROTATION;
	     now_s += ROTATION / 2) {
		struct ticket ticket = seal(now_s);

		cr_expect_eq(ticket_keys_open(&keys, now_s + ROTATION,
					      ticket.name, ticket.nonce,
					      ticket.tag, ticket.data,
					      sizeof(ticket.data)),
			     0);
	}
}

Test(ticket_keys, changed_tickets)
{
	struct ticket ticket = seal(NOW);

	ticket.data[3] ^= 1;
	cr_expect_eq(open_with(make_keys(secret, "a"), NOW, ticket), -ENOKEY);
	ticket = seal(NOW);
	ticket.nonce[0] ^= 1;
	cr_expect_eq(open_with(make_keys(secret, "a"), NOW, ticket), -ENOKEY);
	ticket = seal(NOW);
	ticket.tag[0] ^= 1;
	cr_expect_eq(open_with(make_keys(secret, "a"), NOW, ticket), -ENOKEY);
}

Test(ticket_keys, nonces_differ)
{
	cr_expect_neq(
		memcmp(seal(NOW).nonce, seal(NOW).nonce, TICKET_NONCE_SIZE), 0);
}

Test(ticket_keys, wiped)
{
	struct ticket_keys keys = make_keys(secret, "a"), zeros;
	struct ticket ticket = seal(NOW);

	open_with(keys, NOW, ticket);
	ticket_keys_wipe(&keys);
	memset(&zeros, 0, sizeof(zeros));
	cr_expect_eq(memcmp(&keys, &zeros, sizeof(keys)), 0);
}
