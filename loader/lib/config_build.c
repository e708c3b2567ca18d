/* SPDX-License-Identifier: GPL-2.0-only */
/* What libcyaml is told of the tables, and the loading itself. */
#include "loader/lib/config_internal.h"
#include "loader/lib/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All keys of all tables and the ends of these. */
enum { FIELDS_MAX = 512, LISTS_MAX = 64 };

static const cyaml_schema_value_t octet = {
	CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint8_t)};

static const cyaml_schema_field_t endpoint_fields[] = {
	CYAML_FIELD_UINT("port", CYAML_FLAG_DEFAULT, struct qs_vip_key, port),
	CYAML_FIELD_SEQUENCE_FIXED("address", CYAML_FLAG_DEFAULT,
				   struct qs_vip_key, address, &octet, 16),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t listener_fields[] = {
	CYAML_FIELD_BOOL("on", CYAML_FLAG_DEFAULT, struct qs_config_loader,
			 metrics_on),
	CYAML_FIELD_MAPPING("endpoint", CYAML_FLAG_OPTIONAL,
			    struct qs_config_loader, metrics, endpoint_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t url_fields[] = {
	CYAML_FIELD_STRING_PTR("host", CYAML_FLAG_POINTER,
			       struct qs_config_backend, host, 0,
			       CYAML_UNLIMITED),
	CYAML_FIELD_BOOL("is_address", CYAML_FLAG_DEFAULT,
			 struct qs_config_backend, is_address),
	CYAML_FIELD_BOOL("is_tls", CYAML_FLAG_DEFAULT, struct qs_config_backend,
			 is_tls),
	CYAML_FIELD_MAPPING("address", CYAML_FLAG_DEFAULT,
			    struct qs_config_backend, address, endpoint_fields),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t statuses_fields[] = {
	CYAML_FIELD_UINT("first", CYAML_FLAG_DEFAULT, struct qs_config_statuses,
			 first),
	CYAML_FIELD_UINT("last", CYAML_FLAG_DEFAULT, struct qs_config_statuses,
			 last),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t endpoint_value = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct qs_vip_key, endpoint_fields)};

static const cyaml_schema_field_t prefix_fields[] = {
	CYAML_FIELD_UINT("length", CYAML_FLAG_DEFAULT, struct qs_prefix_key,
			 length),
	CYAML_FIELD_SEQUENCE_FIXED("address", CYAML_FLAG_DEFAULT,
				   struct qs_prefix_key, address, &octet, 16),
	CYAML_FIELD_END,
};

static const cyaml_schema_value_t prefix_value = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct qs_prefix_key, prefix_fields)};

static const cyaml_schema_value_t statuses_value = {CYAML_VALUE_MAPPING(
	CYAML_FLAG_DEFAULT, struct qs_config_statuses, statuses_fields)};

static const cyaml_schema_value_t text_value = {
	.type = CYAML_STRING,
	.flags = CYAML_FLAG_POINTER,
	.data_size = sizeof(char),
	.string = {.max = CYAML_UNLIMITED},
};

/* Made of the tables once. */
static struct {
	cyaml_schema_field_t fields[FIELDS_MAX];
	cyaml_schema_value_t entries[LISTS_MAX];
	size_t field_count;
	size_t entry_count;
	cyaml_schema_value_t file;
} schema;

static const cyaml_schema_field_t *
make_fields(const struct qs_config_mapping *mapping);

static cyaml_schema_value_t make_mapping(const cyaml_schema_field_t *fields,
					 size_t size)
{
	return (cyaml_schema_value_t){
		.type = CYAML_MAPPING,
		.data_size = size,
		.mapping.fields = fields,
	};
}

static cyaml_schema_value_t make_value(const struct qs_config_key *key);

static cyaml_schema_value_t make_list(const struct qs_config_key *key)
{
	cyaml_schema_value_t *entry = &schema.entries[schema.entry_count++];
	const struct qs_config_key kind = qs_config_entry(key);

	if (schema.entry_count > LISTS_MAX)
		abort();
	if (key->mapping)
		*entry = make_mapping(make_fields(key->mapping),
				      key->mapping->size);
	else if (key->entry == QS_KIND_PREFIX)
		*entry = prefix_value;
	else
		*entry = make_value(&kind);
	return (cyaml_schema_value_t){
		.type = CYAML_SEQUENCE,
		.flags = key->flags & QS_KEY_INLINE ? CYAML_FLAG_DEFAULT
						    : CYAML_FLAG_POINTER,
		.data_size = key->size,
		.sequence = {.entry = entry,
			     .min = key->minimum,
			     .max = key->maximum},
	};
}

static cyaml_schema_value_t make_value(const struct qs_config_key *key)
{
	cyaml_schema_value_t number = {
		CYAML_VALUE_UINT(CYAML_FLAG_DEFAULT, uint32_t)};

	switch (key->kind) {
	case QS_KIND_SWITCH:
		return (cyaml_schema_value_t){
			CYAML_VALUE_BOOL(CYAML_FLAG_DEFAULT, bool)};
	case QS_KIND_CHOICE:
		return (cyaml_schema_value_t){
			.type = CYAML_ENUM,
			.flags = CYAML_FLAG_STRICT,
			.data_size = key->size,
			.enumeration = {.strings = key->choices,
					.count = key->choice_count},
		};
	case QS_KIND_TEXT:
	case QS_KIND_TEMPLATE:
	case QS_KIND_FIELD:
		return text_value;
	case QS_KIND_ENDPOINT:
		return endpoint_value;
	case QS_KIND_LISTENER:
		return make_mapping(listener_fields, key->size);
	case QS_KIND_URL:
		return make_mapping(url_fields, key->size);
	case QS_KIND_STATUSES:
		return (cyaml_schema_value_t){
			.type = CYAML_SEQUENCE,
			.data_size = sizeof(struct qs_config_statuses),
			.sequence = {.entry = &statuses_value,
				     .min = 1,
				     .max = QS_CONFIG_MAX_STATUSES},
		};
	case QS_KIND_MAPPING:
		return make_mapping(make_fields(key->mapping), key->size);
	case QS_KIND_LIST:
		return make_list(key);
	default:
		number.data_size = key->size;
		return number;
	}
}

static const cyaml_schema_field_t *
make_fields(const struct qs_config_mapping *mapping)
{
	cyaml_schema_field_t *fields = &schema.fields[schema.field_count];
	size_t count = 0;

	while (mapping->keys[count].name)
		count++;
	schema.field_count += count + 1;
	if (schema.field_count > FIELDS_MAX)
		abort();
	for (size_t i = 0; i < count; i++) {
		const struct qs_config_key *key = &mapping->keys[i];

		fields[i] = (cyaml_schema_field_t){
			.key = key->name,
			.data_offset = key->offset,
			.count_offset = key->count_offset,
			.count_size = sizeof(size_t),
			.value = make_value(key),
		};
		/* What is required was checked with a better message. */
		fields[i].value.flags |= CYAML_FLAG_OPTIONAL;
	}
	return fields;
}

static void make_schema(void)
{
	schema.file =
		make_mapping(make_fields(&qs_config_file), qs_config_file.size);
	schema.file.flags = CYAML_FLAG_POINTER;
}

static const cyaml_schema_value_t *schema_once(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, make_schema);
	return &schema.file;
}

