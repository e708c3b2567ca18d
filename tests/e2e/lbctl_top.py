#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lbctl top: its rates against the counters, plain text in a pipe, at most 80
columns, and a terminal that is drawn on, resized and given back."""

import fcntl
import itertools
import json
import os
import pty
import select
import signal
import socket
import struct
import subprocess
import sys
import termios

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

ROUNDS = 20
ENTER, LEAVE = b"\033[?1049h\033[?25l", b"\033[?25h\033[?1049l"


def command(bed, *words):
    return [program("lbctl"), "top", *words, "--pin-dir", bed.pin_dir]


def output(bed, *words):
    return subprocess.run(command(bed, *words), capture_output=True, text=True,
                          timeout=120, check=True).stdout


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

    def read(self):
        """Takes in what it has written."""
        while select.select([self.ours], [], [], 0.05)[0]:
            self.shown += os.read(self.ours, 65536)

    def pages(self):
        """Those that are drawn whole, the last of which another follows."""
        self.read()
        return frames(self.shown)[:-1]

    def wait_for(self, condition, what):
        """Waits until condition(pages) holds; returns the pages."""
        def check():
            pages = self.pages()
            return pages if condition(pages) else None
        return wait_until(check, 10, what)

    def key(self, key):
        os.write(self.ours, key)

    def raw(self):
        return not termios.tcgetattr(self.its)[3] & termios.ICANON

    def end(self):
        """Its exit status. Checks that the terminal is as it was."""
        status = self.popen.wait(60)
        self.read()
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


class Following:
    """lbctl top --json beside what goes on, from before it to behind it."""

    def __init__(self, bed):
        self.popen = subprocess.Popen(
            command(bed, "--json", "--interval", "300ms"), text=True,
            stdout=subprocess.PIPE)
        self.rows = []
        self.next()

    def next(self):
        self.rows.append(json.loads(self.popen.stdout.readline()))

    def total(self, rate):
        """How many there were by rate(row), which is by the second."""
        return round(sum(row["seconds"] * rate(row) for row in self.rows))

    def until(self, rate, count):
        """Waits until there were so many; returns how many there were."""
        end = len(self.rows) + 200
        while self.total(rate) < count and len(self.rows) < end:
            self.next()
        return self.total(rate)

    def close(self):
        self.popen.kill()
        self.popen.wait()
        self.popen.stdout.close()


def requests(row):
    return sum(one["requests_per_s"] for one in row["terminators"])


def responses(row):
    return row["pools"][0]["responses_per_s"]


def of_backends(row):
    return sum(one["requests_per_s"] for one in row["pools"][0]["backends"])


def rates(results, bed):
    """Of requests whose number is known."""
    top = Following(bed)
    try:
        lines = bed.h3load("--connections", "10", "--rounds", str(ROUNDS),
                           "--get", "/bytes/2000").finish()
        results.check("requests to be counted succeed", not reasons(lines),
                      str(reasons(lines)))
        for what, rate in (("requests", requests), ("responses", responses),
                           ("requests of the backends", of_backends)):
            results.equal(f"{what}: the rates are those of what there was",
                          top.until(rate, 10 * ROUNDS), 10 * ROUNDS)
    finally:
        top.close()


def response_times(results, bed):
    line = output(bed, "--json", "--count", "1", "--interval", "2s")
    seen = json.loads(line)
    pool = seen["pools"][0]
    results.check("response times are of these seconds",
                  pool["p50_us"] and pool["p50_us"] <= pool["p99_us"]
                  and all(row["p50_us"] for row in pool["backends"]), pool)
    results.equal("connections are counted",
                  sum(row["connections"] for row in seen["terminators"]), 20)


def send_bad():
    """40 Version Negotiations, which no client may send."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for _ in range(40):
            udp.sendto(b"\x80" + bytes(4) + bytes(60), (VIP[4], PORT))


def drops(results, bed):
    def dropped(row):
        return row["drops_per_s"].get("drop_version_zero", 0)

    top = Following(bed)
    words = subprocess.Popen(command(bed, "--interval", "300ms"), text=True,
                             stdout=subprocess.PIPE)
    try:
        words.stdout.readline()
        results.equal("nothing is dropped", top.rows[-1]["drops_per_s"], {})
        bed.network.client.call(send_bad)
        results.equal("what is dropped is told by reason",
                      top.until(dropped, 40), 40)
        said = list(itertools.takewhile(
            lambda line: not line.startswith("drop_version_zero "),
            itertools.islice(words.stdout, 5000)))
        results.check("also in words", said[-1] == "Dropped\n", said[-20:])
    finally:
        top.close()
        words.kill()
        words.wait()
        words.stdout.close()


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


def is_small(page):
    return len(page) <= 6 and max(map(len, page)) <= 40


def terminal(results, bed):
    screen = Terminal(bed)
    try:
        pages = screen.wait_for(lambda pages: len(pages) > 3, "pages")
        results.check("a terminal is drawn on, several times",
                      screen.shown.startswith(ENTER)
                      and any("TERMINATOR" in one for one in pages[-1]),
                      screen.shown[-400:])
        results.check("line by line in its width and height",
                      all(len(page) <= 24 and max(map(len, page)) <= 80
                          for page in pages), pages[-1])
        results.check("keys come at once", screen.raw())
        screen.resize(6, 40)
        os.kill(screen.popen.pid, signal.SIGWINCH)
        screen.wait_for(lambda pages: is_small(pages[-1]), "a small page")
        drawn = len(screen.pages())
        screen.key(b"x")
        pages = screen.wait_for(lambda pages: len(pages) > drawn + 1, "pages")
        results.check("a smaller one is kept to",
                      all(map(is_small, pages[drawn:])), pages[drawn:])
        results.check("other keys do nothing", screen.popen.poll() is None)
        screen.key(b"q")
        results.equal("q ends it and gives the terminal back", screen.end(),
                      (0, True))
    finally:
        screen.close()
    screen = Terminal(bed)
    try:
        screen.wait_for(bool, "a page")
        screen.key(b"\003")
        results.equal("Ctrl-C too", screen.end(), (0, True))
    finally:
        screen.close()


def lbctl_top(results):
    with ConfiguredBed() as bed:
        rates(results, bed)
        load = bed.h3load("--connections", "20", "--hold", "250", "--interval",
                          "100", "--get", "/bytes/2000")
        load.wait_for(lambda seen: seen["handshakes"] == 20, 10, "handshakes")
        for part in (response_times, pipe, terminal, drops):
            part(results, bed)
        load.stop()
        failed = reasons(load.finish())
        results.equal("the load was not disturbed", set(failed), {"stopped"})


tap.run(lbctl_top)
