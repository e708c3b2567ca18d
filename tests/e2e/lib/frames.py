# SPDX-License-Identifier: GPL-2.0-only
"""Packets and frames made by hand: QUIC in UDP in IP, and what goes before it
on Ethernet."""

import ipaddress
import json
import random
import socket
import struct

UDP = 17
IPV4, IPV6 = 0x0800, 0x86dd


def checksum(octets):
    octets += b"\0" * (len(octets) % 2)
    total = sum(struct.unpack(f">{len(octets) // 2}H", octets))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return ~total & 0xffff


def quic_initial():
    """An Initial that looks right: nothing before its decryption tells it from
    others."""
    quic = b"\xc3\x00\x00\x00\x01\x08" + random.randbytes(8) \
        + b"\x08" + random.randbytes(8) + b"\x00" + b"\x44\x96"
    return quic + random.randbytes(1200 - len(quic))


def quic_short(cid):
    """A packet of an established connection, as far as can be seen."""
    return b"\x43" + cid + random.randbytes(40)


def ip_packet(source, port, destination, destination_port, payload):
    """UDP in IPv4 or IPv6, as the addresses are."""
    source, destination = (ipaddress.ip_address(one)
                           for one in (source, destination))
    size = 8 + len(payload)
    addresses = source.packed + destination.packed
    udp = struct.pack(">HHH", port, destination_port, size)
    total = checksum(addresses + struct.pack(">HH", UDP, size) + udp + b"\0\0"
                     + payload)
    udp += struct.pack(">H", total or 0xffff) + payload
    if source.version == 6:
        return struct.pack(">IHBB", 6 << 28, size, UDP, 64) + addresses + udp
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + size, 0, 0, 64, UDP, 0)
    return head[:10] + struct.pack(">H", checksum(head + addresses)) \
        + addresses + udp


def ethernet(source, destination, packet, tags=()):
    """A frame; `tags` are (type, VLAN ID), the outer one first."""
    frame = b"".join(bytes.fromhex(mac.replace(":", ""))
                     for mac in (destination, source))
    for kind, number in tags:
        frame += struct.pack(">HH", kind, number)
    return frame + struct.pack(">H", IPV6 if packet[0] >> 4 == 6 else IPV4) \
        + packet


class Neighbour:
    """Sends frames straight to the server, from the middle namespace."""

    def __init__(self, network):
        def address(namespace, name):
            return json.loads(namespace.ip("-j", "link", "show",
                                           name))[0]["address"]

        self.macs = (address(network.middle, "m1"),
                     address(network.server, "s0"))
        self.raw = network.middle.call(self._open)

    @staticmethod
    def _open():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        raw.bind(("m1", 0))
        return raw

    def send(self, packet, tags=()):
        """Returns the octets of the frame."""
        return self.raw.send(ethernet(*self.macs, packet, tags))
