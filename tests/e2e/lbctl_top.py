#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lbctl top: its rates against the counters, plain text in a pipe, at most 80
columns, and a terminal that is drawn on, resized and given back."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402

ENTER, LEAVE = b"\033[?1049h\033[?25l", b"\033[?25h\033[?1049l"


def command(bed, *words):
    return [program("lbctl"), "top", *words, "--pin-dir", bed.pin_dir]


def output(bed, *words):
    return subprocess.run(command(bed, *words), capture_output=True, text=True,
                          timeout=30, check=True).stdout


class Terminal:
    """lbctl top on a terminal of its own."""

    def __init__(self, bed, rows=24, columns=80):
        self.ours, self.its = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.its)
        self.shown = b""
        self.popen = subprocess.Popen(
            command(bed, "--interval", "200ms"), stdin=self.its,
            stdout=self.its, stderr=self.its, start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))

    def resize(self, rows, columns):
        fcntl.ioctl(self.its, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def read(self, seconds):
        """What it writes in so long a time."""
        new, end = b"", time.monotonic() + seconds
        while time.monotonic() < end:
            if select.select([self.ours], [], [], 0.05)[0]:
                new += os.read(self.ours, 65536)
        self.shown += new
        return new

    def key(self, key):
        os.write(self.ours, key)

    def raw(self):
        return not termios.tcgetattr(self.its)[3] & termios.ICANON

    def end(self):
        """Its exit status. Checks that the terminal is as it was."""
        status = self.popen.wait(5)
        self.read(0.2)
        return status, (self.shown.endswith(LEAVE)
                        and termios.tcgetattr(self.its) == self.before)

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        os.close(self.ours)
        os.close(self.its)


def frames(shown):
    """The pages that were drawn, as lists of lines without escape codes."""
    pages = shown.replace(b"\033[K", b"").replace(b"\033[J", b"")
    return [page.decode().split("\r\n") for page in pages.split(b"\033[H")[1:]]


def rates(results, bed):
    """Over 2 s, against the terminators' own counters."""
    first = sum(row["counters"]["requests"] for row in bed.slots())
    began = time.monotonic()
    line = output(bed, "--json", "--count", "1", "--interval", "2s")
    passed = time.monotonic() - began
    last = sum(row["counters"]["requests"] for row in bed.slots())
    seen = json.loads(line)
    rate = sum(row["requests_per_s"] for row in seen["terminators"])
    wanted = (last - first) / passed
    results.figure(f"requests a second: top {rate:.0f}, counters {wanted:.0f}")
    results.check("requests a second are what was counted",
                  wanted > 50 and abs(rate - wanted) < 0.25 * wanted,
                  f"{rate} {wanted}")
    pool = seen["pools"][0]
    rate_of_backends = sum(row["requests_per_s"] for row in pool["backends"])
    results.check("those of the backends agree",
                  abs(rate_of_backends - rate) < 0.25 * rate
                  and abs(pool["responses_per_s"] - rate) < 0.25 * rate, pool)
    results.check("response times are of these seconds",
                  pool["p50_us"] and pool["p50_us"] <= pool["p99_us"]
                  and all(row["p50_us"] for row in pool["backends"]), pool)
    results.equal("connections are counted",
                  sum(row["connections"] for row in seen["terminators"]), 20)


def drops(results, bed):
    before = output(bed, "--json", "--count", "1", "--interval", "200ms")
    results.equal("nothing is dropped", json.loads(before)["drops_per_s"], {})
    running = subprocess.Popen(command(bed, "--count", "1", "--interval", "2s"),
                               stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)

    def send():
        import socket
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            host, port = bed.target().split(":")
            for _ in range(40):  # Version Negotiation, from a client
                udp.sendto(b"\x80" + bytes(4) + bytes(60), (host, int(port)))

    bed.network.client.call(send)
    said, _ = running.communicate(timeout=10)
    line = [one for one in said.splitlines() if "drop_version_zero" in one]
    results.check("what is dropped is told by reason",
                  "Dropped" in said and len(line) == 1
                  and 15 <= float(line[0].split()[1].rstrip("/s")) <= 21,
                  said)


def pipe(results, bed):
    said = output(bed, "--count", "2", "--interval", "300ms")
    results.check("a pipe gets plain text", "\033" not in said
                  and "\r" not in said and said.count("TERMINATOR") == 2
                  and said.count("POOL, BACKEND") == 2
                  and said.isascii(), said)
    widest = max(map(len, said.splitlines()))
    results.figure(f"widest line of lbctl top: {widest} characters")
    results.check("in at most 80 columns", widest <= 80, said)
    lines = output(bed, "--count", "3", "--interval", "100ms",
                   "--json").splitlines()
    results.check("--json gives an object a line",
                  len(lines) == 3 and all(json.loads(one) for one in lines))


def terminal(results, bed):
    screen = Terminal(bed)
    try:
        screen.read(1.5)
        pages = frames(screen.shown)
        results.check("a terminal is drawn on, several times",
                      screen.shown.startswith(ENTER) and len(pages) > 3
                      and any("TERMINATOR" in one for one in pages[-1]),
                      screen.shown[-400:])
        results.check("line by line in its width and height",
                      all(len(page) <= 24 and max(map(len, page)) <= 80
                          for page in pages), pages[-1])
        results.check("keys come at once", screen.raw())
        screen.resize(6, 40)
        os.kill(screen.popen.pid, signal.SIGWINCH)
        screen.read(0.5)
        page = frames(screen.shown)[-1]
        results.check("a smaller one is kept to", len(page) <= 6
                      and max(map(len, page)) <= 40, page)
        screen.key(b"x")
        screen.read(0.3)
        results.check("other keys do nothing", screen.popen.poll() is None)
        screen.key(b"q")
        results.equal("q ends it and gives the terminal back", screen.end(),
                      (0, True))
    finally:
        screen.close()
    screen = Terminal(bed)
    try:
        screen.read(0.6)
        screen.key(b"\003")
        results.equal("Ctrl-C too", screen.end(), (0, True))
    finally:
        screen.close()


def lbctl_top(results):
    with ConfiguredBed() as bed:
        load = bed.h3load("--connections", "20", "--hold", "15", "--interval",
                          "100", "--get", "/bytes/2000")
        load.wait_for(lambda seen: seen["handshakes"] == 20, 10, "handshakes")
        for part in (rates, pipe, terminal, drops):
            part(results, bed)
        load.stop()
        failed = reasons(load.finish())
        results.equal("the load was not disturbed", set(failed), {"stopped"})


tap.run(lbctl_top)
