#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""20 hot restarts of terminators, with changes of the certificate between them,
under HTTP/1.1, HTTP/2, HTTP/3 and WebSockets at once: no request fails, and a
WebSocket lives until the drain's deadline of the process that it is at."""

import os
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import reasons  # noqa: E402
from over_h3 import OverH3  # noqa: E402
from process import adopt_orphans, wait_until  # noqa: E402
from tcp_restarts import Load, hot_restart  # noqa: E402
from tunnels import EchoBed, OverH1, OverH2  # noqa: E402
from websocket import CLOSE, TEXT, frame, read_frame  # noqa: E402

RESTARTS = 20
NAMES = ("t1", "t2")
KINDS = (OverH1, OverH2, OverH3)
GOING_AWAY = (CLOSE, b"\x03\xe9")
DRAIN_S = 8
PACE_S = 0.6
H3_CLIENTS = 12
# Of the restarts, those before which the certificate changes.
CHANGES = (3, 8, 13, 18)
# Heartbeats of 100 ms, and a busy machine.
EARLY_S, LATE_S = 0.3, 4
HANDSHAKE_S = 1


class MixedBed(EchoBed):
    """Clients trust both certificates; the file names one of them."""

    def make_certificate(self):
        trusted = ""
        for name in ("one", "two"):
            super().make_certificate()
            for kind in ("cert", "key"):
                os.rename(self.path(f"{kind}.pem"),
                          self.path(f"{name}-{kind}.pem"))
            with open(self.path(f"{name}-cert.pem"), encoding="ascii") as file:
                trusted += file.read()
        with open(self.path("cert.pem"), "w", encoding="ascii") as file:
            file.write(trusted)

    def _default_settings(self):
        settings = super()._default_settings()
        settings["terminator"]["drain_timeout"] = f"{DRAIN_S}s"
        self.name_certificate(settings, "one")
        return settings

    def name_certificate(self, settings, name):
        settings["terminator"].update(
            certificate=self.path(f"{name}-cert.pem"),
            private_key=self.path(f"{name}-key.pem"))


class WebSocket(threading.Thread):
    """Echoes all the time, or, if it is `silent`, once at the beginning and
    then waits; a new one follows each that ended. Lives are
    (began, ended, how it ended)."""

    def __init__(self, bed, kind, silent=False):
        super().__init__(daemon=True)
        self.bed = bed
        self.kind = kind
        self.silent = silent
        self.ending = threading.Event()
        self.lives = []
        self.echoes = 0
        self.wrong = []
        self.tunnel = None
        self.start()

    def run(self):
        while not self.ending.is_set():
            try:
                self.tunnel = self.kind(self.bed, "/ws")
                self.check_open()
            except (OSError, RuntimeError) as error:
                self.wrong.append(f"no tunnel: {error!r}")
                return
            began = time.monotonic()
            how = self.live()
            if not self.ending.is_set():
                self.lives.append((began, time.monotonic(), how))
            self.tunnel.close()

    def check_open(self):
        status = self.tunnel.head()
        if status not in (101, 200):
            raise RuntimeError(f"status {status}")
        self.tunnel.patient(60)

    def live(self):
        try:
            while not self.ending.is_set():
                text = b"%d" % self.echoes
                self.tunnel.send(frame(text))
                got = read_frame(self.tunnel.read)
                if got == (TEXT, text) and self.silent:
                    self.echoes += 1
                    got = read_frame(self.tunnel.read)
                if got == GOING_AWAY:
                    return "well" if self.tunnel.read.at_end() else "octets"
                if got != (TEXT, text):
                    self.wrong.append(got)
                self.echoes += 1
                time.sleep(0.05)
            return "ours"
        except (ConnectionError, ssl.SSLError, socket.timeout) as error:
            # An end without close_notify is an SSLEOFError, or a reset.
            return "well" if str(error).startswith("ended after") \
                else repr(error)

    def finish(self):
        self.ending.set()
        self.tunnel.cut()
        self.join(60)


