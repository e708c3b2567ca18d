/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/lib/secrets.h"
#include "loader/lib/key_file.h"
#include "loader/lib/parse.h"
#include "quicsteer/cid.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

/* By version; the last one is written. */
static const char *const first_lines[] = {
	"quicsteer-secrets 1",
	"quicsteer-secrets 2",
	"quicsteer-secrets 3",
};

enum {
	VERSION = 3,
	OLD_FIELDS = 4, /* of versions 1 and 2 */
	FIELDS = 6,
	LINE_MAX_LENGTH = 192,
	FILE_MAX_LENGTH = 4096,
	CONFIG_WORDS = 8,
	CONFIG_FLAGS =
		QS_CONFIG_ASSIGNED | QS_CONFIG_LISTED | QS_CONFIG_SELF_LENGTH,
};

static const char since[] = "ticket-since ";

struct field {
	const char *name;
	__u8 *octets;
	size_t length;
};

static struct field ticket_field(const char *name, struct qs_secrets *shared,
				 enum qs_ticket_secret which)
{
	return (struct field){name, shared->tickets[which],
			      sizeof(shared->tickets[which])};
}

static void list_fields(struct qs_state_secrets *secrets,
			struct field fields[static FIELDS])
{
	struct qs_secrets *shared = &secrets->shared;

	fields[0] =
		(struct field){"reset", shared->reset, sizeof(shared->reset)};
	fields[1] =
		(struct field){"token", shared->token, sizeof(shared->token)};
	fields[2] = ticket_field("ticket", shared, QS_TICKET_CURRENT);
	fields[3] = (struct field){"hash", secrets->hash_key,
				   sizeof(secrets->hash_key)};
	fields[4] = ticket_field("ticket-previous", shared, QS_TICKET_PREVIOUS);
	fields[5] = ticket_field("ticket-next", shared, QS_TICKET_NEXT);
}

/* Ends the line at *cursor and moves on to the next; NULL at the end. */
static char *take_line(char **cursor)
{
	char *line = *cursor;
	char *end = strchr(line, '\n');

	if (!end)
		return NULL;
	*end = '\0';
	*cursor = end + 1;
	return line;
}

static int parse_field(const char *line, const struct field *field)
{
	size_t name_length = strlen(field->name);
	size_t length;

	if (strncmp(line, field->name, name_length) || line[name_length] != ' ')
		return -EBADMSG;
	if (qs_parse_hex(line + name_length + 1, field->octets, field->length,
			 &length))
		return -EBADMSG;
	return length == field->length ? 0 : -EBADMSG;
}

int qs_state_config_fill(struct qs_control_cid_config *config,
			 __u32 server_id_length, __u32 nonce_length,
			 const __u8 *key, __u8 flags)
{
	struct qs_cid_config whole;
	int error = qs_cid_config_init(&whole, server_id_length, nonce_length,
				       key, flags);

	*config = (struct qs_control_cid_config){
		.encoding = whole.encoding,
		.server_id_length = whole.server_id_length,
		.nonce_length = whole.nonce_length,
		.flags = whole.flags,
	};
	memcpy(config->key, whole.key, sizeof(config->key));
	explicit_bzero(&whole, sizeof(whole));
	return error;
}

static int first_config(struct qs_state_secrets *secrets, const __u8 key[16],
			__u64 created_s)
{
	struct qs_state_config *first = &secrets->configs[0];

	secrets->current = 0;
	first->created_s = created_s;
	return qs_state_config_fill(&first->config, QS_FIRST_SERVER_ID_LENGTH,
				    QS_FIRST_NONCE_LENGTH, key,
				    QS_CONFIG_ASSIGNED | QS_CONFIG_SELF_LENGTH);
}

/* What version 1 has behind the hash. */
static int parse_configs_1(char **text, struct qs_state_secrets *secrets,
			   __u64 created_s)
{
	__u8 key[16];
	struct field field = {"cid", key, sizeof(key)};
	const char *line = take_line(text);
	int error = !line || parse_field(line, &field) ? -EBADMSG : 0;

	if (!error)
		error = first_config(secrets, key, created_s);
	explicit_bzero(key, sizeof(key));
	return error;
}

/* Numbers of a line that stand between blanks. */
static int parse_numbers(char *words[CONFIG_WORDS], __u32 numbers[CONFIG_WORDS])
{
	for (int i = 0; i < CONFIG_WORDS; i++) {
		if (i == 0 || i == 5)
			continue;
		if (!words[i] ||
		    qs_parse_number(words[i], UINT32_MAX, &numbers[i]))
			return -EBADMSG;
	}
	return words[5] ? 0 : -EBADMSG;
}

