/* SPDX-License-Identifier: GPL-2.0-only */
/* The tables as a JSON Schema, for editors. */
#include "loader/lib/config_schema.h"
#include "loader/lib/parse.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Any value may be written with a variable instead. */
static const char variable[] = "\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^$}]*)?\\}";

static json_t *make_mapping(const struct qs_config_mapping *mapping);

static json_t *make_pattern(const char *pattern)
{
	return json_pack("{s:s, s:s}", "type", "string", "pattern", pattern);
}

static json_t *make_text(const struct qs_config_key *key)
{
	json_t *text =
		json_pack("{s:s, s:i, s:i}", "type", "string", "minLength",
			  (int)key->minimum, "maxLength", (int)key->maximum);

	if (key->pattern)
		json_object_set_new(text, "pattern", json_string(key->pattern));
	return text;
}

static json_t *make_choice(const struct qs_config_key *key)
{
	json_t *words = json_array();

	for (uint32_t i = 0; i < key->choice_count; i++)
		json_array_append_new(words, json_string(key->choices[i].str));
	return json_pack("{s:o}", "enum", words);
}

static json_t *make_list(const struct qs_config_key *key);

/* The value itself, not a variable. */
static json_t *make_value(const struct qs_config_key *key)
{
	switch (key->kind) {
	case QS_KIND_DURATION:
		return make_pattern("^[0-9]+(ms|s|m|h)$");
	case QS_KIND_SHARE:
		return make_pattern("^[0-9]+(\\.[0-9])? *%$");
	case QS_KIND_PERCENT:
		return make_pattern("^[0-9]+(\\.0)? *%$");
	case QS_KIND_NUMBER:
		return json_pack("{s:s, s:I, s:I}", "type", "integer",
				 "minimum", (json_int_t)key->minimum, "maximum",
				 (json_int_t)key->maximum);
	case QS_KIND_SWITCH:
		return json_pack("{s:s}", "type", "boolean");
	case QS_KIND_CHOICE:
		return make_choice(key);
	case QS_KIND_TEXT:
		return make_text(key);
	case QS_KIND_ENDPOINT:
		return make_pattern("^([0-9.]+|\\[[0-9A-Fa-f:.]+\\]):[0-9]+$");
	case QS_KIND_PREFIX:
		return make_pattern(
			"^([0-9.]+(/([12]?[0-9]|3[0-2]))?|[0-9A-Fa-f.]*:"
			"[0-9A-Fa-f:.]+(/([1-9]?[0-9]|1[01][0-9]|12[0-8]))?)$");
	case QS_KIND_LISTENER:
		return make_pattern("^(none|([0-9.]+|\\[[0-9A-Fa-f:.]+\\])"
				    ":[0-9]+)$");
	case QS_KIND_URL:
		return make_pattern("^https?://(\\[[0-9A-Fa-f:.]+\\]|"
				    "[A-Za-z0-9._-]+)(:[0-9]+)?/?$");
	case QS_KIND_STATUSES:
		return json_pack("{s:[s, s], s:s, s:i, s:i}", "type", "integer",
				 "string", "pattern",
				 "^ *[1-5][0-9]{2}(-[1-5][0-9]{2})? *"
				 "(, *[1-5][0-9]{2}(-[1-5][0-9]{2})? *)*$",
				 "minimum", (int)key->minimum, "maximum",
				 (int)key->maximum);
	case QS_KIND_POOL:
		return json_pack("{s:s, s:i}", "type", "string", "minLength",
				 1);
	case QS_KIND_TEMPLATE:
		return make_text(key);
	case QS_KIND_FIELD:
		return make_pattern("^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$");
	case QS_KIND_MAPPING:
		return make_mapping(key->mapping);
	case QS_KIND_LIST:
		return make_list(key);
	case QS_KINDS:
		break;
	}
	return NULL;
}

static json_t *make_scalar(const struct qs_config_key *key)
{
	return json_pack("{s:[o, {s:s}]}", "anyOf", make_value(key), "$ref",
			 "#/$defs/variable");
}

