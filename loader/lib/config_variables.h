/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef QS_LOADER_LIB_CONFIG_VARIABLES_H
#define QS_LOADER_LIB_CONFIG_VARIABLES_H

#include <stddef.h>

/*
 * qs_expand: replaces ${NAME} and ${NAME:-default} in `text` by values of the
 * environment, the default where NAME is unset or empty, and $$ by $. What
 * comes from the environment is not looked at again. Returns 0 with text to be
 * freed in *ret_text, -EINVAL with what is wrong in `problem`, or -ENOMEM.
 */
int qs_expand(const char *text, char **ret_text, char *problem, size_t size);

#endif