/* words: "config", its ID, two lengths, flags, key, created, retired. */
static int parse_config(char *line, struct qs_state_secrets *secrets)
{
	bool is_plaintext;
	__u8 key[16];
	char *words[CONFIG_WORDS], *rest = NULL;
	__u32 numbers[CONFIG_WORDS];
	struct qs_state_config *config;
	size_t length;
	int error;

	for (int i = 0; i < CONFIG_WORDS; i++)
		words[i] = strtok_r(i ? NULL : line, " ", &rest);
	if (!words[0] || strcmp(words[0], "config") || (rest && *rest) ||
	    parse_numbers(words, numbers) || numbers[1] >= QS_CONFIG_ID_NONE ||
	    numbers[4] & ~CONFIG_FLAGS)
		return -EBADMSG;
	config = &secrets->configs[numbers[1]];
	is_plaintext = !strcmp(words[5], "plaintext");
	if (config->config.encoding ||
	    (!is_plaintext &&
	     (qs_parse_hex(words[5], key, sizeof(key), &length) ||
	      length != sizeof(key))))
		return -EBADMSG;
	config->created_s = numbers[6];
	config->retired_s = numbers[7];
	error = qs_state_config_fill(&config->config, numbers[2], numbers[3],
				     is_plaintext ? NULL : key, numbers[4]);
	explicit_bzero(key, sizeof(key));
	return error;
}

static int parse_configs(char **text, struct qs_state_secrets *secrets)
{
	static const char current[] = "current ";
	const struct qs_state_config *config;
	char *line = take_line(text);

	if (!line || strncmp(line, current, sizeof(current) - 1) ||
	    qs_parse_number(line + sizeof(current) - 1, QS_CONFIG_ID_NONE - 1,
			    &secrets->current))
		return -EBADMSG;
	while ((line = take_line(text)) && strcmp(line, "end")) {
		if (parse_config(line, secrets))
			return -EBADMSG;
	}
	config = &secrets->configs[secrets->current];
	return line && config->config.encoding && !config->retired_s ? 0
								     : -EBADMSG;
}

static int draw(void *octets, size_t size)
{
	return getrandom(octets, size, 0) == (ssize_t)size ? 0 : -EIO;
}

/* What earlier versions do not have. */
static int more_tickets(struct qs_state_secrets *secrets, __u64 since_s)
{
	struct qs_secrets *shared = &secrets->shared;

	secrets->ticket_since_s = since_s;
	memcpy(shared->tickets[QS_TICKET_PREVIOUS],
	       shared->tickets[QS_TICKET_CURRENT], sizeof(shared->tickets[0]));
	return draw(shared->tickets[QS_TICKET_NEXT],
		    sizeof(shared->tickets[0]));
}

static int parse_since(const char *line, struct qs_state_secrets *secrets)
{
	__u32 seconds;

	if (!line || strncmp(line, since, sizeof(since) - 1) ||
	    qs_parse_number(line + sizeof(since) - 1, UINT32_MAX, &seconds))
		return -EBADMSG;
	secrets->ticket_since_s = seconds;
	return 0;
}

/* Returns 0 if it is none that we know. */
static int parse_version(const char *line)
{
	for (int version = VERSION; line && version; version--)
		if (!strcmp(line, first_lines[version - 1]))
			return version;
	return 0;
}

/* `modified_s` is what version 1 knows of the configuration's age. */
static int parse_secrets(char *text, struct qs_state_secrets *secrets,
			 __u64 modified_s)
{
	struct field fields[FIELDS];
	int version = parse_version(take_line(&text)), error;
	int count = version < VERSION ? OLD_FIELDS : FIELDS;

	memset(secrets, 0, sizeof(*secrets));
	if (!version)
		return -EBADMSG;
	list_fields(secrets, fields);
	for (int i = 0; i < count; i++) {
		const char *line = take_line(&text);

		if (!line || parse_field(line, &fields[i]))
			return -EBADMSG;
	}
	error = version < VERSION ? more_tickets(secrets, modified_s)
				  : parse_since(take_line(&text), secrets);
	if (error)
		return error;
	error = version == 1 ? parse_configs_1(&text, secrets, modified_s)
			     : parse_configs(&text, secrets);
	if (error)
		return -EBADMSG;
	return *text ? -EBADMSG : 0;
}

