/* SPDX-License-Identifier: GPL-2.0-only */
#include "quicsteer/cid.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "tests/vectors/rows.h"

static const __u8 key[16] = {0x8f, 0x95, 0xf0, 0x92, 0x45, 0x76, 0x5f, 0x80,
			     0x25, 0x69, 0x34, 0xe5, 0x0c, 0x66, 0x20, 0x7f};

static void fill_random(__u8 *octets, size_t size)
{
	while (size--)
		*octets++ = random() >> 7;
}

/* Section 3: server ID 1 to 15, nonce 4 to 18, together at most 19 octets. */
Test(cid, illegal_lengths_are_refused)
{
	struct qs_cid_config config;
	unsigned int legal = 0;

	for (unsigned int server_id = 0; server_id < 300; server_id++) {
		for (unsigned int nonce = 0; nonce < 300; nonce++) {
			int is_legal = server_id >= 1 && nonce >= 4 &&
				       server_id + nonce <= 19;
			int result = qs_cid_config_init(&config, server_id,
							nonce, key, 0);

			cr_assert_eq(result, is_legal ? 0 : -EINVAL,
				     "%u and %u octets", server_id, nonce);
			cr_assert_eq(!!config.encoding, is_legal);
			legal += is_legal;
		}
	}
	cr_assert_eq(legal, 120);
}

Test(cid, errors_tell_what_is_wrong)
{
	cr_assert_eq(qs_cid_lengths_check(0, 4),
		     QS_CID_CONFIG_SERVER_ID_LENGTH);
	cr_assert_eq(qs_cid_lengths_check(16, 4),
		     QS_CID_CONFIG_SERVER_ID_LENGTH);
	cr_assert_eq(qs_cid_lengths_check(1, 3), QS_CID_CONFIG_NONCE_LENGTH);
	cr_assert_eq(qs_cid_lengths_check(1, 19), QS_CID_CONFIG_NONCE_LENGTH);
	cr_assert_eq(qs_cid_lengths_check(15, 5), QS_CID_CONFIG_SUM);
	cr_assert_eq(qs_cid_lengths_check(15, 4), QS_CID_CONFIG_OK);
}

Test(cid, encoding_must_fit_the_lengths)
{
	struct qs_cid_config config;

	cr_assert_eq(qs_cid_config_init(&config, 4, 12, key, 0), 0);
	cr_assert_eq(config.encoding, QS_ENCODING_SINGLE_PASS);
	config.encoding = QS_ENCODING_FOUR_PASS;
	cr_assert_eq(qs_cid_config_check(&config), QS_CID_CONFIG_ENCODING);

	cr_assert_eq(qs_cid_config_init(&config, 4, 11, key, 0), 0);
	cr_assert_eq(config.encoding, QS_ENCODING_FOUR_PASS);
	config.encoding = QS_ENCODING_SINGLE_PASS;
	cr_assert_eq(qs_cid_config_check(&config), QS_CID_CONFIG_ENCODING);

	cr_assert_eq(qs_cid_config_init(&config, 4, 12, NULL, 0), 0);
	cr_assert_eq(config.encoding, QS_ENCODING_PLAINTEXT);
	config.encoding = QS_ENCODING_NONE;
	cr_assert_eq(qs_cid_config_check(&config), QS_CID_CONFIG_ENCODING);
}

Test(cid, assigned_server_ids_need_four_octets)
{
	struct qs_cid_config config;

	cr_assert_eq(
		qs_cid_config_init(&config, 3, 13, key, QS_CONFIG_ASSIGNED),
		-EINVAL);
	cr_assert_eq(qs_cid_config_init(&config, 3, 13, key, QS_CONFIG_LISTED),
		     0);
	config.flags |= QS_CONFIG_ASSIGNED;
	cr_assert_eq(qs_cid_config_check(&config), QS_CID_CONFIG_ASSIGNED);
	cr_assert_eq(
		qs_cid_config_init(&config, 4, 12, key, QS_CONFIG_ASSIGNED), 0);
}

Test(cid, short_cids_are_refused)
{
	struct qs_cid_config config;
	struct qs_cid_parts parts;
	__u8 cid[QS_CID_MAX] = {0};

	cr_assert_eq(qs_cid_config_init(&config, 4, 12, key, 0), 0);
	for (size_t length = 0; length < 17; length++)
		cr_assert_eq(qs_cid_decode(&config, cid, length, &parts),
			     -EMSGSIZE);
	cr_assert_eq(qs_cid_decode(&config, cid, 17, &parts), 0);
}

static unsigned int check_file(const char *path)
{
	FILE *file = fopen(path, "r");
	struct vector_row row = {.line = 0};
	unsigned int rows = 0;
	int result;

	cr_assert(file, "%s: cannot be opened (run in the project's root)",
		  path);
	while ((result = vector_row_next(file, &row)) != 0) {
		cr_assert_eq(result, 1, "%s:%u: malformed", path, row.line);
		cr_expect(vector_row_encodes(&row), "%s:%u: %s: encode", path,
			  row.line, row.section);
		cr_expect(vector_row_decodes(&row), "%s:%u: %s: decode", path,
			  row.line, row.section);
		rows++;
	}
	fclose(file);
	return rows;
}

