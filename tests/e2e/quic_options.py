#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What ngtcp2's client on GnuTLS may do beyond plain QUIC version 1: version 2
at once and by compatible version negotiation, an unknown version first, Retry,
and key updates; and qlog, the key log, also of TLS over TCP, and the congestion
controllers."""

import glob
import json
import os
import re
import socket
import ssl
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

    def gtls(self, *options, family=4, **environment):
        os.makedirs(self.path("download"), exist_ok=True)
        done = subprocess.run(
            self.network.client.enter(
                tool("gtlsclient"), "--no-http-dump", "--timeout=60s",
                "--exit-on-all-streams-close", "--sni=localhost",
                "--download", self.path("download"), *options, VIP[family],
                str(PORT), f"https://localhost/bytes/{OCTETS}"),
            env=dict(tool_environment(), **environment), capture_output=True,
            text=True, timeout=300, check=False)
        return Seen(self, done.stdout + done.stderr)

    def whole(self, seen):
        return seen.status == 200 and seen.body == self.pattern(OCTETS)

    def ran(self, *options, family=4):
        """What was seen, how many connections of versions 1 and 2 that cost,
        and whether Retry and Version Negotiation packets: who sends a packet
        again, as it has waited for long, gets another one."""
        names = ("connections_v1", "connections_v2", "retries_sent",
                 "version_negotiations_sent")
        before = [self.total(name) for name in names]
        seen = self.gtls(*options, family=family)
        counts = [self.total(name) - was for name, was in zip(names, before)]
        return seen, counts[:2] + [min(count, 1) for count in counts[2:]]


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
                          "--delay-stream=500ms")
        ours = re.findall(r"pkt rx pkn=\d+ .*type=1RTT k=1", seen.log)
        theirs = re.findall(r"pkt tx pkn=\d+ .*type=1RTT k=1", seen.log)
        results.check(f"key update by the client, {version}: both sides use "
                      "the new keys, nothing is lost",
                      bed.whole(seen) and ours and theirs,
                      f"{len(ours)} {len(theirs)} {seen}")


class DebugBed(OptionsBed):
    """With qlog and key log; terminators, who are nobody, may write there."""

    def __init__(self, **quic):
        super().__init__()
        self.quic = quic

    def _default_settings(self):
        settings = super()._default_settings()
        os.mkdir(self.path("debug"))
        os.chmod(self.path("debug"), 0o777)
        settings["terminator"]["quic"] = dict(
            {"qlog_directory": self.path("debug"),
             "keylog_file": self.path("debug/keys")}, **self.quic)
        return settings

    def qlogs(self):
        """The events of each connection: the first tells of the file."""
        logs = []
        for path in glob.glob(self.path("debug/*.sqlog")):
            with open(path, encoding="utf-8") as file:
                logs.append([json.loads(text) for text in
                             file.read().split("\x1e") if text.strip()])
        return logs


def secrets_of(path):
    with open(path, encoding="ascii") as file:
        return {line.strip() for line in file
                if line.strip() and not line.startswith("#")}


def without_exporters(secrets):
    return {line for line in secrets if not line.startswith("EXPORTER_")}


def over_tcp(bed, context, session=None):
    """A request by Python's TLS. Returns its session for the next one."""
    with socket.create_connection((VIP[4], PORT), 60) as stream:
        with context.wrap_socket(stream, server_hostname="localhost",
                                 session=session) as tls:
            tls.sendall(b"GET /bytes/1 HTTP/1.1\r\nhost: localhost\r\n\r\n")
            if not tls.recv(100).startswith(b"HTTP/1.1 200"):
                raise RuntimeError("no answer over TLS")
            if tls.session_reused != bool(session):
                raise RuntimeError("resumed, or not, unlike what was asked")
            return tls.session