int qs_secrets_load(const char *path, struct qs_state_secrets *ret_secrets)
{
	struct qs_state_secrets secrets;
	char text[FILE_MAX_LENGTH];
	__u64 modified_s = 0;
	ssize_t length;
	int fd, error;

	fd = qs_secret_open(path, &modified_s);
	if (fd < 0)
		return fd;
	length = read(fd, text, sizeof(text) - 1);
	if (length < 0) {
		error = -errno;
		goto out;
	}
	text[length] = '\0';
	error = parse_secrets(text, &secrets, modified_s);
	if (!error)
		*ret_secrets = secrets;
	explicit_bzero(text, sizeof(text));
	explicit_bzero(&secrets, sizeof(secrets));
out:
	close(fd);
	return error;
}

static size_t format_config(char *text, size_t size, int id,
			    const struct qs_state_config *config)
{
	char key[2 * sizeof(config->config.key) + 1];
	size_t length;

	if (config->config.encoding == QS_ENCODING_NONE)
		return 0;
	if (config->config.encoding == QS_ENCODING_PLAINTEXT)
		strcpy(key, "plaintext");
	else
		qs_format_hex(key, config->config.key,
			      sizeof(config->config.key));
	length = snprintf(
		text, size, "config %d %u %u %u %s %" PRIu64 " %" PRIu64 "\n",
		id, config->config.server_id_length,
		config->config.nonce_length, config->config.flags, key,
		(uint64_t)config->created_s, (uint64_t)config->retired_s);
	explicit_bzero(key, sizeof(key));
	return length;
}

static size_t format_secrets(char *text, size_t size,
			     struct qs_state_secrets *secrets)
{
	struct field fields[FIELDS];
	char hex[LINE_MAX_LENGTH];
	size_t length;

	list_fields(secrets, fields);
	length = snprintf(text, size, "%s\n", first_lines[VERSION - 1]);
	for (int i = 0; i < FIELDS; i++)
		length += snprintf(
			text + length, size - length, "%s %s\n", fields[i].name,
			qs_format_hex(hex, fields[i].octets, fields[i].length));
	explicit_bzero(hex, sizeof(hex));
	length += snprintf(text + length, size - length, "%s%" PRIu64 "\n",
			   since, (uint64_t)secrets->ticket_since_s);
	length += snprintf(text + length, size - length, "current %u\n",
			   secrets->current);
	for (int id = 0; id < QS_CONFIG_ID_NONE; id++)
		length += format_config(text + length, size - length, id,
					&secrets->configs[id]);
	length += snprintf(text + length, size - length, "end\n");
	return length;
}

static int write_secrets(const char *path,
			 const struct qs_state_secrets *secrets, bool replace)
{
	struct qs_state_secrets copy = *secrets;
	char text[FILE_MAX_LENGTH];
	size_t length = format_secrets(text, sizeof(text), &copy);
	int error = qs_secret_write(path, text, length, replace);

	explicit_bzero(text, sizeof(text));
	explicit_bzero(&copy, sizeof(copy));
	return error;
}

int qs_secrets_replace(const char *path, const struct qs_state_secrets *secrets)
{
	return write_secrets(path, secrets, true);
}

static int draw_secrets(struct qs_state_secrets *secrets)
{
	__u8 key[16];
	int error;

	memset(secrets, 0, sizeof(*secrets));
	secrets->ticket_since_s = time(NULL);
	error = draw(&secrets->shared, sizeof(secrets->shared));
	if (!error)
		error = draw(secrets->hash_key, sizeof(secrets->hash_key));
	if (!error)
		error = draw(key, sizeof(key));
	if (!error)
		error = first_config(secrets, key, time(NULL));
	explicit_bzero(key, sizeof(key));
	return error;
}

int qs_secrets_create(const char *path, struct qs_state_secrets *ret_secrets)
{
	struct qs_state_secrets secrets;
	int error = draw_secrets(&secrets);

	if (!error)
		error = write_secrets(path, &secrets, false);
	if (!error)
		*ret_secrets = secrets;
	explicit_bzero(&secrets, sizeof(secrets));
	return error;
}

int qs_secrets_rotate_ticket(struct qs_state_secrets *secrets, __u64 now_s)
{
	__u8(*tickets)[sizeof(secrets->shared.tickets[0])] =
		secrets->shared.tickets;
	__u8 next[sizeof(tickets[0])];
	int error = draw(next, sizeof(next));

	if (!error) {
		memcpy(tickets[QS_TICKET_PREVIOUS], tickets[QS_TICKET_CURRENT],
		       sizeof(next));
		memcpy(tickets[QS_TICKET_CURRENT], tickets[QS_TICKET_NEXT],
		       sizeof(next));
		memcpy(tickets[QS_TICKET_NEXT], next, sizeof(next));
		secrets->ticket_since_s = now_s;
	}
	explicit_bzero(next, sizeof(next));
	return error;
}
