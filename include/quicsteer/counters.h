/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of counters. The BPF enums, lbctl's output and the metrics are
 * all made from it: X(name, "help").
 */
#ifndef QUICSTEER_COUNTERS_H
#define QUICSTEER_COUNTERS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

/*
 * What the XDP program decided. Each packet that it sees counts exactly one.
 * Names begin with what became of the packet: pass (left to the kernel as if
 * quicsteer were not there), route (steered by CID), hash (steered by the
 * keyed 4-tuple hash), drop.
 */
#define QS_VERDICTS(X)                                                         \
	X(pass_not_ip, "neither IPv4 nor IPv6")                                \
	X(pass_not_udp, "IP, but not UDP")                                     \
	X(pass_not_vip, "UDP to an address that is not a VIP")                 \
	X(pass_truncated,                                                      \
	  "ends before its UDP ports, or has an impossible IP header")         \
	X(pass_fragment,                                                       \
	  "later fragment: has no ports, never completes for a VIP")           \
	X(pass_extensions,                                                     \
	  "IPv6 extension headers that are too many or not understood")        \
	X(route_short, "short header, steered by its CID")                     \
	X(route_long, "long header, steered by its CID")                       \
	X(hash_initial, "Initial with a CID of the client's")                  \
	X(hash_zero_rtt, "0-RTT with a CID of the client's")                   \
	X(hash_handshake, "Handshake or client's Retry whose CID is not ours") \
	X(hash_version, "unknown version whose CID is not ours")               \
	X(hash_short_config, "short header whose config ID is not in use")     \
	X(hash_short_server, "short header whose server ID is unknown")        \
	X(hash_dead, "the CID's terminator is dead: another one may reset")    \
	X(drop_fragment, "first fragment to a VIP")                            \
	X(drop_udp_length, "UDP length that is impossible for the packet")     \
	X(drop_truncated, "ends inside its QUIC header or before a whole CID") \
	X(drop_version_zero, "Version Negotiation, which no client may send")  \
	X(drop_no_terminator, "no terminator is live")                         \
	X(drop_internal, "a map lookup failed that cannot fail")

/* What the tc program did with each skb (merged by GRO) at ingress. */
#define QS_DELIVERIES(X)                                                  \
	X(metadata, "given to the socket that XDP named")                 \
	X(decoded,                                                        \
	  "given to a socket by decoding here: it came without metadata") \
	X(not_ours, "left to the kernel: not for a VIP")                  \
	X(no_socket, "dropped: the slot has no socket")                   \
	X(refused, "dropped: the kernel refused the socket")              \
	X(undecided, "dropped: came without metadata and is not steerable")

/* What a terminator counts in its row of terminator_stats. */
#define QS_TERMINATOR_COUNTERS(X)                                              \
	X(datagrams_received, "UDP datagrams received")                        \
	X(bytes_received, "UDP payload octets received")                       \
	X(datagrams_sent, "UDP datagrams sent")                                \
	X(bytes_sent, "UDP payload octets sent")                               \
	X(send_calls, "sendmsg calls, each up to 64 datagrams")                \
	X(send_blocked, "sends that waited for the socket")                    \
	X(send_errors, "datagrams that the kernel refused")                    \
	X(wrong_delivery,                                                      \
	  "dropped: the CID belongs to another live terminator")               \
	X(drop_invalid, "dropped: no valid QUIC packet")                       \
	X(drop_cid_length, "dropped: QUIC v1 or v2 with a CID over 20 octets") \
	X(drop_small_initial,                                                  \
	  "dropped: Initial in a datagram under 1200 octets")                  \
	X(drop_short_dcid,                                                     \
	  "dropped: first Initial with a DCID under 8 octets")                 \
	X(drop_no_connection,                                                  \
	  "dropped: long header, not an Initial, of no connection")            \
	X(drop_unknown_cid,                                                    \
	  "dropped: short header with a CID that is not QUIC-LB of ours")      \
	X(drop_reset_limited,                                                  \
	  "dropped: a stateless reset was due, too small or over the rate")    \
	X(stateless_resets_sent, "stateless resets sent (RFC 9000, 10.3)")     \
	X(version_negotiations_sent, "Version Negotiation packets sent")       \
	X(retries_sent, "Retry packets sent")                                  \
	X(tokens_accepted, "address tokens that held")                         \
	X(tokens_refused, "address tokens that did not")                       \
	X(connections_accepted, "connections begun by a valid Initial")        \
	X(connections_closed, "connections ended")                             \
	X(handshakes_completed, "handshakes completed")                        \
	X(handshakes_failed,                                                   \
	  "connections ended before their handshake was complete")             \
	X(idle_timeouts, "connections ended by idle timeout")                  \
	X(tls_messages_refused,                                                \
	  "TLS messages that may not stand in CRYPTO frames at their level")   \
	X(paths_validated,                                                     \
	  "migrations or rebindings whose new path was validated")             \
	X(paths_failed, "path validations that failed")                        \
	X(requests, "HTTP requests begun")                                     \
	X(responses_1xx, "interim responses")                                  \
	X(responses_2xx, "responses of class 2xx")                             \
	X(responses_3xx, "responses of class 3xx")                             \
	X(responses_4xx, "responses of class 4xx")                             \
	X(responses_5xx, "responses of class 5xx")                             \
	X(streams_reset_by_client, "requests that the client cancelled")       \
	X(streams_reset_by_us,                                                 \
	  "requests that we reset (malformed, or the backend broke off)")      \
	X(upstream_connects, "connections to backends")                        \
	X(upstream_reuses, "requests sent on a kept-alive backend connection") \
	X(upstream_connect_errors, "connections to backends that failed")      \
	X(upstream_broken, "backend answers that were malformed or broke off") \
	X(upstream_timeouts,                                                   \
	  "backends that did not connect or answer in time")                   \
	X(upstream_retries,                                                    \
	  "requests sent again after a stale kept-alive connection")           \
	X(loader_lost, "times the loader's socket closed")

