#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The preferred address (RFC 9000, 9.6): ngtcp2's client on GnuTLS goes over to
it and stays with its terminator; a client that knows nothing of it is served
where it is."""

import os
import re
import select
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import PORT, VIPS, tool, tool_environment  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

OTHER = {4: "10.77.1.20", 6: "fd77:1::20"}
PREFERRED = [f"{OTHER[4]}:{PORT}", f"[{OTHER[6]}]:{PORT}"]
SIZE = 3_000_000
TRIES = 6


class PreferredBed(ConfiguredBed):
    def __init__(self):
        super().__init__(backends=("b1",), terminators=3)

    def _default_settings(self):
        for address, prefix in ((OTHER[4], 24), (OTHER[6], 64)):
            self.network.server.ip("addr", "add", f"{address}/{prefix}",
                                   "dev", "s0", *(["nodad"] if prefix == 64
                                                  else []))
        settings = super()._default_settings()
        settings["loader"]["vips"] = VIPS + PREFERRED
        settings["terminator"]["quic"] = {"preferred_address": PREFERRED}
        return settings

    def gtls(self, family, *options):
        where = VIP[family]
        done = subprocess.run(
            self.network.client.enter(
                tool("gtlsclient"), "--no-quic-dump", "--no-http-dump",
                "--timeout=60s", "--exit-on-all-streams-close",
                "--sni=localhost", *options, where, str(PORT),
                f"https://localhost/bytes/{SIZE}"),
            env=tool_environment(), capture_output=True, text=True,
            timeout=300, check=False)
        return done.stdout + done.stderr


class Watch:
    """Octets that come to the client's namespace, by their source."""

    def __init__(self, bed):
        self.socket = bed.network.client.call(
            lambda: socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM,
                                  socket.htons(3)))
        self.octets = {}
        self.stopped = False
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while not self.stopped:
            if not select.select([self.socket], [], [], 0.1)[0]:
                continue
            packet, where = self.socket.recvfrom(65536)
            if where[2] == socket.PACKET_OUTGOING:
                continue
            if packet[0] >> 4 == 4:
                source = socket.inet_ntop(socket.AF_INET, packet[12:16])
            else:
                source = socket.inet_ntop(socket.AF_INET6, packet[8:24])
            self.octets[source] = self.octets.get(source, 0) + len(packet)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stopped = True
        self.thread.join(5)
        self.socket.close()


def moves(results, bed, family):
    validated = bed.total("paths_validated")
    with Watch(bed) as watch:
        logs = [bed.gtls(family) for _ in range(TRIES)]
    seen = watch.octets.get(OTHER[family], 0)
    before = watch.octets.get(VIP[family], 0)
    results.check(f"IPv{family}: {TRIES} clients of 3 terminators are served",
                  all(re.search(r"\[:status: 200\]", log) for log in logs),
                  logs[0][-600:])
    results.check(f"... from the preferred address: {seen} octets, and "
                  f"{before} from the first one",
                  seen > SIZE and seen > 5 * before, str(watch.octets))
    wait_until(lambda: bed.total("paths_validated") - validated >= TRIES, 5,
               "the paths to be validated")
    results.check("... whose path is validated", True)


def stays(results, bed, family):
    with Watch(bed) as watch:
        log = bed.gtls(family, "--no-preferred-addr")
    results.check(f"IPv{family}: a client that does not want to stays",
                  ":status: 200" in log
                  and watch.octets.get(OTHER[family], 0) == 0
                  and watch.octets.get(VIP[family], 0) > SIZE / 10,
                  f"{watch.octets} {log[-300:]}")


def off(results, bed):
    del bed.settings["terminator"]["quic"]
    status, said = bed.reload()
    results.equal(f"reload without one {said.strip()}", status, 0)
    with Watch(bed) as watch:
        bed.gtls(4)
    results.equal("nobody is sent there any more",
                  watch.octets.get(OTHER[4], 0), 0)


def preferred_address(results):
    with PreferredBed() as bed:
        for family in (4, 6):
            moves(results, bed, family)
            stays(results, bed, family)
        with Asker(bed) as ask:
            results.equal("libcurl, which knows no such thing",
                          ask("/bytes/1000").size, 1000)
        results.equal("wrong deliveries, stateless resets",
                      (bed.total("wrong_delivery"),
                       bed.total("stateless_resets_sent")), (0, 0))
        off(results, bed)


tap.run(preferred_address)