/* Writes a scalar so that any text comes through: libyaml takes some
 * characters only where they are escaped. */
static void write_text(FILE *out, const char *text)
{
	fputc('"', out);
	while (*text) {
		uint32_t character = ' ';
		int octets = qs_utf8_next(text, &character);

		if (character == '"' || character == '\\')
			fprintf(out, "\\%c", character);
		else if (character < ' ' || character > '~')
			fprintf(out, "\\U%08x", character);
		else
			fputc(character, out);
		text += octets ? octets : 1;
	}
	fputc('"', out);
}

static void write_node(FILE *out, struct qs_document *document, int index)
{
	const yaml_node_t *node = qs_document_node(document, index);

	if (node->type == YAML_SCALAR_NODE) {
		write_text(out, (const char *)node->data.scalar.value);
	} else if (node->type == YAML_SEQUENCE_NODE) {
		fputc('[', out);
		for (yaml_node_item_t *item = node->data.sequence.items.start;
		     item < node->data.sequence.items.top; item++) {
			write_node(out, document, *item);
			fputs(",\n", out);
		}
		fputc(']', out);
	} else {
		fputc('{', out);
		for (yaml_node_pair_t *pair = node->data.mapping.pairs.start;
		     pair < node->data.mapping.pairs.top; pair++) {
			write_node(out, document, pair->key);
			fputs(": ", out);
			write_node(out, document, pair->value);
			fputs(",\n", out);
		}
		fputc('}', out);
	}
}

/* libcyaml logs its reason first, then where it was. */
static void keep_log(cyaml_log_t level, void *context, const char *format,
		     va_list arguments)
{
	char *text = context;

	if (level >= CYAML_LOG_ERROR && !*text)
		vsnprintf(text, 128, format, arguments);
}

static cyaml_config_t cyaml_options(char *log)
{
	return (cyaml_config_t){
		.log_fn = log ? keep_log : NULL,
		.log_ctx = log,
		.log_level = CYAML_LOG_ERROR,
		.mem_fn = cyaml_mem,
		.flags = CYAML_CFG_NO_ALIAS,
	};
}

int qs_config_build(struct qs_document *document, struct qs_config **ret_config)
{
	char log[128] = "", *text = NULL;
	cyaml_config_t options = cyaml_options(log);
	cyaml_data_t *data = NULL;
	cyaml_err_t error;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return qs_document_memory(document);
	write_node(out, document, 1);
	if (fclose(out)) {
		free(text);
		return qs_document_memory(document);
	}
	error = cyaml_load_data((const uint8_t *)text, size, &options,
				schema_once(), &data, NULL);
	free(text);
	if (error == CYAML_ERR_OOM)
		return qs_document_memory(document);
	if (error)
		return qs_document_error(document, 0, "", "libcyaml: %s: %s",
					 cyaml_strerror(error), log);
	*ret_config = data;
	return 0;
}

void qs_config_free(struct qs_config *config)
{
	cyaml_config_t options = cyaml_options(NULL);

	if (config)
		cyaml_free(&options, schema_once(), config, 0);
}