/* Values that go up and down, in the same row. */
#define QS_TERMINATOR_GAUGES(X)                            \
	X(connections_open, "QUIC connections open")       \
	X(requests_open, "HTTP requests in progress")      \
	X(upstream_idle, "kept-alive backend connections") \
	X(body_bytes_held, "body octets held in memory")

#define QS_ENUM_VERDICT(name, help) QS_VERDICT_##name,
enum qs_verdict { QS_VERDICTS(QS_ENUM_VERDICT) QS_VERDICT_COUNT };

#define QS_ENUM_DELIVERY(name, help) QS_DELIVERY_##name,
enum qs_delivery { QS_DELIVERIES(QS_ENUM_DELIVERY) QS_DELIVERY_COUNT };

#define QS_ENUM_TERMINATOR_COUNTER(name, help) QS_COUNTER_##name,
enum qs_terminator_counter {
	QS_TERMINATOR_COUNTERS(QS_ENUM_TERMINATOR_COUNTER)
		QS_TERMINATOR_COUNTER_COUNT
};

#define QS_ENUM_TERMINATOR_GAUGE(name, help) QS_GAUGE_##name,
enum qs_terminator_gauge {
	QS_TERMINATOR_GAUGES(QS_ENUM_TERMINATOR_GAUGE) QS_TERMINATOR_GAUGE_COUNT
};

/*
 * The counters as map values: an array for code, named fields for people
 * (bpftool prints them from BTF).
 */
#define QS_FIELD_COUNTER(name, help) __u64 name;

/* verdicts: per-CPU array of one. Written by XDP. */
struct qs_verdicts {
	union {
		struct {
			QS_VERDICTS(QS_FIELD_COUNTER)
		} named;
		__u64 count[QS_VERDICT_COUNT];
	};
};

/* deliveries: per-CPU array of one. Written by the tc program. */
struct qs_deliveries {
	union {
		struct {
			QS_DELIVERIES(QS_FIELD_COUNTER)
		} named;
		__u64 count[QS_DELIVERY_COUNT];
	};
};

/*
 * terminator_stats: mappable array by slot. Each row is written only by the
 * terminator that holds the slot.
 */
struct qs_terminator_stats {
	__u64 heartbeat_ns; /* CLOCK_MONOTONIC, every 100 ms */
	__u64 instance;	    /* the row is of this instance of the slot */
	union {
		struct {
			QS_TERMINATOR_COUNTERS(QS_FIELD_COUNTER)
		} counters;
		__u64 counter[QS_TERMINATOR_COUNTER_COUNT];
	};
	union {
		struct {
			QS_TERMINATOR_GAUGES(QS_FIELD_COUNTER)
		} gauges;
		__u64 gauge[QS_TERMINATOR_GAUGE_COUNT];
	};
};

#endif
