#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What ngtcp2's client on GnuTLS may do beyond plain QUIC version 1: version 2
at once and by compatible version negotiation, an unknown version first, Retry,
and key updates; and the congestion controllers."""

import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, reasons, tool, tool_environment  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402

OCTETS = 300000
V1, V2 = "00000001", "6b3343cf"


class Seen:
    def __init__(self, bed, log):
        status = re.search(r"\[:status: (\d+)\]", log)
        self.log = log
        self.status = int(status[1]) if status else 0
        self.body = b""
        path = bed.path(f"download/{OCTETS}")
        if os.path.exists(path):
            with open(path, "rb") as file:
                self.body = file.read()
            os.unlink(path)

    def __repr__(self):
        return f"{self.status} {len(self.body)} {self.log[-800:]}"


class OptionsBed(ConfiguredBed):
    def __init__(self, backends=("b1",), **terminator):
        super().__init__(backends=backends, terminators=2,
                         settings={"terminator": terminator})

    def gtls(self, *options, family=4):
        os.makedirs(self.path("download"), exist_ok=True)
        done = subprocess.run(
            self.network.client.enter(
                tool("gtlsclient"), "--no-http-dump", "--timeout=20s",
                "--exit-on-all-streams-close", "--sni=localhost",
                "--download", self.path("download"), *options, VIP[family],
                str(PORT), f"https://localhost/bytes/{OCTETS}"),
            env=tool_environment(), capture_output=True, text=True,
            timeout=60, check=False)
        return Seen(self, done.stdout + done.stderr)

    def whole(self, seen):
        return seen.status == 200 and seen.body == self.pattern(OCTETS)

    def ran(self, *options, family=4):
        """What was seen, and how many connections of versions 1 and 2, and
        Retry and Version Negotiation packets that cost."""
        names = ("connections_v1", "connections_v2", "retries_sent",
                 "version_negotiations_sent")
        before = [self.total(name) for name in names]
        seen = self.gtls(*options, family=family)
        return seen, [self.total(name) - was
                      for name, was in zip(names, before)]


def versions(results, bed):
    for family in (4, 6):
        seen, counts = bed.ran("--version=v2", family=family)
        results.check(f"QUIC v2 at once, IPv{family}",
                      bed.whole(seen) and counts == [0, 1, 0, 0],
                      f"{counts} {seen}")
    seen, counts = bed.ran("--version=v1", "--available-versions=v2,v1")
    results.check("a client of v1 that knows v2 stays with v1",
                  bed.whole(seen) and counts == [1, 0, 0, 0],
                  f"{counts} {seen}")
    seen, counts = bed.ran("--version=0x1a2a3a4a",
                           "--preferred-versions=v2,v1")
    results.check("an unknown version: Version Negotiation, then v2",
                  bed.whole(seen) and counts == [0, 1, 0, 1],
                  f"{counts} {seen}")
    wrong = bed.total("wrong_delivery")
    results.equal("deliveries to a wrong terminator", wrong, 0)


def preferred(results, bed):
    seen, counts = bed.ran("--version=v1", "--available-versions=v2,v1")
    results.check("prefer_v2: a client of v1 goes over to v2 within its "
                  "handshake", bed.whole(seen) and counts == [0, 1, 0, 0],
                  f"{counts} {seen}")
    seen, counts = bed.ran("--version=v1", "--available-versions=v1")
    results.check("prefer_v2: one that knows only v1 stays",
                  bed.whole(seen) and counts == [1, 0, 0, 0],
                  f"{counts} {seen}")


def retry(results, bed):
    for version, counts in (("v1", [1, 0, 1, 0]), ("v2", [0, 1, 1, 0])):
        seen, counted = bed.ran(f"--version={version}")
        results.check(f"Retry, {version}: the client comes back with the "
                      "token", bed.whole(seen) and counted == counts,
                      f"{counted} {seen}")


def key_update(results, bed):
    """The key phase is in the client's log: k=1 are packets of the next keys.
    Ours answer in the same phase (RFC 9001, 6.2)."""
    for version in ("v1", "v2"):
        seen, _ = bed.ran(f"--version={version}", "--key-update=1ms",
                          "--delay-stream=100ms")
        ours = re.findall(r"pkt rx pkn=\d+ .*type=1RTT k=1", seen.log)
        theirs = re.findall(r"pkt tx pkn=\d+ .*type=1RTT k=1", seen.log)
        results.check(f"key update by the client, {version}: both sides use "
                      "the new keys, nothing is lost",
                      bed.whole(seen) and ours and theirs,
                      f"{len(ours)} {len(theirs)} {seen}")


def controllers(results):
    for name in ("cubic", "bbr", "reno"):
        with OptionsBed(quic={"congestion_control": name}) as bed:
            lines = bed.h3load("--connections", "20", "--get",
                               f"/bytes/{OCTETS}").finish()
            results.check(f"{name}: 20 downloads of {OCTETS} octets",
                          len(lines) == 20 and all(one["ok"]
                                                   for one in lines),
                          str(reasons(lines)))


def options(results):
    with OptionsBed() as bed:
        versions(results, bed)
        key_update(results, bed)
    with OptionsBed(quic={"prefer_v2": True}) as bed:
        preferred(results, bed)
    with OptionsBed(retry="always") as bed:
        retry(results, bed)
    controllers(results)


tap.run(options)
