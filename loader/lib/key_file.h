/* SPDX-License-Identifier: GPL-2.0-only */
/* Files with secrets: nobody but their owner may read or write them. */
#ifndef QS_LOADER_LIB_KEY_FILE_H
#define QS_LOADER_LIB_KEY_FILE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * qs_secret_open: opens the file for reading. Returns a descriptor and when it
 * was last modified, in seconds since 1970, or -ENOENT, -EACCES (others than
 * its owner may read or write it, or it is not a regular file of this user or
 * root) or another -errno.
 */
int qs_secret_open(const char *path, __u64 *ret_modified_s);

/*
 * qs_secret_write: writes a file of mode 0600, whole or not at all, also over a
 * crash. One that exists is replaced, or else is -EEXIST. Returns 0 or -errno.
 */
int qs_secret_write(const char *path, const char *text, size_t length,
		    bool replace);

/*
 * qs_key_file_read: the AES-128 key in the file, 32 hex digits and nothing else
 * but white space behind them. Returns 0, -EBADMSG (its content is something
 * else) or as qs_secret_open().
 */
int qs_key_file_read(const char *path, __u8 ret_key[16]);

#endif
