/* SPDX-License-Identifier: GPL-2.0-only */
#include "terminator/udp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifndef UDP_SEGMENT
#define UDP_SEGMENT 103
#endif
#ifndef UDP_GRO
#define UDP_GRO 104
#endif

/* Batches a readable event may take before other events get their turn. */
#define RECEIVE_ROUNDS 4

union receive_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		   CMSG_SPACE(sizeof(struct in_pktinfo)) +
		   3 * CMSG_SPACE(sizeof(int))];
};

union send_control {
	struct cmsghdr align;
	char space[CMSG_SPACE(sizeof(struct in6_pktinfo)) +
		   CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(uint16_t))];
};

socklen_t udp_address_size(const union udp_address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof(address->v6)
						  : sizeof(address->v4);
}

static bool is_mapped(const union udp_address *address)
{
	return address->any.sa_family == AF_INET6 &&
	       IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr);
}

/* As inet_ntop does it, which is some forty times slower. */
static void write_ipv4(const uint8_t octets[4], char *to)
{
	for (int i = 0; i < 4; i++) {
		unsigned octet = octets[i];

		if (octet >= 100)
			*to++ = (char)('0' + octet / 100);
		if (octet >= 10)
			*to++ = (char)('0' + octet / 10 % 10);
		*to++ = (char)('0' + octet % 10);
		*to++ = i < 3 ? '.' : '\0';
	}
}

const char *udp_address_text(const union udp_address *address, char *text)
{
	if (address->any.sa_family == AF_INET)
		write_ipv4((const uint8_t *)&address->v4.sin_addr, text);
	else if (is_mapped(address))
		write_ipv4(address->v6.sin6_addr.s6_addr + 12, text);
	else
		inet_ntop(AF_INET6, &address->v6.sin6_addr, text,
			  INET6_ADDRSTRLEN);
	return text;
}

static int set_option(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof(value)) ? -errno : 0;
}

static int set_ipv6_options(int fd)
{
	int err = set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);

	if (!err)
		err = set_option(fd, IPPROTO_IPV6, IPV6_RECVTCLASS, 1);
	if (!err)
		err = set_option(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER,
				 IPV6_PMTUDISC_PROBE);
	return err;
}

/* A dual-stack socket takes the IPv4 options for its IPv4 packets. */
static int set_ipv4_options(int fd, bool packet_info)
{
	int err = set_option(fd, IPPROTO_IP, IP_RECVTOS, 1);

	if (!err && packet_info)
		err = set_option(fd, IPPROTO_IP, IP_PKTINFO, 1);
	if (!err)
		err = set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER,
				 IP_PMTUDISC_PROBE);
	return err;
}

static int set_options(struct udp *udp)
{
	union udp_address bound;
	socklen_t size = sizeof(bound);
	int err;

	if (getsockname(udp->fd, &bound.any, &size))
		return -errno;
	udp->dual_stack = bound.any.sa_family == AF_INET6;
	udp->port = udp->dual_stack ? bound.v6.sin6_port : bound.v4.sin_port;
	err = udp->dual_stack ? set_ipv6_options(udp->fd) : 0;
	if (!err)
		err = set_ipv4_options(udp->fd, !udp->dual_stack);
	if (!err)
		err = set_option(udp->fd, IPPROTO_UDP, UDP_GRO, 1);
	return err;
}

struct packet_info {
	union udp_address local;
	uint8_t ecn;
	size_t segment; /* 0 = not merged */
};

static void read_control(const struct udp *udp, struct msghdr *message,
			 struct packet_info *info)
{
	struct cmsghdr *c;
	int value;

	memset(info, 0, sizeof(*info));
	for (c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		const void *data = CMSG_DATA(c);

		if (c->cmsg_level == IPPROTO_IPV6 &&
		    c->cmsg_type == IPV6_PKTINFO) {
			const struct in6_pktinfo *pktinfo = data;

			info->local.v6.sin6_family = AF_INET6;
			info->local.v6.sin6_addr = pktinfo->ipi6_addr;
			info->local.v6.sin6_port = udp->port;
		} else if (c->cmsg_level == IPPROTO_IP &&
			   c->cmsg_type == IP_PKTINFO) {
			const struct in_pktinfo *pktinfo = data;

			info->local.v4.sin_family = AF_INET;
			info->local.v4.sin_addr = pktinfo->ipi_addr;
			info->local.v4.sin_port = udp->port;
		} else if (c->cmsg_level == IPPROTO_IPV6 &&
			   c->cmsg_type == IPV6_TCLASS) {
			memcpy(&value, data, sizeof(value));
			info->ecn = value & 3;
		} else if (c->cmsg_level == IPPROTO_IP &&
			   c->cmsg_type == IP_TOS) {
			info->ecn = *(const uint8_t *)data & 3;
		} else if (c->cmsg_level == IPPROTO_UDP &&
			   c->cmsg_type == UDP_GRO) {
			memcpy(&value, data, sizeof(value));
			info->segment = (size_t)value;
		}
	}
}

