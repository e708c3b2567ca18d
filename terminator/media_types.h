/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TERMINATOR_MEDIA_TYPES_H
#define TERMINATOR_MEDIA_TYPES_H

/* media_type_of gives the Content-Type for a file of this name, by what follows
 * its last dot; application/octet-stream if that is unknown. Text is taken to
 * be in UTF-8. Pure. */
const char *media_type_of(const char *name);

#endif
