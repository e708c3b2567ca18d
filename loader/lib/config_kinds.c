/* SPDX-License-Identifier: GPL-2.0-only */
/* How each kind of value is written, and what it is in base units. */
#include "loader/lib/config_fields.h"
#include "loader/lib/config_internal.h"
#include "loader/lib/nearest.h"
#include "loader/lib/parse.h"
#include "loader/lib/template.h"

#include <ctype.h>
#include <errno.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct value {
	struct qs_document *document;
	const struct qs_config_key *key;
	int node;
	const char *path;
	const char *text; /* as written; gone once the node is set */
};

/* "VALUE": MESSAGE, the value cut where it is long. */
#define complain(value, format, ...)                                       \
	qs_document_error((value)->document, (value)->node, (value)->path, \
			  "\"%.60s\": " format,                            \
			  (value)->text __VA_OPT__(, ) __VA_ARGS__)

static int set_number(const struct value *value, uint32_t number)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", number);
	return qs_document_set(value->document, value->node, text);
}

static int out_of_range(const struct value *value, const char *minimum,
			const char *maximum)
{
	return complain(value, "out of range, %s to %s", minimum, maximum);
}

static bool is_within(const struct value *value, uint32_t number)
{
	return number >= value->key->minimum && number <= value->key->maximum;
}

static int normalise_duration(const struct value *value)
{
	char least[QS_DURATION_TEXT], most[QS_DURATION_TEXT];
	uint32_t ms;
	int result = qs_parse_duration(value->text, &ms);

	if (result == -EINVAL) {
		bool digits = *value->text &&
			      !value->text[strspn(value->text, "0123456789")];

		return complain(value, "%s: ms, s, m or h, such as 500ms",
				digits ? "a duration needs a unit"
				       : "a duration is a whole number with a "
					 "unit");
	}
	if (result || !is_within(value, ms))
		return out_of_range(
			value, qs_format_duration(least, value->key->minimum),
			qs_format_duration(most, value->key->maximum));
	return set_number(value, ms);
}

static char *format_share(char text[static 16], uint32_t per_mille)
{
	snprintf(text, 16, per_mille % 10 ? "%u.%u%%" : "%u%%", per_mille / 10,
		 per_mille % 10);
	return text;
}

/* A share in units of `unit` per mille. */
static int share(const struct value *value, uint32_t unit)
{
	char least[16], most[16];
	uint32_t per_mille;
	int result = qs_parse_share(value->text, &per_mille);

	if (result == -EINVAL)
		return complain(value,
				"a share is a number with a per cent sign, "
				"such as 50%% or 12.5%%");
	if (!result && per_mille % unit)
		return complain(value, "only whole per cent here");
	if (result || !is_within(value, per_mille / unit))
		return out_of_range(
			value, format_share(least, value->key->minimum * unit),
			format_share(most, value->key->maximum * unit));
	return set_number(value, per_mille / unit);
}

static int normalise_share(const struct value *value)
{
	return share(value, 1);
}

static int normalise_percent(const struct value *value)
{
	return share(value, 10);
}

static int normalise_number(const struct value *value)
{
	uint32_t number;
	int result = qs_parse_number(value->text, UINT32_MAX, &number);

	if (result == -EINVAL)
		return complain(value, "not a whole number, %u to %u",
				value->key->minimum, value->key->maximum);
	if (result || !is_within(value, number))
		return complain(value, "out of range, %u to %u",
				value->key->minimum, value->key->maximum);
	return set_number(value, number);
}

static int normalise_switch(const struct value *value)
{
	if (strcmp(value->text, "true") && strcmp(value->text, "false"))
		return complain(value, "not true or false");
	return 0;
}

static int normalise_choice(const struct value *value)
{
	const struct qs_config_key *key = value->key;
	const char *words[16], *nearest;
	char allowed[128] = "", meant[64] = "";

	for (uint32_t i = 0; i < key->choice_count; i++) {
		size_t used = strlen(allowed);

		words[i] = key->choices[i].str;
		if (!strcmp(value->text, words[i]))
			return 0;
		snprintf(allowed + used, sizeof(allowed) - used, "%s%s",
			 i ? ", " : "", words[i]);
	}
	nearest = qs_nearest(value->text, words, key->choice_count);
	if (nearest)
		snprintf(meant, sizeof(meant), "; did you mean \"%s\"?",
			 nearest);
	return complain(value, "not one of %s%s", allowed, meant);
}

static int match(const char *pattern, const char *text)
{
	regex_t regex;
	int result;

	if (regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB))
		return -ENOMEM;
	result = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	return result ? -EINVAL : 0;
}

