/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/request_key.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "quicsteer/hash.h"
#include "terminator/cookie.h"

static const struct {
	const char *text;
	enum request_key_kind kind;
	bool named;
} kinds[] = {
	{"client-ip", REQUEST_KEY_CLIENT_IP, false},
	{"path", REQUEST_KEY_PATH, false},
	{"uri", REQUEST_KEY_URI, false},
	{"header:", REQUEST_KEY_HEADER, true},
	{"cookie:", REQUEST_KEY_COOKIE, true},
};

int request_key_parse(struct request_key *key, const char *text)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
		size_t size = strlen(kinds[i].text), rest;

		if (strncmp(text, kinds[i].text, size) != 0)
			continue;
		rest = strlen(text + size);
		if (kinds[i].named != (rest > 0) ||
		    rest >= REQUEST_KEY_NAME_SIZE)
			continue;
		key->kind = kinds[i].kind;
		memcpy(key->name, text + size, rest + 1);
		if (key->kind == REQUEST_KEY_HEADER)
			for (char *c = key->name; *c; c++)
				*c = (char)tolower((unsigned char)*c);
		return 0;
	}
	return -EINVAL;
}

uint64_t request_hash(const void *data, size_t size)
{
	static const __u64 key[2] = {0x7175696373746565ULL,
				     0x722062616c616e63ULL};

	return qs_siphash13(key, data, (unsigned)size);
}

static size_t path_size(const struct field *path)
{
	const char *query = memchr(path->value, '?', path->value_size);

	return query ? (size_t)(query - path->value) : path->value_size;
}

/* Authorities are compared without regard to case elsewhere; clients send them
 * in lower case. */
static uint64_t hash_uri(const struct exchange_request *request)
{
	const uint64_t parts[] = {
		request_hash(request->authority.value,
			     request->authority.value_size),
		request_hash(request->path.value, request->path.value_size),
	};

	return request_hash(parts, sizeof(parts));
}

static bool hash_header(const char *name,
			const struct exchange_request *request,
			uint64_t *ret_hash)
{
	size_t size = strlen(name);

	for (size_t i = 0; i < request->field_count; i++) {
		const struct field *field = &request->fields[i];

		if (field->name_size != size ||
		    memcmp(field->name, name, size) != 0)
			continue;
		*ret_hash = request_hash(field->value, field->value_size);
		return true;
	}
	return false;
}

static bool hash_cookie(const char *name,
			const struct exchange_request *request,
			uint64_t *ret_hash)
{
	struct cookie_search search = {0};
	const char *value;
	size_t size;

	if (!cookie_find(&search, request->fields, request->field_count, name,
			 &value, &size))
		return false;
	*ret_hash = request_hash(value, size);
	return true;
}

bool request_key_hash(const struct request_key *key,
		      const struct exchange_request *request,
		      uint64_t *ret_hash)
{
	switch (key->kind) {
	case REQUEST_KEY_PATH:
		*ret_hash = request_hash(request->path.value,
					 path_size(&request->path));
		return true;
	case REQUEST_KEY_URI:
		*ret_hash = hash_uri(request);
		return true;
	case REQUEST_KEY_HEADER:
		return hash_header(key->name, request, ret_hash);
	case REQUEST_KEY_COOKIE:
		return hash_cookie(key->name, request, ret_hash);
	default:
		*ret_hash = request_hash(request->peer_address,
					 strlen(request->peer_address));
		return true;
	}
}