static void deliver_message(struct udp *udp, struct mmsghdr *message)
{
	struct udp_datagram datagram;
	struct packet_info info;
	const uint8_t *data = message->msg_hdr.msg_iov->iov_base;
	size_t left = message->msg_len;

	read_control(udp, &message->msg_hdr, &info);
	if (!info.segment)
		info.segment = left;
	datagram.local = info.local;
	memcpy(&datagram.remote, message->msg_hdr.msg_name,
	       sizeof(datagram.remote));
	datagram.ecn = info.ecn;
	/* An empty datagram is one too. */
	do {
		datagram.data = data;
		datagram.size = left < info.segment ? left : info.segment;
		udp->stats->counters.datagrams_received++;
		udp->stats->counters.bytes_received += datagram.size;
		udp->on_datagram(udp->user, &datagram);
		data += datagram.size;
		left -= datagram.size;
	} while (left);
}

/* Returns how many messages came, 0 when there are none now. */
static int receive_batch(struct udp *udp)
{
	struct mmsghdr messages[UDP_RECEIVE_MESSAGES];
	union udp_address names[UDP_RECEIVE_MESSAGES];
	union receive_control controls[UDP_RECEIVE_MESSAGES];
	struct iovec vectors[UDP_RECEIVE_MESSAGES];
	int count, i;

	memset(messages, 0, sizeof(messages));
	memset(names, 0, sizeof(names));
	for (i = 0; i < UDP_RECEIVE_MESSAGES; i++) {
		vectors[i].iov_base =
			udp->buffers + (size_t)i * UDP_RECEIVE_SIZE;
		vectors[i].iov_len = UDP_RECEIVE_SIZE;
		messages[i].msg_hdr.msg_name = &names[i];
		messages[i].msg_hdr.msg_namelen = sizeof(names[i]);
		messages[i].msg_hdr.msg_iov = &vectors[i];
		messages[i].msg_hdr.msg_iovlen = 1;
		messages[i].msg_hdr.msg_control = &controls[i];
		messages[i].msg_hdr.msg_controllen = sizeof(controls[i]);
	}
	count = recvmmsg(udp->fd, messages, UDP_RECEIVE_MESSAGES, MSG_DONTWAIT,
			 NULL);
	for (i = 0; i < count; i++)
		deliver_message(udp, &messages[i]);
	return count < 0 ? 0 : count;
}

static void update_poll(struct udp *udp);

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct udp *udp = poll->data;
	int round;

	if (status < 0 || events & UV_READABLE)
		for (round = 0; round < RECEIVE_ROUNDS; round++)
			if (receive_batch(udp) < UDP_RECEIVE_MESSAGES)
				break;
	if (events & UV_WRITABLE && udp->blocked) {
		udp->blocked = false;
		update_poll(udp);
		udp->on_writable(udp->user);
	}
}

static void update_poll(struct udp *udp)
{
	int events = UV_READABLE | (udp->blocked ? UV_WRITABLE : 0);

	uv_poll_start(&udp->poll, events, on_poll);
}

int udp_start(struct udp **ret_udp, uv_loop_t *loop, int fd,
	      udp_datagram_cb on_datagram, udp_writable_cb on_writable,
	      void *user, struct qs_terminator_stats *stats)
{
	struct udp *udp = calloc(1, sizeof(*udp));
	int err;

	if (!udp)
		return -ENOMEM;
	udp->fd = fd;
	udp->on_datagram = on_datagram;
	udp->on_writable = on_writable;
	udp->user = user;
	udp->stats = stats;
	udp->buffers = malloc((size_t)UDP_RECEIVE_MESSAGES * UDP_RECEIVE_SIZE);
	err = udp->buffers ? set_options(udp) : -ENOMEM;
	if (!err)
		err = uv_poll_init(loop, &udp->poll, fd);
	if (err) {
		free(udp->buffers);
		free(udp);
		return err;
	}
	udp->poll.data = udp;
	update_poll(udp);
	*ret_udp = udp;
	return 0;
}

