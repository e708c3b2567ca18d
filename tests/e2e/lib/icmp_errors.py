# SPDX-License-Identifier: GPL-2.0-only
"""ICMP and ICMPv6 errors as a router makes them, about a datagram that a VIP
sent."""

import copy
import socket
import struct

UNREACHABLE, FRAGMENTATION_NEEDED, PORT_UNREACHABLE = 3, 4, 3
ICMP6_UNREACHABLE, ICMP6_PORT_UNREACHABLE, ICMP6_TOO_BIG = 1, 4, 2


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


class Error:
    """About a datagram from vip to client. With `mtu`, it was too big for a
    link; else its port is unreachable. `quote` is the beginning of its UDP
    payload."""

    def __init__(self, family, vip, vip_port, client, client_port):
        self.family = family
        self.vip = vip
        self.vip_port = vip_port
        self.client = client
        self.client_port = client_port
        self.mtu = None
        self.quote = b""

    def but(self, **others):
        """The same with these attributes changed."""
        made = copy.copy(self)
        for name, value in others.items():
            setattr(made, name, value)
        return made

    def _datagram(self):
        udp = struct.pack("!HHHH", self.vip_port, self.client_port, 1408, 0)
        kind = socket.AF_INET if self.family == 4 else socket.AF_INET6
        addresses = [socket.inet_pton(kind, text)
                     for text in (self.vip, self.client)]
        if self.family == 4:
            ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1428, 0, 0x4000, 60,
                             socket.IPPROTO_UDP, 0, *addresses)
        else:
            ip = struct.pack("!IHBB16s16s", 6 << 28, 1408, socket.IPPROTO_UDP,
                             60, *addresses)
        return ip + udp + self.quote

    def _head(self):
        if self.family == 4:
            code = FRAGMENTATION_NEEDED if self.mtu else PORT_UNREACHABLE
            return struct.pack("!BBHHH", UNREACHABLE, code, 0, 0,
                               self.mtu or 0)
        if self.mtu:
            return struct.pack("!BBHI", ICMP6_TOO_BIG, 0, 0, self.mtu)
        return struct.pack("!BBHI", ICMP6_UNREACHABLE, ICMP6_PORT_UNREACHABLE,
                           0, 0)

    def send(self, times=1):
        """To the VIP, from the namespace that this is called in."""
        kind = (socket.AF_INET, socket.IPPROTO_ICMP) if self.family == 4 else \
            (socket.AF_INET6, socket.IPPROTO_ICMPV6)
        packet = self._head() + self._datagram()
        if self.family == 4:  # of ICMPv6 the kernel makes it
            packet = packet[:2] + struct.pack("!H", checksum(packet)) \
                + packet[4:]
        with socket.socket(kind[0], socket.SOCK_RAW, kind[1]) as raw:
            for _ in range(times):
                raw.sendto(packet, (self.vip, 0))
