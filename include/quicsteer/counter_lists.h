/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The one list of counters. The BPF enums, lbctl's output and the metrics are
 * all made from it: X(name, "help"). counters.h has what is made of it.
 */
#ifndef QUICSTEER_COUNTER_LISTS_H
#define QUICSTEER_COUNTER_LISTS_H

/*
 * What the XDP program decided. Each packet that it sees counts exactly one.
 * Names begin with what became of the packet: pass (left to the kernel as if
 * quicsteer were not there), route (steered by CID), hash (steered by the
 * keyed 4-tuple hash), drop. ICMP errors are classified like the packets that
 * they are about, but left to the kernel.
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
	X(pass_icmp,                                                           \
	  "ICMP error about a VIP's packet that names no terminator")          \
	X(route_icmp,                                                          \
	  "ICMP error about a packet of the terminator that the quoted CID "   \
	  "names; left to the kernel")                                         \
	X(hash_icmp,                                                           \
	  "ICMP error about a packet to a 4-tuple that is hashed to a "        \
	  "terminator; left to the kernel")                                    \
	X(route_short, "short header, steered by its CID")                     \
	X(route_long, "long header, steered by its CID")                       \
	X(hash_initial, "Initial with a CID of the client's")                  \
	X(hash_zero_rtt, "0-RTT with a CID of the client's")                   \
	X(hash_handshake, "Handshake whose CID is not ours")                   \
	X(hash_version, "unknown version whose CID is not ours")               \
	X(hash_short_config, "short header whose config ID is not in use")     \
	X(hash_short_server, "short header whose server ID is unknown")        \
	X(hash_dead, "the CID's terminator is dead: another one may reset")    \
	X(hash_pinned,                                                         \
	  "of a handshake that stays where it began though weights changed")   \
	X(drop_fragment, "first fragment to a VIP")                            \
	X(drop_udp_length, "UDP length that is impossible for the packet")     \
	X(drop_truncated, "ends inside its QUIC header or before a whole CID") \
	X(drop_version_zero, "Version Negotiation, which no client may send")  \
	X(drop_options,                                                        \
	  "IPv4 options or IPv6 extension headers, as configured")             \
	X(drop_small_initial, "Initial in a datagram under 1200 octets")       \
	X(drop_short_dcid,                                                     \
	  "Initial without token whose DCID has under 8 octets")               \
	X(drop_cid_length, "QUIC v1 or v2 with a CID over 20 octets")          \
	X(drop_retry, "Retry, which no client may send")                       \
	X(drop_denied, "new connection from a denied or not allowed prefix")   \
	X(drop_source_limit, "new connection over its source prefix's limit")  \
	X(drop_global_limit, "new connection over the limit of all together")  \
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

/* What became of ICMP errors about a VIP's datagrams, beside being left to the
 * kernel. */
#define QS_ICMP_RELAYS(X)                                                \
	X(to_owner, "given to the terminator that the quoted CID names") \
	X(to_all, "given to all terminators: the quote names none")      \
	X(not_taken, "dropped: no terminator was there to take it")      \
	X(socket_full,                                                   \
	  "not given to one terminator, whose control socket is full")   \
	X(ring_full, "dropped: they come faster than they are relayed")

