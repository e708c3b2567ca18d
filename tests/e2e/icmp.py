#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""ICMP and ICMPv6 errors about packets of a VIP while connections are open: XDP
counts whose they are and leaves them to the kernel, which notes the path's MTU
for the client's address, whichever terminator the packet was of. All
terminators hear of them, but none is believed, as they quote no connection ID
of the client's; no connection suffers. path_mtu.py has those that are true."""

import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, PORT, reasons  # noqa: E402
from icmp_errors import Error  # noqa: E402
from network import OUTSIDE, VIP  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS, MTU = 20, 1300


def send_errors(bed, family, ports):
    """From the middle, one for each client port."""
    def send():
        for port in ports:
            error = Error(family, VIP[family], PORT, OUTSIDE[family][0], port)
            error.but(mtu=MTU, quote=b"\x40" + bytes(39)).send()

    bed.network.middle.call(send)


def noted_mtu(bed, family):
    """The MTU that the server's kernel has for the client's address."""
    words = ("-6",) if family == 6 else ()
    text = bed.network.server.ip(*words, "route", "get", OUTSIDE[family][0])
    found = re.search(r"\bmtu (\d+)", text)
    return int(found[1]) if found else None


def one_family(results, bed, family):
    load = bed.h3load("--connections", str(CONNECTIONS), "--hold", "200",
                      "--interval", "100", "--get", "/bytes/20000",
                      family=family)
    load.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 5,
                  "handshakes")
    label = f"IPv{family}"
    # Flows of both families can have the same port.
    ports = set(bed.network.mappings().values())
    before = bed.verdicts()
    errors = bed.total("send_errors")
    received, wrong = bed.total("icmp_received"), bed.total("icmp_wrong_cid")
    send_errors(bed, family, ports)
    wait_until(lambda: bed.verdicts()["hash_icmp"] - before["hash_icmp"]
               == len(ports), 3, "ICMP errors to be counted")
    wait_until(lambda: bed.total("icmp_received") - received
               >= 3 * len(ports), 3, "terminators to hear of them")
    results.check(f"{label}: each error about a VIP's packet is counted", True)
    results.equal(f"{label}: the MTU that the kernel notes",
                  noted_mtu(bed, family), MTU)
    load.hurry()
    lines = load.finish()
    results.check(f"{label}: no connection suffers",
                  len(lines) == CONNECTIONS
                  and all(one["ok"] for one in lines), str(reasons(lines)))
    results.equal(f"{label}: each terminator hears of each",
                  bed.total("icmp_received") - received, 3 * len(ports))
    results.equal(f"{label}: the owner does not believe it",
                  bed.total("icmp_wrong_cid") - wrong, CONNECTIONS)
    results.equal(f"{label}: sends that failed",
                  bed.total("send_errors") - errors, 0)


def icmp(results):
    with Bed(nginx=False) as bed:
        for family in (4, 6):
            one_family(results, bed, family)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)


tap.run(icmp)
