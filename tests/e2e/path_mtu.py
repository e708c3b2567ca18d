#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A path becomes narrower in the middle of downloads: the router's ICMP errors
reach the terminator that owns the connection, and the download goes on. Forged
ones change nothing, and are counted by the reason. An interface of our own that
becomes narrower is told by EMSGSIZE."""

import os
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, PORT, reasons  # noqa: E402
from icmp_errors import Error  # noqa: E402
from network import CLIENT, VIP  # noqa: E402
from process import wait_until  # noqa: E402

SIZE, PACE = 40_000_000, 2_000_000
ENOUGH = 3_000_000  # octets, to find out that 1444 fit into a datagram
NARROW = {4: 1400, 6: 1300}
NAMES = ("received", "not_ours", "wrong_cid", "too_small", "too_large",
         "unreachable", "paths_lowered")


def route_plainly(network):
    """The middle only routes: what the router says is about our packets."""
    network.middle.run("nft", "flush", "ruleset")
    network.server.ip("route", "add", "10.77.0.0/24", "via", "10.77.1.1")
    network.server.ip("-6", "route", "add", "fd77:0::/64", "via", "fd77:1::1")


def set_mtu(network, mtu):
    network.middle.ip("link", "set", "m0", "mtu", str(mtu))


def counts(bed):
    """{terminator: {name: count}}"""
    return {name: {one: row["counters"][f"icmp_{one}"] for one in NAMES}
            for name, row in bed.live().items()}


def changes(bed, before):
    """What of it changed: {terminator: {name: by how much}}"""
    return {name: {one: seen - before[name][one]
                   for one, seen in row.items() if seen != before[name][one]}
            for name, row in counts(bed).items()}


def relayed(bed):
    return bed.lbctl("status")["icmp_errors"]


def the_connection(bed):
    """The only one that is open, as lbctl shows it."""
    def look():
        rows = bed.lbctl("connections", "--control",
                         bed.control)["connections"]
        return rows[0] if len(rows) == 1 and rows[0]["state"] == "open" \
            else None
    return wait_until(look, 5, "a connection")


def download(bed, family):
    """Begins one, whose path has been found out when this returns; and the
    name of its terminator."""
    sent = bed.total("bytes_sent")
    load = bed.h3load("--get", f"/bytes/{SIZE}", "--pace", str(PACE),
                      family=family)
    owner = the_connection(bed)["terminator"]
    wait_until(lambda: bed.total("bytes_sent") - sent > ENOUGH, 10,
               "the download's beginning")
    return load, owner


def short_headers(bed, family, seconds=30):
    """Octets of a datagram with a short header, from the VIP to the client, as
    it passes the router."""
    def look():
        kind = 0x0800 if family == 4 else 0x86dd
        head = 14 + (20 if family == 4 else 40)
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW,
                           socket.htons(kind)) as tap_socket:
            tap_socket.bind(("m1", kind))
            tap_socket.settimeout(seconds)
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                frame = tap_socket.recv(65536)
                ports = struct.unpack("!HH", frame[head:head + 4])
                if ports[0] == PORT and not frame[head + 8] & 0x80:
                    return frame[head + 8:head + 8 + 40]
        raise RuntimeError("no datagram came by")
    return bed.network.middle.call(look)


def narrow(results, bed, family):
    label = f"IPv{family}"
    before, relays = counts(bed), relayed(bed)
    errors = bed.total("send_errors")
    load, owner = download(bed, family)
    set_mtu(bed.network, NARROW[family])
    wait_until(lambda: all(
        row.get("paths_lowered" if name == owner else "not_ours")
        for name, row in changes(bed, before).items()), 5,
        "terminators to hear of the narrower path")
    load.hurry()
    lines = load.finish()
    set_mtu(bed.network, 1500)
    seen = changes(bed, before)
    results.check(f"{label}: the download goes on and arrives whole",
                  len(lines) == 1 and lines[0]["ok"], str(reasons(lines)))
    results.equal(f"{label}: the connection's terminator is the owner",
                  [one["terminator"] for one in lines], [owner])
    results.check(f"{label}: the owner's path became narrower",
                  seen[owner].get("paths_lowered", 0) >= 1
                  and "not_ours" not in seen[owner], str(seen))
    results.check(f"{label}: the others only see that it is not theirs",
                  all(row.get("received", 0) >= 1
                      and row == {"received": row.get("received"),
                                  "not_ours": row.get("received")}
                      for name, row in seen.items() if name != owner),
                  str(seen))
    results.check(f"{label}: the loader gave it to all",
                  relayed(bed)["to_all"] > relays["to_all"], str(relayed(bed)))
    results.equal(f"{label}: sends that failed",
                  bed.total("send_errors") - errors, 0)
    results.figure(f"{label}: {seen}")


def narrow_interface(results, bed, family):
    """The server's own interface: no ICMP error comes, but EMSGSIZE."""
    label = f"IPv{family}, the server's interface"
    refused = bed.total("send_too_big")
    load, _ = download(bed, family)
    bed.network.server.ip("link", "set", "s0", "mtu", "1300")
    wait_until(lambda: bed.total("send_too_big") > refused, 5, "EMSGSIZE")
    load.hurry()
    lines = load.finish()
    results.check(f"{label}: the download goes on and arrives whole",
                  len(lines) == 1 and lines[0]["ok"], str(reasons(lines)))
    between = bed.total("send_too_big")
    results.check(f"{label}: what it refuses is counted", between > refused,
                  f"{between - refused}")
    lines = bed.h3load("--get", f"/bytes/{SIZE}", family=family).finish()
    bed.network.server.ip("link", "set", "s0", "mtu", "1500")
    results.check(f"{label}: so does one that begins then",
                  len(lines) == 1 and lines[0]["ok"], str(reasons(lines)))
    results.check(f"{label}: only probes are too big for it",
                  0 < bed.total("send_too_big") - between <= 9,
                  f"{bed.total('send_too_big') - between}")


