/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef HEALTHD_RANDOM_H
#define HEALTHD_RANDOM_H

#include <stdint.h>

/* random_number: any 32-bit number, for jitter and first IDs; no secret. */
uint32_t random_number(void);

#endif
