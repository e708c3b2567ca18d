/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The maps, as quicsteer/abi.h and quicsteer/counters.h define them. Both
 * programs declare all of them: the loader pins each once and reuses it.
 */
#ifndef QUICSTEER_MAPS_BPF_H
#define QUICSTEER_MAPS_BPF_H

#include "bpf/vmlinux.h"
#include <bpf/bpf_helpers.h>
#include "quicsteer/abi.h"
#include "quicsteer/counters.h"

/* Values of BPF_MAP_TYPE_SOCKMAP are cookies when userspace reads them. */
struct {
	__uint(type, BPF_MAP_TYPE_SOCKMAP);
	__uint(max_entries, QS_MAX_TERMINATORS *QS_MAX_PORTS);
	__type(key, __u32);
	__type(value, __u64);
} sockets SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, QS_MAX_VIPS);
	__type(key, struct qs_vip_key);
	__type(value, struct qs_vip);
} vips SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, QS_CID_CONFIGS);
	__type(key, __u32);
	__type(value, struct qs_cid_config);
} cid_configs SEC(".maps");

/* The value is the slot. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, QS_MAX_LISTED_SERVERS);
	__type(key, struct qs_server_id_key);
	__type(value, __u32);
} server_ids SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, QS_MAX_TERMINATORS);
	__type(key, __u32);
	__type(value, struct qs_terminator);
} terminators SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, QS_LOOKUP_GENERATIONS);
	__type(key, __u32);
	__type(value, struct qs_lookup_table);
} lookup SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct qs_settings);
} settings SEC(".maps");

/* Looked up once a packet, and handed on. Never NULL, but the verifier does not
 * know that an array has its entries. */
static __always_inline struct qs_settings *find_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&settings, &zero);
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct qs_verdicts);
} verdicts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct qs_deliveries);
} deliveries SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, QS_MAX_TERMINATORS);
	__type(key, __u32);
	__type(value, struct qs_traffic);
} terminator_traffic SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, QS_HANDSHAKES);
	__type(key, __u32);
	__type(value, struct qs_handshake);
} handshakes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2 * QS_SOURCES + 1);
	__type(key, __u32);
	__type(value, struct qs_source);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, QS_MAX_PREFIXES);
	__type(key, struct qs_prefix_key);
	__type(value, __u32);
} allowed SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, QS_MAX_PREFIXES);
	__type(key, struct qs_prefix_key);
	__type(value, __u32);
} denied SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, QS_EVENTS_SIZE);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, QS_ICMP_ERRORS_SIZE);
} icmp_errors SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct qs_icmp_relays);
} icmp_relays SEC(".maps");

/* The loader makes it no larger than the machine. */
struct {
	__uint(type, BPF_MAP_TYPE_CPUMAP);
	__uint(max_entries, QS_MAX_CPUS);
	__type(key, __u32);
	__type(value, struct bpf_cpumap_val);
} cpus SEC(".maps");

/* From here on not used by the programs: they only make libbpf create them. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, QS_MAX_TERMINATORS);
	__type(key, __u32);
	__type(value, struct qs_terminator_stats);
} terminator_stats SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, QS_MAX_TOTALS);
	__type(key, struct qs_total_key);
	__type(value, struct qs_terminator_total);
} terminator_totals SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, QS_MAX_WISHES);
	__type(key, struct qs_wish_key);
	__type(value, struct qs_wish);
} wishes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, QS_MAX_BACKENDS);
	__type(key, __u32);
	__type(value, struct qs_backend);
} backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, QS_MAX_BACKENDS);
	__type(key, __u32);
	__type(value, struct qs_trials);
} trials SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, QS_MAX_TERMINATORS + 1);
	__type(key, __u32);
	__type(value, struct qs_proxy_stats);
} proxy_stats SEC(".maps");

#endif
