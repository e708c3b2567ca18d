#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""ICMP and ICMPv6 errors about packets of a VIP while connections are open: XDP
counts whose they are and leaves them to the kernel, which notes the path's MTU
for the client's address, whichever terminator the packet was of. No connection
suffers; QUIC probes for its packet size itself (RFC 9000, 14.3)."""

import os
import re
import socket
import struct
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, PORT, reasons  # noqa: E402
from network import OUTSIDE, VIP  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS, MTU = 20, 1300
UNREACHABLE, FRAGMENTATION_NEEDED, TOO_BIG, ICMP6 = 3, 4, 2, 58


def checksum(octets):
    total = sum(struct.unpack(f"!{len(octets) // 2}H", octets))
    total = (total & 0xffff) + (total >> 16)
    return ~(total + (total >> 16)) & 0xffff


def quote(family, port):
    """A datagram of the VIP to a client's port, as a router saw it: a short
    header, whose CID is the client's."""
    content = struct.pack("!HHHH", PORT, port, 48, 0) + b"\x40" + bytes(39)
    addresses = [socket.inet_pton(socket.AF_INET if family == 4 else
                                  socket.AF_INET6, text)
                 for text in (VIP[family], OUTSIDE[family][0])]
    if family == 4:
        header = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 1400, 0, 0x4000, 60,
                             socket.IPPROTO_UDP, 0, *addresses)
    else:
        header = struct.pack("!IHBB16s16s", 6 << 28, 1360, socket.IPPROTO_UDP,
                             60, *addresses)
    return header + content


def send_errors(bed, family, ports):
    """From the middle, one for each client port."""
    def send():
        kind = (socket.AF_INET, socket.IPPROTO_ICMP) if family == 4 else \
            (socket.AF_INET6, socket.IPPROTO_ICMPV6)
        with socket.socket(kind[0], socket.SOCK_RAW, kind[1]) as raw:
            for port in ports:
                head = struct.pack("!BBHHH", UNREACHABLE, FRAGMENTATION_NEEDED,
                                   0, 0, MTU) if family == 4 else \
                    struct.pack("!BBHI", TOO_BIG, 0, 0, MTU)
                packet = head + quote(family, port)
                if family == 4:  # of ICMPv6 the kernel makes it
                    packet = packet[:2] + struct.pack(
                        "!H", checksum(packet)) + packet[4:]
                raw.sendto(packet, (VIP[family], 0))

    bed.network.middle.call(send)


def noted_mtu(bed, family):
    """The MTU that the server's kernel has for the client's address."""
    words = ("-6",) if family == 6 else ()
    text = bed.network.server.ip(*words, "route", "get", OUTSIDE[family][0])
    found = re.search(r"\bmtu (\d+)", text)
    return int(found[1]) if found else None


def one_family(results, bed, family):
    load = bed.h3load("--connections", str(CONNECTIONS), "--hold", "5",
                      "--interval", "100", "--get", "/bytes/20000",
                      family=family)
    load.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 5,
                  "handshakes")
    label = f"IPv{family}"
    ports = list(bed.network.mappings().values())
    before = bed.verdicts()
    errors = bed.total("send_errors")
    send_errors(bed, family, ports)
    wait_until(lambda: bed.verdicts()["hash_icmp"] - before["hash_icmp"]
               == len(ports), 3, "ICMP errors to be counted")
    results.check(f"{label}: each error about a VIP's packet is counted", True)
    results.equal(f"{label}: the MTU that the kernel notes",
                  noted_mtu(bed, family), MTU)
    lines = load.finish()
    results.check(f"{label}: no connection suffers",
                  len(lines) == CONNECTIONS
                  and all(one["ok"] for one in lines), str(reasons(lines)))
    results.equal(f"{label}: sends that failed",
                  bed.total("send_errors") - errors, 0)


def icmp(results):
    with Bed(nginx=False) as bed:
        for family in (4, 6):
            one_family(results, bed, family)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)


tap.run(icmp)
