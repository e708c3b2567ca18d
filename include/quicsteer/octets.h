/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Numbers in octets, for BPF and userspace, and the macros that say how the
 * functions of these headers are compiled.
 */
#ifndef QUICSTEER_OCTETS_H
#define QUICSTEER_OCTETS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/*
 * QS_SUBPROGRAM is for what should be verified once and not once for each way
 * to it: in BPF a global function, whose pointers have to be compared to NULL.
 */
#ifdef __bpf__
#define QS_INLINE static inline __attribute__((always_inline))
#define QS_SUBPROGRAM __attribute__((noinline))
#else
#define QS_INLINE static inline
#define QS_SUBPROGRAM static inline
#endif

/*
 * For BPF's sake: QS_UNROLL unrolls the loop behind it; QS_OPAQUE keeps the
 * compiler from knowing what a pointer is, which else loads an address of its
 * own, 10 octets, for each thing that the pointer leads to.
 */
#ifdef __bpf__
#define QS_UNROLL _Pragma("clang loop unroll(full)")
#define QS_OPAQUE(pointer) __asm__ volatile("" : "+r"(pointer))
#else
#define QS_UNROLL
#define QS_OPAQUE(pointer) (void)(pointer)
#endif

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define QS_SWAP_BE(bits, x) __builtin_bswap##bits(x)
#define QS_SWAP_LE64(x) (x)
#else
#define QS_SWAP_BE(bits, x) (x)
#define QS_SWAP_LE64(x) __builtin_bswap64(x)
#endif

/* The 8 octets at `octets` as a big-endian number. */
QS_INLINE __u64 qs_load_be64(const void *octets)
{
	__u64 x;

	__builtin_memcpy(&x, octets, sizeof(x));
	return QS_SWAP_BE(64, x);
}

/* Writes x to the 8 octets at `octets`, big endian. */
QS_INLINE void qs_store_be64(void *octets, __u64 x)
{
	x = QS_SWAP_BE(64, x);
	__builtin_memcpy(octets, &x, sizeof(x));
}

/* The 4 octets at `octets` as a big-endian number. */
QS_INLINE __u32 qs_load_be32(const void *octets)
{
	__u32 x;

	__builtin_memcpy(&x, octets, sizeof(x));
	return QS_SWAP_BE(32, x);
}

/* Writes x to the 4 octets at `octets`, big endian. */
QS_INLINE void qs_store_be32(void *octets, __u32 x)
{
	x = QS_SWAP_BE(32, x);
	__builtin_memcpy(octets, &x, sizeof(x));
}

/* The 8 octets at `octets` as a little-endian number. */
QS_INLINE __u64 qs_load_le64(const void *octets)
{
	__u64 x;

	__builtin_memcpy(&x, octets, sizeof(x));
	return QS_SWAP_LE64(x);
}

#endif
