/* SPDX-License-Identifier: GPL-2.0-only */
/* What the protocols ask of their connection. */
#include "terminator/tcp_conn.h"

#include <stdio.h>

bool tcp_conn_alt_svc(const struct tcp_conn *conn, char text[TCP_ALT_SVC_SIZE])
{
	uint16_t port = tcp_tls_port(conn->tcp);

	if (port)
		snprintf(text, TCP_ALT_SVC_SIZE, "h3=\":%u\"; ma=86400", port);
	return port;
}

bool tcp_conn_misdirects(const struct tcp_conn *conn,
			 const struct field *authority)
{
	return conn->tls && authority->value &&
	       !tls_scope_covers(stream_tls_scope(conn->tls), authority->value,
				 authority->value_size);
}
