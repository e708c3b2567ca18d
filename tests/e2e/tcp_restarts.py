#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/1.1 and HTTP/2 over TCP while terminators are replaced hot, drained,
killed, and the loader is restarted and killed: no connection is ever refused,
and where nobody is killed no request fails."""

import http.client
import os
import signal
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import adopt_orphans, wait_until  # noqa: E402

RESTARTS = 20
NAMES = ("t1", "t2")
SETTINGS = {"terminator": {"drain_timeout": "60s"}}
OCTETS = 3000


class Load:
    """Requests all the time: new connections of HTTP/1.1 (two threads), lasting
    ones of HTTP/1.1 that keep to Connection: close (two), and curl with
    HTTP/2, several requests a connection (one)."""

    def __init__(self, bed):
        self.bed = bed
        self.context = ssl.create_default_context(cafile=bed.path("cert.pem"))
        self.ending = threading.Event()
        self.good = {"new": 0, "lasting": 0, "h2": 0}
        self.bad = []  # (when, kind, what)
        work = [self._new, self._new, self._lasting, self._lasting, self._h2]
        self.threads = [threading.Thread(
            target=lambda job=job: bed.network.client.call(job), daemon=True)
            for job in work]
        for thread in self.threads:
            thread.start()

    def _connection(self):
        return http.client.HTTPSConnection(VIP[4], PORT, timeout=60,
                                           context=self.context)

    def _ask(self, connection, kind):
        """Returns whether the connection can go on."""
        try:
            connection.request("GET", f"/bytes/{OCTETS}")
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != 200 or len(body) != OCTETS:
                raise RuntimeError(f"{answer.status}, {len(body)} octets")
            self.good[kind] += 1
            return not answer.will_close
        except (OSError, RuntimeError, http.client.HTTPException) as error:
            self.bad.append((time.monotonic(), kind,
                             f"{type(error).__name__}: {error}"))
            return False

    def _new(self):
        while not self.ending.is_set():
            connection = self._connection()
            self._ask(connection, "new")
            connection.close()
            time.sleep(0.005)

    def _lasting(self):
        while not self.ending.is_set():
            connection = self._connection()
            while self._ask(connection, "lasting") and \
                    not self.ending.is_set():
                time.sleep(0.02)
            connection.close()

    def _h2(self):
        url = f"https://{VIP[4]}:{PORT}/bytes/{OCTETS}?[1-40]"
        while not self.ending.is_set():
            done = subprocess.run(
                ["curl", "-sS", "--http2", "-Z", "--parallel-max", "4", "-m",
                 "120", "--cacert", self.bed.path("cert.pem"), "-o",
                 "/dev/null", "-w", "%{http_code} %{size_download} %{errormsg}\n", url],
                capture_output=True, text=True, timeout=150, check=False)
            for line in done.stdout.splitlines():
                if line.startswith(f"200 {OCTETS} "):
                    self.good["h2"] += 1
                else:
                    self.bad.append((time.monotonic(), "h2", line))

    def count(self):
        return sum(self.good.values())

    def go_on(self, requests=300):
        """Waits until so many more have been answered."""
        until = self.count() + requests
        wait_until(lambda: self.count() >= until, 20, f"{requests} requests")

    def finish(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(200)

    def take_bad(self):
        bad, self.bad = self.bad, []
        return bad


def pid_of(bed, name):
    row = bed.live().get(name)
    return row["pid"] if row else None


def hot_restart(bed, name):
    old = pid_of(bed, name)
    os.kill(old, signal.SIGUSR2)
    wait_until(lambda: pid_of(bed, name) not in (None, old), 10,
               f"the next {name}")
    return old


def judge_whole(results, load, what):
    """Nothing may have failed."""
    bad = load.take_bad()
    results.check(f"{what}: no request fails", not bad,
                  f"{len(bad)}: {[one[1:] for one in bad[:5]]}")


def judge_killed(results, load, what, most):
    """What was under way in the one that was killed fails; nothing is
    refused, and soon nothing fails any more."""
    bad = load.take_bad()
    refused = [one for one in bad if "refused" in one[2].lower()
               or "7 " == one[2][:2]]
    results.check(f"{what}: no connection is refused", not refused,
                  str(refused[:3]))
    results.check(f"{what}: only what was under way fails", len(bad) <= most,
                  f"{len(bad)}: {[one[1:] for one in bad[:8]]}")
    results.figure(f"{what}: {len(bad)} requests under way failed")


def restarts(results, bed, load):
    began = time.monotonic()
    gone = []
    for number in range(RESTARTS):
        gone.append(hot_restart(bed, NAMES[number % 2]))
        load.go_on(60)
    seconds = time.monotonic() - began
    judge_whole(results, load, f"{RESTARTS} hot restarts")
    results.figure(f"{RESTARTS} hot restarts in {seconds:.1f} s: {load.good}")
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}/exe")
                               for pid in gone), 20,
               "the replaced processes' end")


def drains(results, bed, load):
    subprocess.run([bed_lbctl(), "drain", "t1", "--pin-dir", bed.pin_dir],
                   check=True, capture_output=True)

    def accepted():
        counters = bed.live()["t1"]["counters"]
        return counters["connections_h1"] + counters["connections_h2"]

    def accepts():
        """... while others are served."""
        before = accepted()
        load.go_on(100)
        return accepted() > before
    wait_until(lambda: not accepts(), 5, "t1 to follow")
    before = accepted()
    load.go_on(300)
    results.equal("one that drains accepts nothing", accepted(), before)
    subprocess.run([bed_lbctl(), "undrain", "t1", "--pin-dir", bed.pin_dir],
                   check=True, capture_output=True)
    wait_until(lambda: accepted() > before, 5, "t1 to accept again")
    judge_whole(results, load, "drain and undrain")


def bed_lbctl():
    from bed import program  # after the path is set
    return program("lbctl")


def loader_again(results, bed, load, number, what):
    bed.loader.end(number)
    load.go_on(100)
    bed.start_loader()
    wait_until(lambda: len(bed.live()) == 2, 10, "terminators to resume")
    load.go_on(100)
    judge_whole(results, load, what)


def kills(results, bed, load):
    for name in NAMES:
        os.kill(pid_of(bed, name), signal.SIGKILL)
        wait_until(lambda name=name: name not in bed.live(), 5, "its end")
        load.go_on(100)
        judge_killed(results, load, f"kill -9 of {name}", 20)
        bed.terminators.pop(name).end(signal.SIGKILL)
        bed.start_terminator(name)
        wait_until(lambda: len(bed.live()) == 2, 10, f"the next {name}")
    # All at once: connections wait in the queue for the next ones.
    for name in NAMES:
        bed.terminators.pop(name).end(signal.SIGKILL)
    time.sleep(0.5)
    for name in NAMES:
        bed.start_terminator(name)
    wait_until(lambda: len(bed.live()) == 2, 10, "the next ones")
    load.go_on(100)
    judge_killed(results, load, "kill -9 of all terminators", 40)


def tcp_restarts(results):
    adopt_orphans()
    with ConfiguredBed(settings=SETTINGS, terminators=2) as bed:
        load = Load(bed)
        load.go_on()
        drains(results, bed, load)
        loader_again(results, bed, load, signal.SIGTERM, "the loader restarts")
        loader_again(results, bed, load, signal.SIGKILL, "kill -9 of the "
                     "loader")
        kills(results, bed, load)
        restarts(results, bed, load)
        # The loader that took the sockets back still has them to give.
        loader_again(results, bed, load, signal.SIGKILL, "kill -9 of the "
                     "loader after all that")
        load.finish()
        judge_whole(results, load, "the end")


if __name__ == "__main__":
    tap.run(tcp_restarts)