static int normalise_text(const struct value *value)
{
	const struct qs_config_key *key = value->key;
	size_t length = strlen(value->text);
	int result = 0;
	char *lower;

	if (length > key->maximum)
		return complain(value, "too long: %zu characters, at most %u",
				length, key->maximum);
	if (length && key->pattern)
		result = match(key->pattern, value->text);
	if (result == -ENOMEM)
		return qs_document_memory(value->document);
	if (result || length < key->minimum)
		return complain(value, "%s",
				key->form ? key->form : "it may not be empty");
	if (!(key->flags & QS_KEY_LOWER_CASE))
		return 0;
	lower = strdup(value->text);
	if (!lower)
		return qs_document_memory(value->document);
	for (char *c = lower; *c; c++)
		*c = tolower((unsigned char)*c);
	result = qs_document_set(value->document, value->node, lower);
	free(lower);
	return result;
}

/* Has `node` be a mapping of an address and of the number `name`. */
static int make_addressed(struct qs_document *document, int node,
			  const char *name, unsigned int number,
			  const __u8 address[16])
{
	int list;
	char text[16];

	if (qs_document_make(document, node, YAML_MAPPING_NODE))
		return -ENOMEM;
	snprintf(text, sizeof(text), "%u", number);
	if (qs_document_put(document, node, name, text) < 0)
		return -ENOMEM;
	list = qs_document_put(document, node, "address", "");
	if (list < 0 || qs_document_make(document, list, YAML_SEQUENCE_NODE))
		return -ENOMEM;
	for (size_t i = 0; i < 16; i++) {
		snprintf(text, sizeof(text), "%u", address[i]);
		if (qs_document_append(document, list, text) < 0)
			return -ENOMEM;
	}
	return 0;
}

/* Has `node` be the members of an endpoint. */
static int make_endpoint(struct qs_document *document, int node,
			 const struct qs_vip_key *endpoint)
{
	return make_addressed(document, node, "port", endpoint->port,
			      endpoint->address);
}

/* Adds the members of an endpoint to a mapping. */
static int put_endpoint(struct qs_document *document, int node, const char *key,
			const struct qs_vip_key *endpoint)
{
	int value = qs_document_put(document, node, key, "");

	return value < 0 ? value : make_endpoint(document, value, endpoint);
}

static int normalise_endpoint(const struct value *value)
{
	struct qs_vip_key endpoint;

	if (qs_parse_endpoint(value->text, &endpoint))
		return complain(value,
				"not ADDRESS:PORT, such as 192.0.2.1:443 or "
				"[2001:db8::1]:443");
	return make_endpoint(value->document, value->node, &endpoint);
}

static int normalise_prefix(const struct value *value)
{
	struct qs_prefix_key prefix;
	int result = qs_parse_prefix(value->text, &prefix);

	if (result == -EDOM)
		return complain(value, "the address has bits behind the "
				       "prefix; they must be 0");
	if (result)
		return complain(value, "not ADDRESS/BITS, such as 192.0.2.0/24 "
				       "or 2001:db8::/32");
	return make_addressed(value->document, value->node, "length",
			      prefix.length, prefix.address);
}

static int normalise_listener(const struct value *value)
{
	bool on = strcmp(value->text, "none");
	struct qs_vip_key endpoint;

	if (on && qs_parse_endpoint(value->text, &endpoint))
		return complain(value,
				"not ADDRESS:PORT, such as 127.0.0.1:9464 or "
				"[::1]:9464, or none");
	if (qs_document_make(value->document, value->node, YAML_MAPPING_NODE) ||
	    qs_document_put(value->document, value->node, "on",
			    on ? "true" : "false") < 0)
		return -ENOMEM;
	if (!on)
		return 0;
	return put_endpoint(value->document, value->node, "endpoint",
			    &endpoint);
}

static int normalise_url(const struct value *value)
{
	struct qs_document *document = value->document;
	struct qs_url url;

	if (qs_parse_url(value->text, &url))
		return complain(value,
				"not http://HOST[:PORT] or https://HOST[:PORT] "
				"with HOST an IPv4 address, an IPv6 address in "
				"brackets or a name, and nothing behind");
	if (qs_document_make(document, value->node, YAML_MAPPING_NODE) ||
	    qs_document_put(document, value->node, "host", url.host) < 0 ||
	    qs_document_put(document, value->node, "is_address",
			    url.is_address ? "true" : "false") < 0 ||
	    qs_document_put(document, value->node, "is_tls",
			    url.is_tls ? "true" : "false") < 0)
		return -ENOMEM;
	return put_endpoint(document, value->node, "address", &url.address);
}

/* Reads "200-299" or "304" up to a comma or the end. Returns what follows, or
 * NULL. */
