/* SPDX-License-Identifier: GPL-2.0-only */
#include "loader/admission.h"
#include "loader/lib/log.h"
#include "loader/lib/parse.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum {
	NS_PER_S = 1000000000,
	SWITCHES = QS_SETTING_ALLOW_ONLY | QS_SETTING_DENY
};

static bool is_wanted(const struct qs_prefix_key *prefixes, size_t count,
		      const struct qs_prefix_key *prefix)
{
	for (size_t i = 0; i < count; i++) {
		if (!memcmp(&prefixes[i], prefix, sizeof(*prefix)))
			return true;
	}
	return false;
}

static int remove_stale(int fd, const struct qs_prefix_key *prefixes,
			size_t count)
{
	struct qs_prefix_key stale[QS_MAX_PREFIXES], key, *previous = NULL;
	char text[QS_PREFIX_TEXT];
	size_t stale_count = 0;

	while (stale_count < QS_MAX_PREFIXES &&
	       !bpf_map_get_next_key(fd, previous, &key)) {
		if (!is_wanted(prefixes, count, &key))
			stale[stale_count++] = key;
		previous = &key;
	}
	for (size_t i = 0; i < stale_count; i++) {
		if (bpf_map_delete_elem(fd, &stale[i]) < 0)
			return -errno;
		log_debug("prefix %s is not in force any more",
			  qs_format_prefix(text, &stale[i]));
	}
	return 0;
}

static int add(int fd, const struct qs_prefix_key *prefixes, size_t count)
{
	__u32 value = 1;

	for (size_t i = 0; i < count; i++) {
		if (bpf_map_update_elem(fd, &prefixes[i], &value, BPF_ANY) < 0)
			return -errno;
	}
	return 0;
}

/* Only where both sets do not fit, stale ones go before. */
static int add_prefixes(int fd, const struct qs_prefix_key *prefixes,
			size_t count)
{
	int error = add(fd, prefixes, count);

	if (error != -ENOSPC && error != -E2BIG)
		return error;
	error = remove_stale(fd, prefixes, count);
	return error ? error : add(fd, prefixes, count);
}

static struct qs_limit make_limit(uint32_t rate, uint32_t burst)
{
	return (struct qs_limit){
		.interval_ns = rate ? NS_PER_S / rate : 0,
		.burst = burst,
	};
}

static void set_limit(struct qs_limit *limit, struct qs_limit wanted)
{
	/* One store, so that XDP never sees half of it. */
	union {
		struct qs_limit limit;
		__u64 word;
	} value = {wanted};

	__atomic_store_n((__u64 *)limit, value.word, __ATOMIC_RELEASE);
}

static void write_settings(struct qs_settings *settings,
			   const struct qs_config_new_connections *wanted)
{
	__u32 switches = (wanted->allow_count ? QS_SETTING_ALLOW_ONLY : 0) |
			 (wanted->deny_count ? QS_SETTING_DENY : 0);
	__u32 flags = __atomic_load_n(&settings->flags, __ATOMIC_RELAXED);

	settings->source_prefix4 = wanted->prefix_v4;
	settings->source_prefix6 = wanted->prefix_v6;
	set_limit(&settings->source_limit,
		  make_limit(wanted->per_source, wanted->per_source_burst));
	set_limit(&settings->global_limit,
		  make_limit(wanted->total, wanted->total_burst));
	while (!__atomic_compare_exchange_n(
		&settings->flags, &flags, (flags & ~SWITCHES) | switches, false,
		__ATOMIC_RELEASE, __ATOMIC_RELAXED))
		;
}

int admission_write(struct qs_maps *maps,
		    const struct qs_config_new_connections *wanted)
{
	static const struct qs_config_new_connections none;
	int allowed = maps->fd[QS_MAP_ALLOWED],
	    denied = maps->fd[QS_MAP_DENIED];
	int error;

	if (!wanted)
		wanted = &none;
	error = add_prefixes(allowed, wanted->allow, wanted->allow_count);
	if (!error)
		error = add_prefixes(denied, wanted->deny, wanted->deny_count);
	if (error)
		return error;
	write_settings(maps->settings, wanted);
	error = remove_stale(denied, wanted->deny, wanted->deny_count);
	if (!error)
		error = remove_stale(allowed, wanted->allow,
				     wanted->allow_count);
	return error;
}
