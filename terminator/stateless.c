/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/stateless.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <string.h>

#include "loader/lib/clock.h"
#include "terminator/random.h"

enum {
	RETRY_TOKEN_SECONDS = 10,
	REGULAR_TOKEN_SECONDS = 24 * 3600,
	RESETS_PER_SECOND = 1000,
	RESETS_AT_ONCE = 1000,
	MINIMAL_RESET_SIZE = 21, /* RFC 9000, 10.3 */
	RESET_RANDOM_SIZE = 27,	 /* makes 43: too large to be answered */
};

/* Tokens travel between terminators on several machines: wall clock. */
static ngtcp2_tstamp wall_clock_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

static bool answer(struct quic *quic, const struct udp_datagram *cause,
		   ngtcp2_ssize size)
{
	size_t sent;

	if (size <= 0)
		return false;
	/* When the socket is full, the answer is lost as any packet may be. */
	return !sockets_send(&quic->sockets, &cause->local, &cause->remote, 0,
			     quic->buffer, (size_t)size, (size_t)size, &sent);
}

void send_version_negotiation(struct quic *quic,
			      const ngtcp2_version_cid *version_cid,
			      const struct udp_datagram *cause)
{
	uint32_t versions[] = {0, NGTCP2_PROTO_VER_V1, NGTCP2_PROTO_VER_V2};
	uint8_t random[5];
	ngtcp2_ssize size;

	random_bytes(random, sizeof(random));
	/* A reserved version keeps clients tolerant (RFC 9000, 15). */
	memcpy(&versions[0], random, sizeof(versions[0]));
	versions[0] = (versions[0] & 0xf0f0f0f0U) | 0x0a0a0a0aU;
	size = ngtcp2_pkt_write_version_negotiation(
		quic->buffer, sizeof(quic->buffer), random[4],
		version_cid->scid, version_cid->scidlen, version_cid->dcid,
		version_cid->dcidlen, versions,
		sizeof(versions) / sizeof(versions[0]));
	if (answer(quic, cause, size))
		quic->stats->counters.version_negotiations_sent++;
}

void send_retry(struct quic *quic, const ngtcp2_pkt_hd *header,
		const struct udp_datagram *cause)
{
	uint8_t token[NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2];
	ngtcp2_ssize token_size, size;
	ngtcp2_cid scid;

	cid_new(quic->identity, quic->identity->config_id, &scid);
	token_size = ngtcp2_crypto_generate_retry_token2(
		token, quic->identity->secrets.token,
		sizeof(quic->identity->secrets.token), header->version,
		&cause->remote.any, udp_address_size(&cause->remote), &scid,
		&header->dcid, wall_clock_ns());
	if (token_size < 0)
		return;
	size = ngtcp2_crypto_write_retry(
		quic->buffer, sizeof(quic->buffer), header->version,
		&header->scid, &scid, &header->dcid, token, (size_t)token_size);
	if (answer(quic, cause, size))
		quic->stats->counters.retries_sent++;
}

static bool take_reset(struct reset_bucket *bucket)
{
	uint64_t now = uv_hrtime();

	bucket->tokens += (double)(now - bucket->filled_ns) / NGTCP2_SECONDS *
			  RESETS_PER_SECOND;
	if (bucket->tokens > RESETS_AT_ONCE)
		bucket->tokens = RESETS_AT_ONCE;
	bucket->filled_ns = now;
	if (bucket->tokens < 1)
		return false;
	bucket->tokens -= 1;
	return true;
}