static void *add_control(struct msghdr *message, int level, int type,
			 size_t size)
{
	struct cmsghdr *c = (struct cmsghdr *)((char *)message->msg_control +
					       message->msg_controllen);

	c->cmsg_level = level;
	c->cmsg_type = type;
	c->cmsg_len = CMSG_LEN(size);
	message->msg_controllen += CMSG_SPACE(size);
	return CMSG_DATA(c);
}

/* The source address: of the path, not whatever the route would choose. */
static void add_source(struct msghdr *message, const union udp_address *local)
{
	if (local->any.sa_family == AF_INET6) {
		struct in6_pktinfo pktinfo = {.ipi6_addr = local->v6.sin6_addr};

		memcpy(add_control(message, IPPROTO_IPV6, IPV6_PKTINFO,
				   sizeof(pktinfo)),
		       &pktinfo, sizeof(pktinfo));
	} else if (local->any.sa_family == AF_INET) {
		struct in_pktinfo pktinfo = {.ipi_spec_dst =
						     local->v4.sin_addr};

		memcpy(add_control(message, IPPROTO_IP, IP_PKTINFO,
				   sizeof(pktinfo)),
		       &pktinfo, sizeof(pktinfo));
	}
}

static void add_ecn(struct msghdr *message, const union udp_address *remote,
		    uint8_t ecn)
{
	int value = ecn;
	bool v6 = remote->any.sa_family == AF_INET6 && !is_mapped(remote);

	memcpy(add_control(message, v6 ? IPPROTO_IPV6 : IPPROTO_IP,
			   v6 ? IPV6_TCLASS : IP_TOS, sizeof(value)),
	       &value, sizeof(value));
}

static int send_once(struct udp *udp, const union udp_address *local,
		     const union udp_address *remote, uint8_t ecn,
		     const uint8_t *data, size_t size, size_t segment)
{
	union send_control control;
	struct iovec vector = {(void *)data, size};
	struct msghdr message = {
		.msg_name = (void *)&remote->any,
		.msg_namelen = udp_address_size(remote),
		.msg_iov = &vector,
		.msg_iovlen = 1,
		.msg_control = &control,
	};
	ssize_t n;

	memset(&control, 0, sizeof(control));
	add_source(&message, local);
	add_ecn(&message, remote, ecn);
	if (size > segment) {
		uint16_t value = (uint16_t)segment;

		memcpy(add_control(&message, IPPROTO_UDP, UDP_SEGMENT,
				   sizeof(value)),
		       &value, sizeof(value));
	}
	do {
		n = sendmsg(udp->fd, &message, MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	udp->stats->counters.send_calls++;
	return n < 0 ? -errno : 0;
}

static int wait_writable(struct udp *udp)
{
	udp->stats->counters.send_blocked++;
	if (!udp->blocked) {
		udp->blocked = true;
		update_poll(udp);
	}
	return -EAGAIN;
}

int udp_send(struct udp *udp, const union udp_address *local,
	     const union udp_address *remote, uint8_t ecn, const uint8_t *data,
	     size_t size, size_t segment, size_t *sent)
{
	bool one_by_one = false, too_big = false;

	assert(size && segment && size <= UDP_SEND_SIZE);
	*sent = 0;
	while (*sent < size) {
		size_t piece = size - *sent;
		int err;

		if ((udp->no_gso || one_by_one) && piece > segment)
			piece = segment;
		err = send_once(udp, local, remote, ecn, data + *sent, piece,
				segment);
		if (err == -EAGAIN || err == -ENOBUFS)
			return wait_writable(udp);
		if (err == -EIO && piece > segment) {
			/* This device cannot segment (udp(7)). */
			udp->no_gso = true;
			continue;
		}
		if ((err == -EMSGSIZE || err == -EINVAL) && piece > segment) {
			/* Some of them may fit; EINVAL is older kernels'. */
			one_by_one = true;
			continue;
		}
		*sent += piece;
		if (err == -EMSGSIZE) {
			udp->stats->counters.send_too_big++;
			too_big = true;
		}
		if (err) {
			udp->stats->counters.send_errors +=
				(piece + segment - 1) / segment;
			continue;
		}
		udp->stats->counters.datagrams_sent +=
			(piece + segment - 1) / segment;
		udp->stats->counters.bytes_sent += piece;
	}
	return too_big ? -EMSGSIZE : 0;
}

static void on_closed(uv_handle_t *handle)
{
	struct udp *udp = handle->data;

	close(udp->fd);
	free(udp->buffers);
	free(udp);
}

void udp_close(struct udp *udp)
{
	uv_poll_stop(&udp->poll);
	uv_close((uv_handle_t *)&udp->poll, on_closed);
}
