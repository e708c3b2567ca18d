/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages between a terminator and the loader on the control socket (Unix,
 * SOCK_SEQPACKET: one message a datagram, fixed size by type).
 *
 *   terminator                                loader
 *     HELLO (new, or resume + UDP socket) -->
 *                                         <-- WELCOME + descriptors
 *                                             or REFUSED, then close
 *     ... both keep the socket open; its end is the other's death ...
 *     DRAIN                               -->   (no new connections, please)
 *
 * Descriptors with WELCOME, in this order: [0] map `terminators` (to be mapped
 * for reading only; the kernel does not mmap a descriptor that is read only
 * itself), [1] map `terminator_stats`, and, unless the HELLO resumed, [2] the
 * UDP socket. A HELLO that resumes carries the UDP socket as its one
 * descriptor.
 */
#ifndef QUICSTEER_CONTROL_H
#define QUICSTEER_CONTROL_H

#include "quicsteer/abi.h"

#define QS_CONTROL_MAGIC 0x71737472 /* "qstr" */
#define QS_CONTROL_VERSION 1

enum qs_message_type {
	QS_MESSAGE_HELLO = 1,
	QS_MESSAGE_WELCOME = 2,
	QS_MESSAGE_REFUSED = 3,
	QS_MESSAGE_DRAIN = 4,
};

struct qs_message_header {
	__u32 magic;
	__u16 version;
	__u16 type; /* enum qs_message_type */
};

enum { QS_HELLO_RESUME = 1 << 0 };

/* Resume: this process holds slot and instance already (the loader was
 * restarted); it keeps both and its socket. */
struct qs_hello {
	struct qs_message_header header;
	char name[QS_NAME_SIZE]; /* [a-z0-9-], NUL terminated */
	__u32 flags;		 /* QS_HELLO_* */
	__u16 slot;		 /* on resume */
	__u16 instance;		 /* on resume */
};

/* Keys that all terminators share; each use derives its own from them. */
struct qs_secrets {
	__u8 reset[32];	 /* stateless reset tokens, with config and server ID */
	__u8 token[32];	 /* Retry and NEW_TOKEN tokens */
	__u8 ticket[80]; /* TLS session tickets */
};

struct qs_control_cid_config {
	__u8 encoding; /* enum qs_encoding, 0 = not in use */
	__u8 server_id_length;
	__u8 nonce_length;
	__u8 flags; /* QS_CONFIG_* */
	__u8 key[16];
};

struct qs_welcome {
	struct qs_message_header header;
	__u16 slot;
	__u16 instance;
	__u16 port;	/* of the UDP socket */
	__u8 config_id; /* issue new CIDs with this configuration */
	__u8 zero;
	struct qs_control_cid_config configs[QS_CID_CONFIGS];
	struct qs_secrets secrets;
};

struct qs_refused {
	struct qs_message_header header;
	char reason[248]; /* for people, NUL terminated */
};

struct qs_drain {
	struct qs_message_header header;
};

#endif