def work(bed, load):
    """Returns when each process was replaced."""
    replaced, gone = [], []
    names = {True: "two", False: "one"}
    second = False
    start = time.monotonic()
    for number in range(RESTARTS):
        if number in CHANGES:
            second = not second
            bed.name_certificate(bed.settings, names[second])
            status, said = bed.reload()
            if status:
                raise RuntimeError(f"the reload failed: {said}")
        began = time.monotonic()
        gone.append(hot_restart(bed, NAMES[number % 2]))
        replaced.append((began, time.monotonic()))
        load.go_on(30)
        # So that tunnels that begin anew meet a deadline, too.
        time.sleep(max(0, start + (number + 1) * PACE_S - time.monotonic()))
    return replaced, gone


def judge_tunnels(results, tunnels, replaced):
    lives = [life for one in tunnels for life in one.lives]
    lengths = []
    strays = []
    for began, ended, how in lives:
        # The process is one that was replaced after it had accepted the
        # tunnel's connection.
        good = [ended - after for before, after in replaced
                if after + HANDSHAKE_S >= began
                and before + DRAIN_S - EARLY_S <= ended
                <= after + DRAIN_S + LATE_S]
        if not good:
            strays.append((round(ended - began, 2), how))
        lengths += good[:1]
    for kind in KINDS:
        count = sum(len(one.lives) for one in tunnels if one.kind is kind)
        results.check(f"WebSockets {kind.NAME}: some met the deadline",
                      count >= 3, count)
    results.check("WebSockets: each lives until its deadline", not strays,
                  str(strays[:5]))
    bad = [how for _, _, how in lives if how != "well"]
    results.check("WebSockets: then they end well", not bad, str(bad[:5]))
    wrong = [what for one in tunnels for what in one.wrong]
    results.check("WebSockets: every message comes back", not wrong,
                  str(wrong[:5]))
    results.figure(f"WebSockets: {sum(one.echoes for one in tunnels)} "
                   f"messages, {len(lives)} tunnels ended by a deadline, "
                   f"{DRAIN_S} s after their process was replaced")


def judge_h3(results, h3):
    lines, summary = h3.finish(), h3.summary()
    # What was under way when we stopped it is no failure.
    failures = {why: count for why, count in summary["failures"].items()
                if why != "stopped"}
    broken = {why: count for why, count in reasons(lines).items()
              if why != "stopped"}
    results.figure(f"HTTP/3: {summary['requests']} requests of {H3_CLIENTS} "
                   f"clients, {summary['goaways']} GOAWAYs")
    results.check("HTTP/3: no request fails",
                  summary["requests"] > 0 and not failures, str(failures))
    results.check("HTTP/3: no connection breaks", lines and not broken,
                  str(broken))
    results.check("HTTP/3: clients went over", summary["reconnects"] > 0,
                  summary)


def mixed(results, bed):
    h3 = bed.h3load("--connections", str(H3_CLIENTS), "--hold", "600",
                    "--interval", "50", "--get", "/bytes/8000", "--get",
                    "/slow/50", "--upload", "/upload?%u=6000", "--tolerant",
                    "--timeout", "600")
    tunnels = [WebSocket(bed, kind, silent) for kind in KINDS
               for silent in (False, False, True)]
    load = Load(bed)
    load.go_on(100)
    began = time.monotonic()
    replaced, gone = work(bed, load)
    spent = time.monotonic() - began
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}/exe")
                               for pid in gone), DRAIN_S + 20,
               "the end of those that were replaced")
    load.go_on(60)
    load.finish()
    for tunnel in tunnels:
        tunnel.finish()
    h3.stop()
    results.figure(f"{RESTARTS} hot restarts and {len(CHANGES)} changes of "
                   f"the certificate in {spent:.1f} s; over TCP {load.good}")
    bad = load.take_bad()
    results.check("HTTP/1.1 and HTTP/2: no request fails", not bad,
                  f"{len(bad)}: {[one[1:] for one in bad[:5]]}")
    judge_h3(results, h3)
    judge_tunnels(results, tunnels, replaced)


def mixed_restarts(results):
    adopt_orphans()
    with MixedBed(backends=("b1",), pools=[{"name": "web"}]) as bed:
        mixed(results, bed)
        results.equal("two terminators are live", sorted(bed.live()),
                      list(NAMES))


if __name__ == "__main__":
    tap.run(mixed_restarts)