class Forger:
    """Sends errors about one connection and tells what they did."""

    def __init__(self, results, bed, family):
        self.results = results
        self.bed = bed
        self.label = f"IPv{family}"
        row = the_connection(bed)
        self.owner = row["terminator"]
        self.cids = [bytes.fromhex(one) for one in row["cids"]]
        self.quote = short_headers(bed, family)
        self.error = Error(family, VIP[family], PORT, CLIENT[family],
                           int(row["peer"].rsplit(":", 1)[1]))

    def expect(self, what, error, owner, others=None):
        """`owner` and `others` are what changes there, beside received."""
        before = counts(self.bed)
        expected = {name: {"received": 1, word: 1} if word else {}
                    for name in before
                    for word in [owner if name == self.owner else others]}
        self.bed.network.middle.call(lambda: error.send())
        try:
            wait_until(lambda: changes(self.bed, before) == expected, 3, what)
        except TimeoutError:
            pass  # told below
        self.results.equal(f"{self.label}: {what}",
                           changes(self.bed, before), expected)


def long_header(dcid, scid):
    return (b"\xe0\0\0\0\1" + bytes([len(dcid)]) + dcid + bytes([len(scid)])
            + scid + bytes(20))


def forge(results, bed, family):
    load = bed.h3load("--get", "/bytes/2000000", "--hold", "250",
                      "--interval", "50", "--pace", str(PACE), family=family)
    forger = Forger(results, bed, family)
    error, dcid = forger.error, forger.quote[1:9]
    wrong = bytes(one ^ 0xff for one in dcid)
    few = forger.quote[:5]

    forger.expect("too big, of another port of the client's",
                  error.but(client_port=error.client_port ^ 1, mtu=1300,
                            quote=few), "not_ours", "not_ours")
    forger.expect("too big, quoting another connection ID",
                  error.but(mtu=1300, quote=b"\x40" + wrong + bytes(20)),
                  "wrong_cid", "not_ours")
    forger.expect("too big, but not even 1200 octets",
                  error.but(mtu=1200, quote=forger.quote), "too_small",
                  "not_ours")
    forger.expect("too big, but larger than what is sent",
                  error.but(mtu=1500, quote=forger.quote), "too_large",
                  "not_ours")
    forger.expect("unreachable", error.but(quote=forger.quote), "unreachable",
                  "not_ours")
    relays = relayed(bed)["to_owner"]
    forger.expect("the CID in a long header names the owner, who alone hears "
                  "of it", error.but(quote=long_header(dcid, forger.cids[-1])),
                  "unreachable")
    forger.expect("a long header with another DCID",
                  error.but(quote=long_header(wrong, forger.cids[-1])),
                  "wrong_cid")
    results.equal(f"IPv{family}: given to the owner alone",
                  relayed(bed)["to_owner"] - relays, 2)
    forger.expect("the connection ID that is quoted is the connection's",
                  error.but(mtu=1290, quote=forger.quote), "paths_lowered",
                  "not_ours")
    load.hurry()
    lines = load.finish()
    results.check(f"IPv{family}: the connection lives through all of them",
                  len(lines) == 1 and lines[0]["ok"], str(reasons(lines)))


def flood(results, bed):
    """Far more than are relayed: all are counted, and the loader lives."""
    before, received = relayed(bed), bed.total("icmp_received")
    error = Error(4, VIP[4], PORT, CLIENT[4], 9)
    start = time.monotonic()
    bed.network.middle.call(lambda: error.send(4000))

    def settled():
        after = relayed(bed)
        return sum(after.values()) - sum(before.values()) == 4000
    wait_until(settled, 5, "all of the flood to be counted")
    after = relayed(bed)
    seconds = time.monotonic() - start
    results.check("a flood of errors is dropped beyond what is relayed",
                  after["ring_full"] > before["ring_full"], str(after))
    wait_until(lambda: bed.total("icmp_received") - received
               == 3 * (after["to_all"] - before["to_all"]), 3,
               "the terminators to count them")
    results.check("what was relayed came to each terminator", True)
    results.figure(f"4000 errors: {after['to_all'] - before['to_all']} relayed "
                   f"in {seconds:.1f} s")


def path_mtu(results):
    with Bed(nginx=False) as bed:
        route_plainly(bed.network)
        for family in (4, 6):
            narrow(results, bed, family)
        for family in (4, 6):
            narrow_interface(results, bed, family)
        for family in (4, 6):
            forge(results, bed, family)
        flood(results, bed)


tap.run(path_mtu)