static const char *next_statuses(const struct value *value, const char *text,
				 uint32_t *ret_first, uint32_t *ret_last)
{
	char *end;

	text += strspn(text, " ");
	if (!isdigit((unsigned char)*text))
		return NULL;
	*ret_first = *ret_last = strtoul(text, &end, 10);
	if (*end == '-') {
		if (!isdigit((unsigned char)end[1]))
			return NULL;
		*ret_last = strtoul(end + 1, &end, 10);
	}
	end += strspn(end, " ");
	if ((*end && (*end != ',' || !end[1])) || *ret_first > *ret_last ||
	    !is_within(value, *ret_first) || !is_within(value, *ret_last))
		return NULL;
	return *end ? end + 1 : end;
}

static int append_statuses(struct qs_document *document, int list,
			   uint32_t first, uint32_t last)
{
	char text[16];
	int range = qs_document_append(document, list, "");

	if (range < 0 || qs_document_make(document, range, YAML_MAPPING_NODE))
		return -ENOMEM;
	snprintf(text, sizeof(text), "%u", first);
	if (qs_document_put(document, range, "first", text) < 0)
		return -ENOMEM;
	snprintf(text, sizeof(text), "%u", last);
	return qs_document_put(document, range, "last", text) < 0 ? -ENOMEM : 0;
}

static int normalise_statuses(const struct value *value)
{
	uint32_t ranges[QS_CONFIG_MAX_STATUSES][2];
	const char *text = value->text;
	size_t count = 0;

	do {
		if (count == QS_CONFIG_MAX_STATUSES)
			return complain(value, "at most %d ranges",
					QS_CONFIG_MAX_STATUSES);
		text = next_statuses(value, text, &ranges[count][0],
				     &ranges[count][1]);
		if (!text)
			return complain(value,
					"not statuses from %u to %u, such as "
					"200, 200-399 or 200-299,304",
					value->key->minimum,
					value->key->maximum);
		count++;
	} while (*text);
	if (qs_document_make(value->document, value->node, YAML_SEQUENCE_NODE))
		return -ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (append_statuses(value->document, value->node, ranges[i][0],
				    ranges[i][1]))
			return -ENOMEM;
	}
	return 0;
}

/* Which pool it is can be told when all are read: qs_config_resolve(). */
static int normalise_pool(const struct value *value)
{
	return *value->text ? 0
			    : complain(value, "the name of a pool is "
					      "needed");
}

static int normalise_template(const struct value *value)
{
	const struct qs_config_key *key = value->key;
	size_t length = strlen(value->text);
	char problem[256];

	if (length > key->maximum || length < key->minimum)
		return complain(value, "%zu characters; %u to %u are allowed",
				length, key->minimum, key->maximum);
	if (qs_config_check_field_value(value->text, problem,
					sizeof(problem)) ||
	    qs_template_check(value->text, problem, sizeof(problem)))
		return complain(value, "%s", problem);
	return 0;
}

static int normalise_field(const struct value *value)
{
	char name[QS_CONFIG_FIELD_NAME_SIZE], problem[256];

	if (qs_config_check_field_name(value->text, name, problem,
				       sizeof(problem)))
		return complain(value, "%s", problem);
	return qs_document_set(value->document, value->node, name);
}

static int (*const normalise[QS_KINDS])(const struct value *value) = {
	[QS_KIND_DURATION] = normalise_duration,
	[QS_KIND_SHARE] = normalise_share,
	[QS_KIND_PERCENT] = normalise_percent,
	[QS_KIND_NUMBER] = normalise_number,
	[QS_KIND_SWITCH] = normalise_switch,
	[QS_KIND_CHOICE] = normalise_choice,
	[QS_KIND_TEXT] = normalise_text,
	[QS_KIND_ENDPOINT] = normalise_endpoint,
	[QS_KIND_PREFIX] = normalise_prefix,
	[QS_KIND_LISTENER] = normalise_listener,
	[QS_KIND_URL] = normalise_url,
	[QS_KIND_STATUSES] = normalise_statuses,
	[QS_KIND_POOL] = normalise_pool,
	[QS_KIND_TEMPLATE] = normalise_template,
	[QS_KIND_FIELD] = normalise_field,
};

int qs_config_normalise(struct qs_document *document,
			const struct qs_config_key *key, int node,
			const char *path)
{
	const struct value value = {
		.document = document,
		.key = key,
		.node = node,
		.path = path,
		.text = qs_document_text(document, node),
	};

	return normalise[key->kind](&value);
}

int qs_config_normalise_endpoint(struct qs_document *document, int node,
				 const char *path)
{
	static const struct qs_config_key key = {.kind = QS_KIND_ENDPOINT};

	return qs_config_normalise(document, &key, node, path);
}
