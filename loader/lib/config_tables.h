/* SPDX-License-Identifier: GPL-2.0-only */
/* What the tables of config_schema*.c are written
 * with. */
#ifndef QS_LOADER_LIB_CONFIG_TABLES_H
#define QS_LOADER_LIB_CONFIG_TABLES_H

#include "loader/lib/config_schema.h"

#define MEMBER(type, member) \
	.offset = offsetof(type, member), .size = sizeof(((type *)0)->member)

#define CHOICES(values) \
	.choices = (values), .choice_count = sizeof(values) / sizeof(*(values))

#define LIST(type, member, count)                               \
	.kind = QS_KIND_LIST, .offset = offsetof(type, member), \
	.size = sizeof(*((type *)0)->member),                   \
	.count_offset = offsetof(type, count)

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

#define FILE_PATTERN "^/.*[^/]$"
#define FILE_FORM                                                           \
	"an absolute path is needed, which begins with / and does not end " \
	"with it"

#define NEEDED_FILE                                                   \
	.kind = QS_KIND_TEXT, .flags = QS_KEY_REQUIRED | QS_KEY_FILE, \
	.minimum = 2, .maximum = 4095, .pattern = FILE_PATTERN,       \
	.form = FILE_FORM

#define ANY_FILE                                                  \
	.kind = QS_KIND_TEXT, .flags = QS_KEY_FILE, .minimum = 2, \
	.maximum = 4095, .pattern = FILE_PATTERN, .form = FILE_FORM

/* What a certificate is for. */
#define HOST_PATTERN "^([*][.])?[A-Za-z0-9_:-]+([.][A-Za-z0-9_:-]+)*$"
#define HOST_FORM                                                         \
	"a host such as www.example.com, *.example.com for all that are " \
	"one label longer, or an address"

#define NAME_PATTERN "^[a-z0-9-]+$"
#define NAME_FORM "a name is 1 to 31 of a-z, 0-9 and -"

/* A character of a token (RFC 9110, 5.6.2). */
#define TOKEN "[!#$%&'*+.^_`|~0-9A-Za-z-]"

extern const struct qs_config_mapping qs_config_certificate_mapping;
extern const struct qs_config_mapping qs_config_pool_mapping;
extern const struct qs_config_mapping qs_config_check_mapping;
extern const struct qs_config_mapping qs_config_breaker_mapping;
extern const struct qs_config_mapping qs_config_health_weight_mapping;
extern const struct qs_config_mapping qs_config_affinity_cookie_mapping;
extern const struct qs_config_mapping qs_config_retries_mapping;
extern const struct qs_config_mapping qs_config_queue_mapping;
extern const struct qs_config_mapping qs_config_pool_tls_mapping;
extern const struct qs_config_mapping qs_config_forwarded_mapping;
extern const struct qs_config_mapping qs_config_request_id_mapping;
extern const struct qs_config_mapping qs_config_route_mapping;
extern const struct qs_config_mapping qs_config_new_mapping;
extern const struct qs_config_mapping qs_config_health_page_mapping;
extern const struct qs_config_mapping qs_config_metrics_page_mapping;
extern const struct qs_config_mapping qs_config_error_page_mapping;
extern const struct qs_config_mapping qs_config_cid_mapping;
extern const struct qs_config_mapping qs_config_access_log_mapping;
extern const struct qs_config_mapping qs_config_compression_mapping;
extern const struct qs_config_mapping qs_config_limits_mapping;
extern const struct qs_config_mapping qs_config_quic_mapping;
extern const struct qs_config_mapping qs_config_terminator_mapping;

#endif
