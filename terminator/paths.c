/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/paths.h"

#include <string.h>
#include <utlist.h>

#include "terminator/conn.h"
#include "terminator/quic.h"
#include "terminator/random.h"

static void write_end(const union udp_address *end, __u8 address[16],
		      __u8 port[2])
{
	static const __u8 mapped[12] = {[10] = 0xff, [11] = 0xff};

	if (end->any.sa_family == AF_INET6) {
		memcpy(address, &end->v6.sin6_addr, 16);
		memcpy(port, &end->v6.sin6_port, 2);
	} else {
		memcpy(address, mapped, 12);
		memcpy(address + 12, &end->v4.sin_addr, 4);
		memcpy(port, &end->v4.sin_port, 2);
	}
}

static struct qs_tuple current_path(const struct conn *conn)
{
	const ngtcp2_path *path = ngtcp2_conn_get_path(conn->ngtcp2);
	struct qs_tuple tuple = {};

	write_end((const union udp_address *)path->remote.addr, tuple.source,
		  tuple.source_port);
	write_end((const union udp_address *)path->local.addr,
		  tuple.destination, tuple.destination_port);
	return tuple;
}

static size_t bucket_of(const struct paths *paths, const struct qs_tuple *path)
{
	return qs_tuple_hash(paths->key, path) % PATHS_BUCKETS;
}

static bool is_same(const struct qs_tuple *a, const struct qs_tuple *b)
{
	return !memcmp(a, b, QS_TUPLE_SIZE);
}

void paths_start(struct paths *paths)
{
	random_bytes(paths->key, sizeof(paths->key));
}

void paths_file(struct conn *conn)
{
	struct paths *paths = &conn->quic->paths;
	struct qs_tuple path = current_path(conn);

	if (conn->on_path && is_same(&path, &conn->path))
		return;
	paths_remove(conn);
	conn->path = path;
	conn->on_path = true;
	conn->most_payload = 0;
	DL_APPEND2(paths->buckets[bucket_of(paths, &path)], conn, prev_on_path,
		   next_on_path);
}

void paths_remove(struct conn *conn)
{
	struct paths *paths = &conn->quic->paths;

	if (!conn->on_path)
		return;
	conn->on_path = false;
	DL_DELETE2(paths->buckets[bucket_of(paths, &conn->path)], conn,
		   prev_on_path, next_on_path);
}

struct conn *paths_next(const struct paths *paths, const struct qs_tuple *path,
			const struct conn *conn)
{
	struct conn *next = conn ? conn->next_on_path
				 : paths->buckets[bucket_of(paths, path)];

	while (next && !is_same(&next->path, path))
		next = next->next_on_path;
	return next;
}
