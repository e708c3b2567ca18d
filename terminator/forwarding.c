/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/forwarding.h"

#include <string.h>

#include "terminator/fields.h"

static const char *const versions[QS_PROTOCOL_COUNT] = {
	[QS_PROTOCOL_h1] = "1.1 ",
	[QS_PROTOCOL_h2] = "2.0 ",
	[QS_PROTOCOL_h3] = "3.0 ",
};

static const char *const names[] = {
	"x-forwarded-for",
	"x-forwarded-proto",
	"x-forwarded-host",
	"forwarded",
};

static bool is_forwarded(const struct field *field)
{
	return field_is(field, "forwarded");
}

bool forwarding_replaces(const struct forwarding *forwarding,
			 const struct field *field)
{
	if (forwarding->id_name && field_is(field, forwarding->id_name))
		return true;
	/* A trusted proxy's list that we do not go on with stays as it is. */
	if (is_forwarded(field) && forwarding->trusted)
		return forwarding->standard;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (field_is(field, names[i]))
			return true;
	return false;
}

/* Writes all values of this name that came, as one list. Returns whether there
 * was one. */
static bool add_what_came(struct text *text,
			  const struct exchange_request *from, const char *name)
{
	bool begun = false;

	for (size_t i = 0; i < from->field_count; i++) {
		struct field field = from->fields[i];

		field_trim(&field);
		if (!field_is(&field, name) || !field.value_size)
			continue;
		if (begun)
			text_add_string(text, ", ");
		text_add(text, field.value, field.value_size);
		begun = true;
	}
	return begun;
}

static void add_for(struct text *text, const struct exchange_request *from,
		    const struct forwarding *forwarding)
{
	text_add_string(text, "x-forwarded-for: ");
	if (forwarding->trusted && add_what_came(text, from, "x-forwarded-for"))
		text_add_string(text, ", ");
	text_add_string(text, from->peer_address);
	text_add_string(text, "\r\n");
}

/* The first proxy knows best what the client asked for. */
static void add_first(struct text *text, const struct exchange_request *from,
		      const struct forwarding *forwarding, const char *name,
		      const struct field *own)
{
	text_add_string(text, name);
	text_add_string(text, ": ");
	if (!forwarding->trusted || !add_what_came(text, from, name))
		text_add(text, own->value, own->value_size);
	text_add_string(text, "\r\n");
}

/* RFC 7239, 4: a token, or else a quoted string. Hosts, schemes and addresses
 * have neither quotes nor backslashes (message.h). */
static void add_pair(struct text *text, const char *name, const char *value,
		     size_t size)
{
	const char *quote = field_token_valid(value, size) ? "" : "\"";

	text_add_string(text, name);
	text_add_string(text, quote);
	text_add(text, value, size);
	text_add_string(text, quote);
}

static void add_standard(struct text *text, const struct exchange_request *from,
			 const struct forwarding *forwarding)
{
	const char *peer = from->peer_address;

	text_add_string(text, "forwarded: ");
	if (forwarding->trusted && add_what_came(text, from, "forwarded"))
		text_add_string(text, ", ");
	if (strchr(peer, ':')) {
		text_add_string(text, "for=\"[");
		text_add_string(text, peer);
		text_add_string(text, "]\"");
	} else {
		add_pair(text, "for=", peer, strlen(peer));
	}
	add_pair(text, ";host=", from->authority.value,
		 from->authority.value_size);
	add_pair(text, ";proto=", from->scheme.value, from->scheme.value_size);
	text_add_string(text, "\r\n");
}

void forwarding_write(struct text *text, const struct exchange_request *from,
		      const struct forwarding *forwarding)
{
	text_add_string(text, "via: ");
	text_add_string(text, versions[from->protocol]);
	text_add_string(text, forwarding->via);
	text_add_string(text, "\r\n");
	add_for(text, from, forwarding);
	add_first(text, from, forwarding, "x-forwarded-proto", &from->scheme);
	add_first(text, from, forwarding, "x-forwarded-host", &from->authority);
	if (forwarding->standard)
		add_standard(text, from, forwarding);
	if (!forwarding->id_name)
		return;
	text_add_string(text, forwarding->id_name);
	text_add_string(text, ": ");
	text_add_string(text, forwarding->id);
	text_add_string(text, "\r\n");
}
