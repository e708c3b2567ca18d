/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the linker puts in the place of ngtcp2's own function of this name: see
 * reset_frames.c. Nobody else calls it.
 */
#ifndef TERMINATOR_RESET_FRAMES_H
#define TERMINATOR_RESET_FRAMES_H

#include <ngtcp2/ngtcp2.h>
#include <stddef.h>
#include <stdint.h>

ngtcp2_ssize __real_ngtcp2_pkt_decode_frame(void *frame, const uint8_t *data,
					    size_t size);
ngtcp2_ssize __wrap_ngtcp2_pkt_decode_frame(void *frame, const uint8_t *data,
					    size_t size);

#endif