/* What a terminator counts in its row of terminator_stats. */
#define QS_TERMINATOR_COUNTERS(X)                                              \
	X(datagrams_received, "UDP datagrams received")                        \
	X(bytes_received, "UDP payload octets received")                       \
	X(datagrams_sent, "UDP datagrams sent")                                \
	X(bytes_sent, "UDP payload octets sent")                               \
	X(send_calls, "sendmsg calls, each up to 64 datagrams")                \
	X(send_blocked, "sends that waited for the socket")                    \
	X(send_errors, "datagrams that the kernel refused")                    \
	X(send_too_big,                                                        \
	  "those of them that are larger than the interface's MTU")            \
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
	X(connections_accepted, "connections begun")                           \
	X(connections_closed, "connections ended")                             \
	X(handshakes_completed, "handshakes completed")                        \
	X(handshakes_failed, "connections ended within their handshake")       \
	X(idle_timeouts, "connections ended by idle timeout")                  \
	X(tls_messages_refused,                                                \
	  "TLS messages that may not stand in CRYPTO frames at their level")   \
	X(paths_validated, "new paths of clients that were validated")         \
	X(paths_failed, "path validations that failed")                        \
	X(requests, "HTTP requests begun")                                     \
	X(responses_1xx, "interim responses")                                  \
	X(responses_2xx, "responses of class 2xx")                             \
	X(responses_3xx, "responses of class 3xx")                             \
	X(responses_4xx, "responses of class 4xx")                             \
	X(responses_5xx, "responses of class 5xx")                             \
	X(streams_reset_by_client, "requests that the client cancelled")       \
	X(streams_reset_by_us, "requests that we reset, whatever the reason")  \
	X(requests_malformed,                                                  \
	  "requests that we reset since they are malformed (RFC 9114, 4.1.2)") \
	X(limit_header, "requests over limits.header_fields or header_size")   \
	X(limit_uri, "requests over limits.uri_length")                        \
	X(limit_body, "requests over limits.body_mib")                         \
	X(limit_slow_header, "requests over limits.header_timeout")            \
	X(limit_slow_body, "requests under limits.body_minimum_rate")          \
	X(limit_client_requests, "requests over limits.client_requests")       \
	X(limit_client_connections, "connections over the client's limit")     \
	X(limit_connection_requests, "connections that made all requests")     \
	X(limit_clients_unknown, "clients that had no place to be counted")    \
	X(limit_unread,                                                        \
	  "responses given up: not read for terminator.idle_timeout")          \
	X(flood_resets, "connections closed: too many requests were reset")    \
	X(flood_frames, "connections closed: too many frames of no use")       \
	X(flood_packets, "connections closed: too many packets of no use")     \
	X(flood_fields, "connections closed: field sections without end")      \
	X(flood_octets,                                                        \
	  "connections closed: too many octets on streams of no use")          \
	X(upstream_connects, "connections to backends")                        \
	X(upstream_reuses, "requests sent on a kept-alive backend connection") \
	X(upstream_connect_errors, "connections to backends that failed")      \
	X(upstream_broken, "backend answers that were malformed or broke off") \
	X(upstream_timeouts, "backends too slow to connect or to answer")      \
	X(upstream_retries,                                                    \
	  "requests sent again: after a stale kept-alive connection, or to "   \
	  "another backend")                                                   \
	X(file_errors,                                                         \
	  "static files that could not be read or changed while being sent")   \
	X(compressions, "responses that were compressed")                      \
	X(compressions_refused, "responses not compressed: too many at once")  \
	X(compressed_bytes_in, "octets of bodies before compression")          \
	X(compressed_bytes_out, "octets of bodies after compression")          \
	X(access_log_dropped, "lines that the access log could not write")     \
	X(debug_file_errors, "failures to write qlog or the key log")          \
	X(loader_lost, "times the loader's socket closed")                     \
	X(packets_lost, "QUIC packets declared lost")                          \
	X(early_data_accepted, "connections whose 0-RTT was accepted")         \
	X(early_data_rejected, "connections whose 0-RTT was not")              \
	X(early_requests_sent, "requests of 0-RTT that began at once")         \
	X(early_requests_held, "requests of 0-RTT that had to wait")           \
	X(sessions_resumed, "handshakes that resumed a session")               \
	X(connections_v1, "connections of QUIC version 1")                     \
	X(connections_v2, "connections of QUIC version 2")                     \
	X(connections_h1, "TCP connections that speak HTTP/1.1")               \
	X(connections_h2, "TCP connections that speak HTTP/2")                 \
	X(accept_errors, "TCP connections that could not be accepted")         \
	X(config_reloads, "configurations applied while running")              \
	X(config_failures, "configurations refused while running")             \
	X(icmp_received, "ICMP errors that the loader relayed")                \
	X(icmp_not_ours, "ICMP errors about a path of no connection here")     \
	X(icmp_wrong_cid,                                                      \
	  "ICMP errors ignored: they quote no connection ID of the path's")    \
	X(icmp_too_small,                                                      \
	  "ICMP errors ignored: they claim that not even 1200 octets fit")     \
	X(icmp_too_large,                                                      \
	  "ICMP errors ignored: what they claim is no less than what is sent") \
	X(icmp_unreachable, "ICMP errors that call a client unreachable; its " \
			    "connection goes on")                              \
	X(icmp_paths_lowered,                                                  \
	  "ICMP errors by which a path's datagrams became smaller")            \
	X(cpu_us, "processor time used, microseconds")

