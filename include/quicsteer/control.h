/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages on the loader's control socket (Unix, SOCK_SEQPACKET: one message a
 * datagram, fixed size by type).
 *
 *   terminator                                loader
 *     HELLO (new, or resume + sockets)    -->
 *                                         <-- CERTIFICATE + file (or none)
 *                                         <-- WELCOME + descriptors
 *                                             or REFUSED, then close
 *     ... both keep the socket open; its end is the other's death ...
 *     DRAIN                               -->   (no new connections, please)
 *                                         <-- DRAIN (a newer process has your
 *                                             name: drain and end)
 *                                         <-- RELOAD (check)
 *     RESULT                              -->
 *                                         <-- RELOAD (apply or discard)
 *     RESULT (only after apply)           -->
 *                                         <-- CONNECTIONS + pipe
 *                                         <-- SOCKET (+ UDP socket)
 *                                         <-- LISTENER (+ TCP socket)
 *     LISTENER + TCP socket (resumed)     -->
 *                                         <-- CONFIGS
 *     CONFIGS_TAKEN                       -->
 *                                         <-- ICMP
 *                                         <-- SECRETS
 *
 *   lbctl (root or the loader's user)         loader
 *     RELOAD (request)                    -->
 *                                         <-- RESULT
 *     CONNECTIONS + pipe                  -->
 *                                         <-- RESULT (how many were asked)
 *     ROTATE                              -->
 *                                         <-- RESULT (how many issue it)
 *
 * Reload: the loader reads and checks the configuration file, then has every
 * terminator check it (certificates, too), and only when all agree has them
 * apply it, applies its own part, and counts qs_settings.config_generation up,
 * which healthd watches. If one disagrees, all discard and go on as before.
 *
 * Connections: every terminator writes its open connections to the pipe, one
 * line of JSON each (under PIPE_BUF octets, so that lines never mix), and
 * closes it; the reader is done at the end of the file.
 *
 * Descriptors with WELCOME, in the order of enum qs_welcome_descriptor; UDP
 * sockets only unless the HELLO resumed, one for each port that is not 0 in
 * qs_welcome.ports, in their order. Maps are to be mapped for reading only
 * unless said (the kernel does not mmap a descriptor that is read only itself).
 * A HELLO that resumes carries all UDP sockets, in any order; those that are
 * missing by then, and those of ports that a reload adds, come by SOCKET; those
 * of ports that are 0 in the WELCOME are to be closed.
 *
 * Certificate: a file open for reading, with a self-signed certificate and its
 * key in PEM, for terminators whose configuration names none. It comes before
 * the WELCOME, and, as a reload may want another one, before RELOAD (check).
 *
 * Listening TCP sockets are the service's, shared by all terminators: each
 * comes by LISTENER after the WELCOME, and when a reload adds it. A terminator
 * that resumed hands back those that it has, so that a loader that was killed
 * has them again and no connection in their queues is lost.
 */
#ifndef QUICSTEER_CONTROL_H
#define QUICSTEER_CONTROL_H

#include "quicsteer/abi.h"

#define QS_CONTROL_MAGIC 0x71737472 /* "qstr" */
#define QS_CONTROL_VERSION 5

enum qs_message_type {
	QS_MESSAGE_HELLO = 1,
	QS_MESSAGE_WELCOME = 2,
	QS_MESSAGE_REFUSED = 3,
	QS_MESSAGE_DRAIN = 4,
	QS_MESSAGE_RELOAD = 5,
	QS_MESSAGE_RESULT = 6,
	QS_MESSAGE_CONNECTIONS = 7,
	QS_MESSAGE_CONFIGS = 8,
	QS_MESSAGE_CONFIGS_TAKEN = 9,
	QS_MESSAGE_ROTATE = 10,
	QS_MESSAGE_SOCKET = 11,
	QS_MESSAGE_ICMP = 12,
	QS_MESSAGE_LISTENER = 13,
	QS_MESSAGE_CERTIFICATE = 14,
	QS_MESSAGE_SECRETS = 15,
};

enum qs_welcome_descriptor {
	QS_WELCOME_TERMINATORS = 0,
	QS_WELCOME_TERMINATOR_STATS = 1, /* writes its own row */
	QS_WELCOME_BACKENDS = 2,
	QS_WELCOME_PROXY_STATS = 3, /* writes its own row */
	QS_WELCOME_TRIALS = 4,	    /* writes */
	QS_WELCOME_SOCKET = 5,	    /* the first of up to QS_MAX_PORTS */
	QS_WELCOME_DESCRIPTORS = QS_WELCOME_SOCKET + QS_MAX_PORTS,
};

struct qs_message_header {
	__u32 magic;
	__u16 version;
	__u16 type; /* enum qs_message_type */
};

/* Resume: this process holds slot and instance already (the loader was
 * restarted); it keeps both and its sockets. Leaving: it drains until it ends,
 * and so cannot take new connections again. */
enum {
	QS_HELLO_RESUME = 1 << 0,
	QS_HELLO_LEAVING = 1 << 1, /* on resume */
};

struct qs_hello {
	struct qs_message_header header;
	char name[QS_NAME_SIZE]; /* [a-z0-9-], NUL terminated */
	__u32 flags;		 /* QS_HELLO_* */
	__u16 slot;		 /* on resume */
	__u16 instance;		 /* on resume */
};

/* All three open tickets, so that it does not matter who hears of a change
 * when: what is the current secret has been everybody's next one before. */
enum qs_ticket_secret {
	QS_TICKET_PREVIOUS = 0,
	QS_TICKET_CURRENT = 1, /* seals */
	QS_TICKET_NEXT = 2,
	QS_TICKET_SECRETS = 3,
};

/* Keys that all terminators share; each use derives its own from them. */
struct qs_secrets {
	__u8 reset[32]; /* stateless reset tokens, with config and server ID */
	__u8 token[32]; /* Retry and NEW_TOKEN tokens */
	/* TLS session tickets; by enum qs_ticket_secret. */
	__u8 tickets[QS_TICKET_SECRETS][80];
};

/* Secrets in the place of those of the WELCOME; only those of tickets differ.
 */
struct qs_secrets_changed {
	struct qs_message_header header;
	struct qs_secrets secrets;
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
	__u16 ports[QS_MAX_PORTS]; /* of UDP sockets, by port_index; 0: none */
	__u8 config_id;		   /* issue new CIDs with this configuration */
	__u8 zero[3];
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

/* A certificate, in the place of an earlier one; for the next configuration
 * that is checked, or at once after RELOAD with QS_RELOAD_CERTIFICATE. */
struct qs_certificate {
	struct qs_message_header header;
};

enum qs_reload_phase {
	QS_RELOAD_REQUEST = 0, /* lbctl to loader */
	QS_RELOAD_CHECK = 1,
	QS_RELOAD_APPLY = 2,
	QS_RELOAD_DISCARD = 3,
	/* Only the certificate is taken anew, by those whose configuration
	 * names none. It has no RESULT. */
	QS_RELOAD_CERTIFICATE = 4,
};

struct qs_reload {
	struct qs_message_header header;
	__u32 phase; /* enum qs_reload_phase */
	__u32 zero;
};

struct qs_result {
	struct qs_message_header header;
	__u32 failed;	 /* 0: done */
	__u32 count;	 /* of CONNECTIONS and RELOAD: terminators asked */
	char text[4080]; /* for people: the error, or notes, one a line; NUL
			    terminated */
};

struct qs_connections {
	struct qs_message_header header;
};

/* A socket to serve on from now on, in the place of an earlier one at the same
 * port_index; or none, because no VIP has a port there. */
struct qs_socket {
	struct qs_message_header header;
	__u16 port_index;
	__u16 port; /* 0: none, and no descriptor */
	__u32 zero;
};

enum qs_listener_kind {
	QS_LISTENER_TLS = 0,  /* HTTP/2 and HTTP/1.1 over TLS */
	QS_LISTENER_HTTP = 1, /* HTTP/1.1 in the clear */
};

/* What tells listening sockets apart. */
struct qs_listener_key {
	struct qs_vip_key address; /* 0.0.0.0 is written as [::] */
	__u32 kind;		   /* enum qs_listener_kind */
};

/* A socket to accept connections from, in the place of an earlier one of the
 * same key; or, without a descriptor, one that is to be closed. From a
 * terminator: one that it has. */
struct qs_listener {
	struct qs_message_header header;
	struct qs_listener_key key;
	__u32 gone; /* 1: close it, there is no descriptor */
	__u32 zero;
};

/*
 * All CID configurations, in place of those of WELCOME or an earlier CONFIGS.
 * One that is not in it any more has had no connection for a while.
 */
struct qs_configs {
	struct qs_message_header header;
	__u32 generation; /* to be named in CONFIGS_TAKEN */
	__u8 config_id;	  /* issue new connections' CIDs with this one */
	__u8 leave; /* bit by config ID: its connections get GOAWAY, and are
		       closed after terminator.drain_timeout */
	__u16 zero;
	struct qs_control_cid_config configs[QS_CID_CONFIGS];
};

struct qs_configs_taken {
	struct qs_message_header header;
	__u32 generation;
	__u32 failed; /* 0: in force; else it goes on with the earlier ones */
};

enum { QS_ICMP_BATCH = 32 };

/* ICMP errors about datagrams of this terminator, or maybe of it: to those that
 * name no terminator each looks for the connection itself. */
struct qs_icmp_errors {
	struct qs_message_header header;
	__u32 count; /* 1 to QS_ICMP_BATCH; zeros follow them */
	__u32 zero;
	struct qs_icmp_error errors[QS_ICMP_BATCH];
};

enum qs_rotate_encoding {
	QS_ROTATE_SAME = 0, /* as the current configuration */
	QS_ROTATE_PLAINTEXT = 1,
	QS_ROTATE_ENCRYPTED = 2,
};

/* lbctl to loader: a new configuration for new connections. */
struct qs_rotate {
	struct qs_message_header header;
	__u8 encoding;	       /* enum qs_rotate_encoding */
	__u8 server_id_length; /* 0: as the current one's */
	__u8 nonce_length;     /* likewise */
	__u8 zero[5];
};

#endif