/* Sections 5.4.2.4 and B of the draft, without what is misprinted there. */
Test(cid, vectors_of_the_draft)
{
	cr_assert_eq(check_file("tests/vectors/quic_lb_vectors.csv"), 8);
}

Test(cid, vectors_of_further_lengths)
{
	cr_assert_eq(check_file("tests/vectors/quic_lb_extra_vectors.csv"), 60);
}

/* Encodes and decodes one random CID, and compares the parts. */
static void round_trip(const struct qs_cid_config *config)
{
	__u8 server_id[16] = {0}, nonce[24] = {0};
	__u8 cid[QS_CID_MAX + 2], random_bits = random();
	unsigned int config_id = random() % QS_CONFIG_ID_NONE;
	struct qs_cid_parts parts;
	size_t length;

	fill_random(server_id, config->server_id_length);
	fill_random(nonce, config->nonce_length);
	fill_random(cid, sizeof(cid));
	length = qs_cid_encode(config, config_id, server_id, nonce, random_bits,
			       cid);
	cr_assert_eq(length, qs_cid_length(config));
	cr_assert_eq(qs_cid_config_id(cid[0]), config_id);
	cr_assert_eq(cid[0] & 0x1f, config->flags & QS_CONFIG_SELF_LENGTH
					    ? length - 1
					    : random_bits & 0x1fU);
	/* Octets of the server's own behind it change nothing. */
	cr_assert_eq(qs_cid_decode(config, cid, length + random() % 3, &parts),
		     0);
	cr_assert_arr_eq(parts.server_id, server_id, sizeof(server_id));
	cr_assert_arr_eq(parts.nonce, nonce, sizeof(nonce));
}

/* What the BPF programs do: the nonce is not recovered, and what stands behind
 * the CID is in the body. */
static void server_id_only(const struct qs_cid_config *config)
{
	__u8 server_id[16] = {0}, nonce[18], found[16], octets[24];
	__u8 cid[QS_CID_MAX];
	struct qs_body body;

	fill_random(server_id, config->server_id_length);
	fill_random(nonce, sizeof(nonce));
	fill_random(octets, sizeof(octets));
	qs_cid_encode(config, 0, server_id, nonce, 0, cid);
	memcpy(octets, cid + 1, qs_body_length(config));
	qs_body_load(&body, octets);
	qs_body_server_id(config, &body, found);
	cr_assert_arr_eq(found, server_id, sizeof(server_id), "%u and %u",
			 config->server_id_length, config->nonce_length);
}

Test(cid, random_round_trips_of_all_length_pairs)
{
	struct qs_cid_config config;
	__u8 random_key[16];

	srandom(2);
	for (unsigned int server_id = 1; server_id <= 15; server_id++)
		for (unsigned int nonce = 4; server_id + nonce <= 19; nonce++)
			for (int i = 0; i < 300; i++) {
				fill_random(random_key, sizeof(random_key));
				cr_assert_eq(
					qs_cid_config_init(
						&config, server_id, nonce,
						i % 3 ? random_key : NULL,
						i % 2 ? QS_CONFIG_SELF_LENGTH
						      : 0),
					0);
				round_trip(&config);
				server_id_only(&config);
			}
}

/* Section 5.4: nothing of an encrypted server ID shows. */
Test(cid, encryption_spreads_each_bit)
{
	__u8 server_id[15] = {0}, nonce[18] = {0};
	__u8 cid[QS_CID_MAX], other[QS_CID_MAX];
	struct qs_cid_config config;

	for (unsigned int nonce_length = 4; nonce_length <= 15;
	     nonce_length++) {
		cr_assert_eq(
			qs_cid_config_init(&config, 4, nonce_length, key, 0),
			0);
		qs_cid_encode(&config, 0, server_id, nonce, 0, cid);
		nonce[nonce_length - 1] ^= 1;
		qs_cid_encode(&config, 0, server_id, nonce, 0, other);
		nonce[nonce_length - 1] ^= 1;
		cr_assert_arr_neq(cid + 1, other + 1, 4);
	}
}

Test(cid, assigned_form_is_slot_and_instance_big_endian)
{
	const __u8 expected[16] = {0x01, 0x02, 0xab, 0xcd};
	__u8 server_id[16];
	__u16 slot, instance;

	qs_assigned_id_write(server_id, 0x0102, 0xabcd);
	cr_assert_arr_eq(server_id, expected, sizeof(expected));
	cr_assert(qs_assigned_id_read(server_id, &slot, &instance));
	cr_assert_eq(slot, 0x0102);
	cr_assert_eq(instance, 0xabcd);
	for (int i = 4; i < 16; i++) {
		server_id[i] = 0x80;
		cr_assert_not(qs_assigned_id_read(server_id, &slot, &instance),
			      "octet %d", i);
		server_id[i] = 0;
	}
}
