#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Limits of new connections, allowed and denied prefixes, changed by reloads:
Initials from thousands of spoofed sources are dropped before userspace, while
established connections keep their throughput and other clients connect. lbctl
events shows what is dropped."""

import json
import math
import os
import random
import select
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from frames import ip_packet, quic_initial  # noqa: E402
from network import OUTSIDE, VIP  # noqa: E402
from process import wait_until  # noqa: E402

OCTETS = 20000
FLOOD_RATE, FLOOD_SECONDS = 4000, 6  # bounded: 24,000 packets in all
TOTAL, BURST = 200, 100
SPOOFED = "198.18.0.0/15"  # RFC 2544


def initial(source, port):
    return ip_packet(source, port, VIP[4], PORT, quic_initial())


def prepare_network(bed):
    """Spoofed packets keep their sources, and answers to them end."""
    network = bed.network
    network.middle.run("nft", "-f", "-", input=f"""
        table inet spoofed {{
            chain out {{
                type filter hook output priority raw;
                ip saddr {SPOOFED} notrack
            }}
        }}""")
    network.middle.ip("route", "add", "blackhole", SPOOFED)
    network.server.ip("route", "add", SPOOFED, "via", OUTSIDE[4][0])


class Flood:
    """Initials from the middle namespace, straight at the server, from random
    addresses of SPOOFED."""

    def __init__(self, bed):
        self.middle = bed.network.middle
        self.sent = 0
        self.seconds = 0
        self.packets = [
            initial(f"198.{random.randrange(18, 20)}."
                    f"{random.randrange(256)}.{random.randrange(1, 255)}",
                    random.randrange(1024, 65536)) for _ in range(2000)]

    def _open(self):
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW,
                            socket.IPPROTO_RAW)
        raw.bind((OUTSIDE[4][0], 0))
        return raw

    def _send(self, raw):
        start = time.monotonic()
        with raw:
            while time.monotonic() - start < FLOOD_SECONDS:
                due = int((time.monotonic() - start) * FLOOD_RATE)
                while self.sent < due:
                    raw.sendto(self._packet(), (VIP[4], 0))
                    self.sent += 1
                time.sleep(0.002)
        self.seconds = time.monotonic() - start

    def _packet(self):
        """Each with a DCID of its own: each is another handshake."""
        packet = bytearray(random.choice(self.packets))
        packet[26:28] = b"\0\0"  # no UDP checksum
        packet[34:42] = random.randbytes(8)
        return bytes(packet)

    def start(self):
        raw = self.middle.call(self._open)
        self.thread = threading.Thread(target=self._send, args=(raw,))
        self.thread.start()

    def finish(self):
        self.thread.join()
        return self.sent


def set_limits(results, bed, label, **limits):
    bed.settings["loader"]["new_connections"] = limits
    status, text = bed.reload()
    results.check(f"{label}: the reload is taken", status == 0, text)


def connect(bed, count=10, family=4, timeout="60"):
    """How many of some connections succeed."""
    lines = bed.h3load("--connections", str(count), "--get", "/bytes/1000",
                       "--timeout", timeout, family=family).finish()
    return sum(one["ok"] for one in lines)


def prefixes(results, bed):
    outside = f"{OUTSIDE[4][0]}/32"
    set_limits(results, bed, "deny", deny=[outside])
    results.equal("denied: connections by IPv4", connect(bed, timeout="1"), 0)
    results.equal("denied: connections by IPv6, which are not",
                  connect(bed, family=6), 10)
    results.check("denied: they are counted",
                  bed.verdicts()["drop_denied"] >= 10, str(bed.verdicts()))
    set_limits(results, bed, "allow", allow=[outside])
    results.equal("allowed: connections by IPv4", connect(bed), 10)
    results.equal("allowed: connections by IPv6, which are not",
                  connect(bed, family=6, timeout="1"), 0)
    set_limits(results, bed, "both", allow=[outside, "fd77:1::/64"],
               deny=["10.77.0.0/16"])
    results.equal("both: denied though allowed", connect(bed, timeout="1"), 0)
    results.equal("both: allowed and not denied", connect(bed, family=6), 10)
    set_limits(results, bed, "none")
    results.equal("no limits: IPv4", connect(bed), 10)
    results.equal("no limits: IPv6", connect(bed, family=6), 10)


def source_limit(results, bed):
    set_limits(results, bed, "per source", per_source=1, per_source_burst=5)
    before = bed.verdicts()["drop_source_limit"]
    began = time.monotonic()
    good = connect(bed, 20, timeout="3")
    passed = time.monotonic() - began
    dropped = bed.verdicts()["drop_source_limit"] - before
    results.check("per source: its burst gets in, and one by the second",
                  5 <= good <= 5 + passed, f"{good} of 20 in {passed} s")
    results.check("per source: the others are counted", dropped >= 20 - good,
                  f"{dropped}")
    results.equal("per source: another prefix", connect(bed, 5, family=6), 5)


def established(results, bed):
    """Requests that 40 connections end in FLOOD_SECONDS, without a flood and
    with one, and what becomes of new clients under it."""
    set_limits(results, bed, "flood", total=TOTAL, total_burst=BURST)
    load = bed.h3load("--connections", "40", "--hold", "250", "--interval",
                      "100", "--get", f"/bytes/{OCTETS}")
    load.wait_for(lambda seen: seen["handshakes"] == 40, 10, "40 handshakes")
    calm = requests_of(bed, lambda: time.sleep(FLOOD_SECONDS))
    before, accepted = bed.verdicts(), bed.total("connections_accepted")
    flood = Flood(bed)
    events = subprocess.Popen(
        [program("lbctl"), "events", "--json", "--sample", "20", "--verdict",
         "drop_global_limit", "--pin-dir", bed.pin_dir],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def flooded():
        flood.start()
        flood.finish()

    stressed = requests_of(bed, flooded)
    after = bed.verdicts()
    events.send_signal(signal.SIGTERM)
    told, _ = events.communicate(timeout=60)
    judge_flood(results, bed, flood, before, after, accepted)
    judge_events(results, [json.loads(line) for line in told.splitlines()])
    results.figure(f"requests of 40 established connections under the flood: "
                   f"{stressed / max(calm, 1):.2f} of those without it "
                   f"({calm} and {stressed})")
    results.check("established connections keep their throughput",
                  stressed > calm / 2, f"{calm} and {stressed} requests")
    still = load.progress()
    results.equal("no established connection is lost", still["open"], 40)
    load.stop()
    lines = load.finish()
    results.check("none fails before the end", len(lines) == 40 and
                  set(reasons(lines)) <= {"stopped"}, str(reasons(lines)))


def requests_of(bed, function):
    before = bed.total("requests")
    function()
    return bed.total("requests") - before


def judge_flood(results, bed, flood, before, after, accepted):
    dropped = after["drop_global_limit"] - before["drop_global_limit"]
    bound = TOTAL * (math.ceil(flood.seconds) + 2) + BURST
    taken = bed.total("connections_accepted") - accepted
    results.figure(f"{flood.sent} spoofed Initials, {dropped} dropped by the "
                   f"limit, {taken} connections begun")
    results.check("the flood was one", flood.sent > 4 * bound,
                  f"{flood.sent} packets")
    results.check("what is over the limit is dropped",
                  flood.sent - bound < dropped <= flood.sent,
                  f"{dropped} of {flood.sent}")
    results.check("no more than the limit gets through", taken <= bound,
                  f"{taken}, and {bound} may")


def judge_events(results, events):
    results.check("lbctl events shows a share of them", len(events) > 200,
                  f"{len(events)} events")
    results.check("with verdict, source and CID",
                  all(one["verdict"] == "drop_global_limit"
                      and one["source"].startswith(("198.18.", "198.19."))
                      and len(one["cid"]) == 16 for one in events),
                  str(events[:1]))


def other_clients(results, bed):
    """With a limit for each source beside, a flood from one prefix leaves the
    others what they need."""
    set_limits(results, bed, "one prefix floods", per_source=20,
               per_source_burst=20, prefix_v4=15, total=TOTAL,
               total_burst=BURST)
    flood = Flood(bed)
    flood.start()
    good = connect(bed, 10) + connect(bed, 10, family=6)
    flood.finish()
    results.equal("clients of other prefixes connect under the flood", good,
                  20)


def connect_until(bed, over):
    """Connects until over(), as lbctl events may not be there at once."""
    wait_until(lambda: over() or (connect(bed, 1) and over()), 10,
               "lbctl events to tell of a connection")


def events_alone(results, bed):
    command = [program("lbctl"), "events", "--pin-dir", bed.pin_dir]
    first = subprocess.Popen(command, stdout=subprocess.PIPE)
    said = b""

    def tells_of_initials():
        nonlocal said
        if select.select([first.stdout], [], [], 0)[0]:
            said += os.read(first.stdout.fileno(), 65536)
        return b"hash_initial" in said and b" to t" in said

    # The first that it tells of may be a packet of any kind.
    connect_until(bed, tells_of_initials)
    second = subprocess.run(command, capture_output=True, text=True,
                            timeout=60, check=False)
    results.check("a second lbctl events is refused, with the first one's pid",
                  second.returncode == 1 and
                  f"(pid {first.pid})" in second.stderr, second.stderr)
    results.check("the first one tells of Initials",
                  tells_of_initials(), said[:300])
    first.kill()
    first.communicate(timeout=60)
    time.sleep(3.2)
    connect(bed, 1)
    third = subprocess.Popen([*command, "--count", "3", "--json"],
                             stdout=subprocess.PIPE, text=True)
    connect_until(bed, lambda: third.poll() is not None)
    text, _ = third.communicate(timeout=60)
    results.check("after a killed one the next can begin, and counts",
                  third.returncode == 0 and len(text.splitlines()) == 3,
                  text)


def policing(results):
    with ConfiguredBed() as bed:
        prepare_network(bed)
        wait_until(lambda: connect(bed, 1) == 1, 10, "a connection")
        prefixes(results, bed)
        source_limit(results, bed)
        established(results, bed)
        other_clients(results, bed)
        set_limits(results, bed, "at the end")
        events_alone(results, bed)


tap.run(policing)
