#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What ngtcp2's client on GnuTLS sees on the wire of a connection with several
requests: QPACK's dynamic tables at work both ways (RFC 9204), ECN marks that
are counted, and given up where the network takes them away (RFC 9000, 13.4),
and a stream of a reserved type (RFC 9114, 6.2.3)."""

import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, tool, tool_environment  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402

REQUESTS = 6
# The second unidirectional streams carry QPACK's decoder or encoder.
OURS, THEIRS = ("0x7", "0xb"), ("0x6", "0xa")
GREASED = "0xf"


class Wire:
    """The client's log of one connection."""

    def __init__(self, bed):
        done = subprocess.run(
            bed.network.client.enter(
                tool("gtlsclient"), "--no-http-dump", "--timeout=60s",
                "--exit-on-all-streams-close", "--sni=localhost", "-n",
                str(REQUESTS), VIP[4], str(PORT),
                "https://localhost/bytes/50000"),
            env=tool_environment(), capture_output=True, text=True,
            timeout=300, check=False)
        self.log = done.stdout + done.stderr

    def octets(self, direction, streams):
        """That went on these streams, the fuller one first."""
        sizes = []
        for stream in streams:
            ends = [int(offset) + int(size) for offset, size in re.findall(
                rf"frm {direction} .* STREAM\(0x\w+\) id={stream} fin=\d "
                r"offset=(\d+) len=(\d+)", self.log)]
            sizes.append(max(ends, default=0))
        return sorted(sizes, reverse=True)

    def whole(self):
        return len(re.findall(r"frm rx .* id=0x\w+ fin=1 .* uni=0",
                              self.log)) >= REQUESTS

    def marks(self):
        """The last counts of the server: ECT(0), ECT(1), CE."""
        found = re.findall(r"frm rx .* ect0=(\d+) ect1=(\d+) ce=(\d+)",
                           self.log)
        return [int(one) for one in found[-1]] if found else None

    def received(self, mark):
        return len(re.findall(rf"Received packet: .* ecn={mark} ", self.log))


def forward(bed, *rules):
    """The router does this, and nothing that it did before."""
    bed.network.middle.run("nft", "-f", "-", input=f"""
        table inet marking
        delete table inet marking
        table inet marking {{
            counter marked {{ }}
            counter unmarked {{ }}
            chain forwarded {{
                type filter hook forward priority 0;
                {"; ".join(rules)}
            }}
        }}""")


def octets_of(bed, counter):
    """What one packet of the router is may be several datagrams."""
    said = json.loads(bed.network.middle.run(
        "nft", "--json", "list", "counter", "inet", "marking", counter))
    return next(item["counter"]["bytes"] for item in said["nftables"]
                if "counter" in item)


def bleached(results, bed):
    """A router that takes the marks away, both ways."""
    ours, theirs = f"ip saddr {VIP[4]}", f"ip daddr {VIP[4]}"
    forward(bed, f"{ours} ip ecn ect0 counter name marked",
            f"{ours} ip ecn not-ect counter name unmarked",
            f"{ours} ip ecn set not-ect", f"{theirs} ip ecn set not-ect")
    wire = Wire(bed)
    marked, unmarked = (octets_of(bed, name)
                        for name in ("marked", "unmarked"))
    results.check("no mark comes through: the connection goes on",
                  wire.whole() and wire.received("0x0") > 50
                  and not wire.received("0x2"), wire.log[-500:])
    results.check("... no counts are told, since nothing came marked",
                  wire.marks() is None, str(wire.marks()))
    results.check("... and we mark no more after the first packets: "
                  f"{marked} octets of {marked + unmarked}",
                  0 < marked < 20 * 1500 and unmarked > 200_000,
                  f"{marked} {unmarked}")


def quic_wire(results):
    with ConfiguredBed(backends=("b1",), terminators=1) as bed:
        wire = Wire(bed)
        ours, theirs = wire.octets("rx", OURS), wire.octets("tx", THEIRS)
        results.check(f"{REQUESTS} requests are answered", wire.whole(),
                      wire.log[-500:])
        results.check("QPACK: we put fields into the client's table, and it "
                      f"into ours: {ours[0]} and {theirs[0]} octets of "
                      "instructions", ours[0] > 20 and theirs[0] > 20,
                      f"{ours} {theirs}")
        results.check("... and both decoders acknowledge sections",
                      ours[1] > 2 and theirs[1] > 2, f"{ours} {theirs}")
        results.check("a stream of a reserved type, which ends",
                      re.search(rf"frm rx .* id={GREASED} fin=1 offset=0 "
                                r"len=10 uni=1", wire.log), "none")
        marks = wire.marks()
        results.check("ECN: ECT(0) is counted, and set on what we send, to "
                      "the end", marks and marks[0] > 5 and marks[1:] == [0, 0]
                      and wire.received("0x2") > 50
                      and not wire.received("0x0"), str(marks))
        forward(bed, f"ip daddr {VIP[4]} udp dport {PORT} ip ecn set ce")
        wire = Wire(bed)
        marks = wire.marks()
        results.check("a router's CE marks are counted and told",
                      wire.whole() and marks and marks[2] > 2, str(marks))
        bleached(results, bed)


tap.run(quic_wire)