void send_stateless_reset(struct quic *quic, const ngtcp2_cid *cid,
			  const struct udp_datagram *cause)
{
	uint8_t token[NGTCP2_STATELESS_RESET_TOKENLEN];
	uint8_t random[RESET_RANDOM_SIZE];
	size_t random_size = sizeof(random);
	ngtcp2_ssize size;

	/* Smaller than its cause, or two endpoints could go on for ever. */
	if (cause->size <= MINIMAL_RESET_SIZE || !take_reset(&quic->resets)) {
		quic->stats->counters.drop_reset_limited++;
		return;
	}
	if (random_size + sizeof(token) >= cause->size)
		random_size = cause->size - 1 - sizeof(token);
	random_bytes(random, random_size);
	cid_reset_token(quic->identity, cid, token);
	size = ngtcp2_pkt_write_stateless_reset(
		quic->buffer, sizeof(quic->buffer), token, random, random_size);
	if (answer(quic, cause, size))
		quic->stats->counters.stateless_resets_sent++;
}

static void close_attempt(struct quic *quic, const ngtcp2_pkt_hd *header,
			  const struct udp_datagram *cause, uint64_t error_code)
{
	ngtcp2_ssize size = ngtcp2_crypto_write_connection_close(
		quic->buffer, sizeof(quic->buffer), header->version,
		&header->scid, &header->dcid, error_code, NULL, 0);

	answer(quic, cause, size);
}

void send_invalid_token(struct quic *quic, const ngtcp2_pkt_hd *header,
			const struct udp_datagram *cause)
{
	close_attempt(quic, header, cause, NGTCP2_INVALID_TOKEN);
}

void send_refusal(struct quic *quic, const ngtcp2_pkt_hd *header,
		  const struct udp_datagram *cause)
{
	close_attempt(quic, header, cause, NGTCP2_CONNECTION_REFUSED);
}

static enum token_verdict check_retry_token(struct quic *quic,
					    const ngtcp2_pkt_hd *header,
					    const struct udp_datagram *datagram,
					    ngtcp2_cid *original_dcid)
{
	int rv = ngtcp2_crypto_verify_retry_token2(
		original_dcid, header->token, header->tokenlen,
		quic->identity->secrets.token,
		sizeof(quic->identity->secrets.token), header->version,
		&datagram->remote.any, udp_address_size(&datagram->remote),
		&header->dcid, RETRY_TOKEN_SECONDS * NGTCP2_SECONDS,
		wall_clock_ns());

	return rv ? TOKEN_INVALID : TOKEN_RETRY;
}

static enum token_verdict
check_regular_token(struct quic *quic, const ngtcp2_pkt_hd *header,
		    const struct udp_datagram *datagram)
{
	int rv = ngtcp2_crypto_verify_regular_token(
		header->token, header->tokenlen, quic->identity->secrets.token,
		sizeof(quic->identity->secrets.token), &datagram->remote.any,
		udp_address_size(&datagram->remote),
		(ngtcp2_duration)REGULAR_TOKEN_SECONDS * NGTCP2_SECONDS,
		wall_clock_ns());

	return rv ? TOKEN_NONE : TOKEN_REGULAR;
}

enum token_verdict check_token(struct quic *quic, const ngtcp2_pkt_hd *header,
			       const struct udp_datagram *datagram,
			       ngtcp2_cid *original_dcid)
{
	enum token_verdict verdict;

	if (!header->tokenlen)
		return TOKEN_NONE;
	if (header->token[0] == NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2)
		verdict = check_retry_token(quic, header, datagram,
					    original_dcid);
	else
		verdict = check_regular_token(quic, header, datagram);
	if (verdict == TOKEN_RETRY || verdict == TOKEN_REGULAR)
		quic->stats->counters.tokens_accepted++;
	else
		quic->stats->counters.tokens_refused++;
	return verdict;
}

size_t make_address_token(struct quic *quic, const union udp_address *remote,
			  uint8_t *token)
{
	ngtcp2_ssize size = ngtcp2_crypto_generate_regular_token(
		token, quic->identity->secrets.token,
		sizeof(quic->identity->secrets.token), &remote->any,
		udp_address_size(remote), wall_clock_ns());

	return size < 0 ? 0 : (size_t)size;
}