def tcp_key_log(results, bed):
    for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
        name, theirs = version.name, bed.path(f"client-{version.name}.keys")
        context = ssl.create_default_context(cafile=bed.path("cert.pem"))
        context.check_hostname = False
        context.minimum_version = context.maximum_version = version
        context.keylog_filename = theirs
        os.unlink(bed.path("debug/keys"))
        session = bed.network.client.call(lambda: over_tcp(bed, context))
        bed.network.client.call(lambda: over_tcp(bed, context, session))
        ours, theirs = (without_exporters(secrets_of(path))
                        for path in (bed.path("debug/keys"), theirs))
        results.check(f"the key log has those of {name} over TCP, too, new "
                      "and resumed", ours == theirs and len(ours) >= 2,
                      f"{[line.split()[:2] for line in ours ^ theirs]}")


def debug_files(results, bed):
    seen = bed.gtls(SSLKEYLOGFILE=bed.path("client.keys"))
    ours, theirs = (secrets_of(bed.path(name))
                    for name in ("debug/keys", "client.keys"))
    results.check("the key log has the secrets that the client's has",
                  bed.whole(seen) and len(ours) >= 4
                  and without_exporters(ours) == without_exporters(theirs),
                  f"{[line.split()[:2] for line in ours ^ theirs]} {seen}")
    mode = os.stat(bed.path("debug/keys")).st_mode & 0o777
    results.equal("nobody else may read it", oct(mode), oct(0o600))
    tcp_key_log(results, bed)
    for log in (bed.qlogs() or [[]])[:1]:
        names = {event.get("name") for event in log}
        results.check("qlog has the events of the connection",
                      {"transport:packet_sent", "transport:packet_received",
                       "recovery:metrics_updated"} <= names
                      or "quic:packet_sent" in names, str(names))
    results.equal("one file a connection", len(bed.qlogs()), 1)
    results.check("the log warns of both",
                  all("for debugging only" in one.log()
                      and "keylog_file" in one.log()
                      and "qlog_directory" in one.log()
                      for one in bed.terminators.values()),
                  "no warning")
    for path in glob.glob(bed.path("debug/*")):
        os.unlink(path)
    os.chmod(bed.path("debug"), 0o555)
    before = bed.total("debug_file_errors")
    seen = bed.gtls()
    results.check("where nothing can be written, connections go on, and that "
                  "is counted", bed.whole(seen)
                  and bed.total("debug_file_errors") > before, str(seen))
    os.chmod(bed.path("debug"), 0o777)
    bed.settings["terminator"]["quic"] = {}
    status, said = bed.reload()
    seen = bed.gtls()
    results.check("off by reload: nothing is written any more",
                  status == 0 and bed.whole(seen)
                  and not os.listdir(bed.path("debug")),
                  f"{said} {os.listdir(bed.path('debug'))}")


def drop(bed):
    """Has the middle drop some of what the server sends."""
    bed.network.middle.run("nft", "-f", "-", input="""
        table inet loss {
            chain forward {
                type filter hook forward priority 0;
                iifname m1 meta l4proto udp \
                    numgen random mod 100 < 10 drop
            }
        }""")


def controllers(results):
    """By 10 % of loss CUBIC and Reno come to have a slow start threshold, which
    BBR has not."""
    for name, wanted in (("cubic", True), ("reno", True), ("bbr", False)):
        with DebugBed(congestion_control=name) as bed:
            drop(bed)
            lines = bed.h3load("--connections", "10", "--get",
                               "/bytes/1000000").finish()
            results.check(f"{name}: 10 downloads of 1 MB, 10 % lost",
                          len(lines) == 10 and all(one["ok"] for one in lines)
                          and bed.total("packets_lost") > 0,
                          f"{bed.total('packets_lost')} lost, "
                          f"{reasons(lines)}")
            seen = [any("ssthresh" in event.get("data", {}) for event in log)
                    for log in bed.qlogs()]
            results.check(f"{name}: a slow start threshold: {wanted}",
                          len(seen) == 10 and any(seen) == wanted, str(seen))


def options(results):
    with OptionsBed() as bed:
        versions(results, bed)
        key_update(results, bed)
    with OptionsBed(quic={"prefer_v2": True}) as bed:
        preferred(results, bed)
    with OptionsBed(retry="always") as bed:
        retry(results, bed)
    with DebugBed() as bed:
        debug_files(results, bed)
    controllers(results)


tap.run(options)