/* Values that go up and down, in the same row. */
#define QS_TERMINATOR_GAUGES(X)                            \
	X(connections_open, "connections open")            \
	X(requests_open, "HTTP requests in progress")      \
	X(upstream_idle, "kept-alive backend connections") \
	X(body_bytes_held, "body octets held in memory")   \
	X(resident_bytes, "memory resident")               \
	X(loop_lag_us, "how late the last heartbeat was")  \
	X(loop_lag_peak_us, "the latest of the last 10 s")

/* How a connection ended; all together are connections_closed. */
#define QS_CLOSE_REASONS(X)                                                \
	X(idle, "idle timeout")                                            \
	X(handshake_timeout, "the handshake took too long")                \
	X(peer_done, "closed by the client without error")                 \
	X(peer_error, "closed by the client with an error")                \
	X(drained, "closed by us at the end of a drain")                   \
	X(slow, "closed by us: the client was too slow")                   \
	X(flood, "closed by us: the client made us work for nothing")      \
	X(transport_error, "closed by us: QUIC protocol violated")         \
	X(crypto_error, "closed by us: TLS alert")                         \
	X(application_error, "closed by us: HTTP violated")                \
	X(stateless_reset, "the client sent a stateless reset")            \
	X(retry, "dropped to be begun again after a Retry")                \
	X(limited, "closed by us: over limits.client_connections")         \
	X(internal, "closed by us: out of memory or a failure of our own") \
	X(shutdown, "closed because the process ended")

/* Distributions of times that a terminator measures. */
#define QS_TERMINATOR_HISTOGRAMS(X)                                       \
	X(handshake, "from a connection's begin to its handshake's end")  \
	X(rtt, "smoothed round-trip time, at the handshake's end and at " \
	       "the connection's")

/* What a terminator counts for each pool, beside responses and octets. */
#define QS_POOL_COUNTERS(X)                                                    \
	X(affinity_bound,                                                      \
	  "sessions bound to a backend: with a first cookie, or first seen")   \
	X(affinity_moved, "sessions that moved because their backend is gone") \
	X(affinity_invalid,                                                    \
	  "requests with an affinity cookie that is forged or out of date")    \
	X(retries_connect, "requests that went on: a backend did not accept")  \
	X(retries_broken,                                                      \
	  "requests sent again: a backend closed without an answer")           \
	X(retries_timeout,                                                     \
	  "requests sent again: a backend did not answer in time")             \
	X(retries_status, "requests sent again after a response of on_status") \
	X(retries_over_budget, "requests not sent again: over the budget")     \
	X(queue_full, "requests refused: the queue was full")                  \
	X(queue_timeouts, "requests refused: they waited for too long")        \
	X(total_timeouts, "requests given up after the total_timeout")

/* What a terminator counts for each backend. */
#define QS_BACKEND_COUNTERS(X)                                            \
	X(requests, "requests sent to it")                                \
	X(responses_2xx, "responses of class 2xx")                        \
	X(responses_3xx, "responses of class 3xx")                        \
	X(responses_4xx, "responses of class 4xx")                        \
	X(responses_5xx, "responses of class 5xx")                        \
	X(connects, "connections that it accepted")                       \
	X(connect_errors, "connections that it refused or that failed")   \
	X(connect_timeouts, "connections that it did not accept in time") \
	X(tls_errors, "connections where TLS or its certificate failed")  \
	X(response_timeouts, "requests that it did not answer in time")   \
	X(broken, "answers that were malformed or broke off")             \
	X(retries, "requests sent again since it failed them")            \
	X(trials, "requests sent while its breaker was half open")        \
	X(bytes_sent, "octets of requests sent to it")                    \
	X(bytes_received, "octets of responses received from it")

#define QS_BACKEND_GAUGES(X)                 \
	X(in_flight, "requests in progress") \
	X(connections, "connections open")   \
	X(connections_idle, "kept-alive connections without a request")

/* Front protocols, as labels. */
#define QS_PROTOCOLS(X)   \
	X(h1, "HTTP/1.1") \
	X(h2, "HTTP/2")   \
	X(h3, "HTTP/3")

/* Status codes with a row of their own, in ascending order; any other counts
 * in the row of its class, X(number). */
/* clang-format off */
#define QS_STATUS_CODES(X) \
	X(200) X(201) X(202) X(204) X(206) X(301) X(302) X(303) \
	X(304) X(307) X(308) X(400) X(401) X(403) X(404) X(405) \
	X(408) X(409) X(410) X(413) X(416) X(421) X(425) X(429) \
	X(431) X(500) X(501) X(502) X(503) X(504)
/* clang-format on */

#endif
