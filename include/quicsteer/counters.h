/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters of counter_lists.h as enums and as values of maps.
 */
#ifndef QUICSTEER_COUNTERS_H
#define QUICSTEER_COUNTERS_H

#ifndef __bpf__
#include <linux/types.h>
#endif

#include "quicsteer/counter_lists.h"

#define QS_ENUM_VERDICT(name, help) QS_VERDICT_##name,
enum qs_verdict { QS_VERDICTS(QS_ENUM_VERDICT) QS_VERDICT_COUNT };

#define QS_ENUM_DELIVERY(name, help) QS_DELIVERY_##name,
enum qs_delivery { QS_DELIVERIES(QS_ENUM_DELIVERY) QS_DELIVERY_COUNT };

#define QS_ENUM_ICMP_RELAY(name, help) QS_ICMP_RELAY_##name,
enum qs_icmp_relay { QS_ICMP_RELAYS(QS_ENUM_ICMP_RELAY) QS_ICMP_RELAY_COUNT };

#define QS_ENUM_TERMINATOR_COUNTER(name, help) QS_COUNTER_##name,
enum qs_terminator_counter {
	QS_TERMINATOR_COUNTERS(QS_ENUM_TERMINATOR_COUNTER)
		QS_TERMINATOR_COUNTER_COUNT
};

#define QS_ENUM_TERMINATOR_GAUGE(name, help) QS_GAUGE_##name,
enum qs_terminator_gauge {
	QS_TERMINATOR_GAUGES(QS_ENUM_TERMINATOR_GAUGE) QS_TERMINATOR_GAUGE_COUNT
};

#define QS_ENUM_CLOSE_REASON(name, help) QS_CLOSE_##name,
enum qs_close_reason {
	QS_CLOSE_REASONS(QS_ENUM_CLOSE_REASON) QS_CLOSE_REASON_COUNT
};

#define QS_ENUM_TERMINATOR_HISTOGRAM(name, help) QS_HISTOGRAM_##name,
enum qs_terminator_histogram {
	QS_TERMINATOR_HISTOGRAMS(QS_ENUM_TERMINATOR_HISTOGRAM)
		QS_TERMINATOR_HISTOGRAM_COUNT
};

#define QS_ENUM_POOL_COUNTER(name, help) QS_POOL_COUNTER_##name,
enum qs_pool_counter {
	QS_POOL_COUNTERS(QS_ENUM_POOL_COUNTER) QS_POOL_COUNTER_COUNT
};

#define QS_ENUM_BACKEND_COUNTER(name, help) QS_BACKEND_COUNTER_##name,
enum qs_backend_counter {
	QS_BACKEND_COUNTERS(QS_ENUM_BACKEND_COUNTER) QS_BACKEND_COUNTER_COUNT
};

#define QS_ENUM_BACKEND_GAUGE(name, help) QS_BACKEND_GAUGE_##name,
enum qs_backend_gauge {
	QS_BACKEND_GAUGES(QS_ENUM_BACKEND_GAUGE) QS_BACKEND_GAUGE_COUNT
};

#define QS_ENUM_PROTOCOL(name, help) QS_PROTOCOL_##name,
enum qs_protocol { QS_PROTOCOLS(QS_ENUM_PROTOCOL) QS_PROTOCOL_COUNT };

/* Rows of status codes: those of the list, then 2xx, 3xx, 4xx and 5xx. */
#define QS_ENUM_STATUS_CODE(number) QS_STATUS_##number,
enum qs_status_row {
	QS_STATUS_CODES(QS_ENUM_STATUS_CODE) QS_STATUS_OTHER_2XX,
	QS_STATUS_OTHER_3XX,
	QS_STATUS_OTHER_4XX,
	QS_STATUS_OTHER_5XX,
	QS_STATUS_ROW_COUNT
};

/* Upper bounds of the histograms' buckets in microseconds, inclusive; the last
 * bucket has none. */
/* clang-format off */
#define QS_HISTOGRAM_BOUNDS(X) \
	X(250) X(500) X(1000) X(2500) X(5000) X(10000) \
	X(25000) X(50000) X(100000) X(250000) X(500000) X(1000000) \
	X(2500000) X(5000000) X(10000000)
/* clang-format on */

enum { QS_HISTOGRAM_BUCKETS = 16 };

