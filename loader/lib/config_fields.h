/* SPDX-License-Identifier: GPL-2.0-only */
/* Header fields as rules may name and set them. Pure. */
#ifndef QS_LOADER_LIB_CONFIG_FIELDS_H
#define QS_LOADER_LIB_CONFIG_FIELDS_H

#include <stddef.h>

enum { QS_CONFIG_FIELD_NAME_SIZE = 65 };

/*
 * qs_config_check_field_name: whether rules may touch the field, whose name is
 * written to `lower` in lower case. Returns 0, or -EINVAL with what is wrong in
 * `problem`: it is no token (RFC 9110, 5.6.2), or the field frames or routes
 * messages.
 */
int qs_config_check_field_name(const char *name,
			       char lower[static QS_CONFIG_FIELD_NAME_SIZE],
			       char *problem, size_t size);

/*
 * qs_config_check_field_value: whether it may be a field's value (RFC 9110,
 * 5.5): no control characters, no blanks at the ends. Returns 0, or -EINVAL
 * with what is wrong in `problem`.
 */
int qs_config_check_field_value(const char *value, char *problem, size_t size);

#endif