static json_t *make_list(const struct qs_config_key *key)
{
	const struct qs_config_key entry = qs_config_entry(key);

	return json_pack(
		"{s:s, s:o, s:i, s:i}", "type", "array", "items",
		key->mapping ? make_mapping(key->mapping) : make_scalar(&entry),
		"minItems", (int)key->minimum, "maxItems", (int)key->maximum);
}

/* "from 10ms to 1h", where no pattern can say it. */
static void describe_range(char *text, size_t size,
			   const struct qs_config_key *key)
{
	char least[QS_DURATION_TEXT], most[QS_DURATION_TEXT];
	uint32_t unit = key->kind == QS_KIND_PERCENT ? 10 : 1;

	if (key->kind == QS_KIND_DURATION)
		snprintf(text, size, "; %s to %s",
			 qs_format_duration(least, key->minimum),
			 qs_format_duration(most, key->maximum));
	else if (key->kind == QS_KIND_SHARE || key->kind == QS_KIND_PERCENT)
		snprintf(text, size, "; %g%% to %g%%",
			 key->minimum * unit / 10.0,
			 key->maximum * unit / 10.0);
}

static json_t *make_default(const struct qs_config_key *key)
{
	if (key->kind == QS_KIND_NUMBER)
		return json_integer(strtol(key->fallback, NULL, 10));
	if (key->kind == QS_KIND_SWITCH)
		return json_boolean(!strcmp(key->fallback, "true"));
	return json_string(key->fallback);
}

/* A key: its value, and what people want to know of it. */
static json_t *make_key(const struct qs_config_key *key)
{
	bool is_scalar =
		key->kind != QS_KIND_MAPPING && key->kind != QS_KIND_LIST;
	json_t *made = is_scalar ? make_scalar(key) : make_value(key);
	char range[64] = "", text[320];

	describe_range(range, sizeof(range), key);
	snprintf(text, sizeof(text), "%s%s%s%s%s", key->help, range,
		 key->restart ? " (a change takes effect on restart of " : "",
		 key->restart ? key->restart : "", key->restart ? ")" : "");
	json_object_set_new(made, "description", json_string(text));
	if (is_scalar && key->fallback)
		json_object_set_new(made, "default", make_default(key));
	return made;
}

static json_t *make_mapping(const struct qs_config_mapping *mapping)
{
	json_t *keys = json_object(), *required = json_array();
	json_t *one_of = json_array();
	json_t *made = json_pack("{s:s, s:b, s:o}", "type", "object",
				 "additionalProperties", 0, "properties", keys);

	for (const struct qs_config_key *key = mapping->keys; key->name;
	     key++) {
		json_object_set_new(keys, key->name, make_key(key));
		if (key->flags & QS_KEY_REQUIRED)
			json_array_append_new(required, json_string(key->name));
		if (key->flags & QS_KEY_ONE_OF)
			json_array_append_new(
				one_of,
				json_pack("{s:[s]}", "required", key->name));
	}
	if (json_array_size(required))
		json_object_set(made, "required", required);
	if (json_array_size(one_of))
		json_object_set(made, "oneOf", one_of);
	json_decref(required);
	json_decref(one_of);
	return made;
}

char *qs_config_schema(void)
{
	json_t *schema =
		json_pack("{s:s, s:s, s:{s:{s:s, s:s, s:s}}}", "$schema",
			  "https://json-schema.org/draft/2020-12/schema",
			  "title", "quicsteer.yaml", "$defs", "variable",
			  "type", "string", "pattern", variable, "description",
			  "${NAME} or ${NAME:-default}, from the environment");
	json_t *file = make_mapping(&qs_config_file);
	char *text = NULL;

	/* What jansson could not make for lack of memory is NULL here. */
	if (schema && file && !json_object_update(schema, file))
		text = json_dumps(schema, JSON_INDENT(2));
	json_decref(schema);
	json_decref(file);
	return text;
}