/* How often a time fell into each bucket (not cumulative), and their sum. */
struct qs_histogram {
	__u64 bucket[QS_HISTOGRAM_BUCKETS];
	__u64 sum_us;
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

/* icmp_relays: mappable array of one. Written by the loader but for ring_full,
 * which the program that decides adds to. */
struct qs_icmp_relays {
	union {
		struct {
			QS_ICMP_RELAYS(QS_FIELD_COUNTER)
		} named;
		__u64 count[QS_ICMP_RELAY_COUNT];
	};
};

#define QS_COUNTS_FIELDS                                         \
	union {                                                  \
		struct {                                         \
			QS_TERMINATOR_COUNTERS(QS_FIELD_COUNTER) \
		} counters;                                      \
		__u64 counter[QS_TERMINATOR_COUNTER_COUNT];      \
	};                                                       \
	union {                                                  \
		struct {                                         \
			QS_CLOSE_REASONS(QS_FIELD_COUNTER)       \
		} closes;                                        \
		__u64 close[QS_CLOSE_REASON_COUNT];              \
	};                                                       \
	struct qs_histogram histogram[QS_TERMINATOR_HISTOGRAM_COUNT];

/* What a terminator counts; also the totals of those that are gone. */
struct qs_terminator_counts {
	QS_COUNTS_FIELDS
};

/*
 * terminator_stats: mappable array by slot. Each row is written only by the
 * terminator that holds the slot.
 */
struct qs_terminator_stats {
	__u64 heartbeat_ns; /* CLOCK_MONOTONIC, every 100 ms */
	__u64 instance;	    /* the row is of this instance of the slot */
	union {
		struct qs_terminator_counts counts;
		struct {
			QS_COUNTS_FIELDS
		};
	};
	union {
		struct {
			QS_TERMINATOR_GAUGES(QS_FIELD_COUNTER)
		} gauges;
		__u64 gauge[QS_TERMINATOR_GAUGE_COUNT];
	};
	__u64 connections_by_config[8]; /* open, by config ID of their CIDs */
};

/*
 * terminator_totals: hash by a terminator's name, of what processes counted
 * whose slot has since been given to another. Written by the loader.
 */
struct qs_terminator_total {
	struct qs_terminator_counts counts;
	__u64 packets; /* the fields of qs_traffic */
	__u64 bytes;
	__u64 by_cid;
	__u64 by_hash;
	__u64 taken; /* slot << 16 | instance whose row was added last: if its
			row was not cleared after that, it is not added again */
};

/* Requests of one pool, as their front saw them. */
struct qs_pool_stats {
	char name[32]; /* the pool's; empty: the row is not used */
	__u64 responses[QS_PROTOCOL_COUNT][QS_STATUS_ROW_COUNT];
	__u64 cancelled[QS_PROTOCOL_COUNT]; /* no response: given up */
	__u64 bytes_received; /* octets of request bodies from clients */
	__u64 bytes_sent;     /* octets of response bodies to clients */
	struct qs_histogram duration; /* from request to end of response */
	union {
		struct {
			QS_POOL_COUNTERS(QS_FIELD_COUNTER)
		} counters;
		__u64 counter[QS_POOL_COUNTER_COUNT];
	};
};

/* One backend as one terminator sees it. */
struct qs_backend_stats {
	__u64 id; /* qs_backend.id that the row is of; else it is stale */
	union {
		struct {
			QS_BACKEND_COUNTERS(QS_FIELD_COUNTER)
		} counters;
		__u64 counter[QS_BACKEND_COUNTER_COUNT];
	};
	union {
		struct {
			QS_BACKEND_GAUGES(QS_FIELD_COUNTER)
		} gauges;
		__u64 gauge[QS_BACKEND_GAUGE_COUNT];
	};
	struct qs_histogram response; /* request sent to header received */
};

enum { QS_STATS_MAX_POOLS = 32, QS_STATS_MAX_BACKENDS = 256 };

/*
 * proxy_stats: mappable array by slot, written only by the terminator that
 * holds the slot; backends by their row in `backends`. One row more, of
 * QS_RETIRED_SLOT, holds the sums of slots that were given to others; the
 * loader writes it.
 */
struct qs_proxy_stats {
	struct qs_pool_stats pool[QS_STATS_MAX_POOLS];
	struct qs_backend_stats backend[QS_STATS_MAX_BACKENDS];
	__u8 spare[1280]; /* whole pages: a terminator maps its row alone */
};

#ifndef __bpf__
_Static_assert(sizeof(struct qs_proxy_stats) % 4096 == 0, "whole pages");
#endif

#endif
