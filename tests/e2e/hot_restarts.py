#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""50 hot restarts (SIGUSR2) of terminators under load, by h3load's lasting
connections and by a libcurl that begins new ones all the time: no request
fails, no connection breaks, every process that was replaced ends well."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import PORT, client, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import adopt_orphans, wait_until  # noqa: E402

RESTARTS = 50  # at least
FOREIGN = 25  # connections of libcurl, at least
NAMES = ("t1", "t2")
CONNECTIONS = 40
SETTINGS = {"terminator": {"drain_timeout": "100s"}}


class Curl(threading.Thread):
    """Downloads over five new connections at a time, again and again."""

    def __init__(self, bed):
        super().__init__(daemon=True)
        # Without sanitizers, which are for terminators: with them it can be so
        # late that connections were given up.
        self.command = bed.network.client.enter(
            client("curl_h3").replace("/san/", "/"), "--address", VIP[4],
            "--port", str(PORT),
            "--ca", bed.path("cert.pem"), "--octets", "20000",
            "--connections", "5")
        self.ending = threading.Event()
        self.lines = []
        self.start()

    def run(self):
        while not self.ending.is_set():
            done = subprocess.run(self.command, capture_output=True, text=True,
                                  timeout=300, check=False)
            self.lines += [json.loads(line)
                           for line in done.stdout.splitlines()]
            if done.returncode not in (0, 1):
                raise RuntimeError(done.stderr)

    def finish(self):
        self.ending.set()
        self.join(300)
        return self.lines


def pid_of(bed, name):
    row = bed.live().get(name)
    return row["pid"] if row else None


def restart(bed, name):
    """Returns the pid that is replaced, and how long until the next serves."""
    old = pid_of(bed, name)
    began = time.monotonic()
    os.kill(old, signal.SIGUSR2)
    wait_until(lambda: pid_of(bed, name) not in (None, old), 10,
               f"the next {name}")
    return old, time.monotonic() - began


def alive(pid):
    return os.path.exists(f"/proc/{pid}")


def waitpid(pid):
    try:
        return os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:  # not yet ours
        return 0, 0


def statuses(bed, pids):
    """Exit statuses of processes that were replaced, once all have ended; None
    where a predecessor that outlived it has taken the status."""
    ended = {process.pid: process for process in bed.terminators.values()}
    found = {}

    def all_ended():
        for pid in pids:
            if pid in found:
                continue
            if pid in ended:
                status = ended[pid].popen.poll()
                if status is not None:
                    found[pid] = status
            elif not alive(pid):
                found[pid] = None
            else:
                done, raw = waitpid(pid)
                if done:
                    found[pid] = os.waitstatus_to_exitcode(raw)
        return len(found) == len(pids)

    wait_until(all_ended, 20, "the replaced processes to end")
    return list(found.values())


def run(results, bed):
    load = bed.h3load("--connections", str(CONNECTIONS), "--hold", "500",
                      "--interval", "40", "--get", "/bytes/8000", "--get",
                      "/slow/50", "--upload", "/upload?%u=6000",
                      "--tolerant", "--timeout", "500")
    load.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 10,
                  "handshakes")
    curl = Curl(bed)
    began = time.monotonic()
    replaced, times = [], []
    while len(replaced) < RESTARTS or len(curl.lines) < FOREIGN:
        old, seconds = restart(bed, NAMES[len(replaced) % len(NAMES)])
        replaced.append(old)
        times.append(seconds)
        time.sleep(max(0, began + len(replaced) * 0.6 - time.monotonic()))
    spent = time.monotonic() - began
    foreign = curl.finish()
    load.hurry()
    lines, summary = load.finish(), load.summary()
    times.sort()
    results.figure(f"{len(replaced)} hot restarts in {spent:.0f} s; the next "
                   f"process served after {times[len(times) // 2] * 1000:.0f} "
                   f"ms (median), {times[-1] * 1000:.0f} ms (longest)")
    results.figure(f"h3load: {summary['requests']} requests on "
                   f"{CONNECTIONS} clients, {summary['goaways']} GOAWAYs, "
                   f"{summary['reconnects']} times gone over, slowest request "
                   f"{summary['slowest_ms']:.0f} ms")
    results.figure(f"libcurl: {len(foreign)} connections, each of one request")
    results.check("h3load: no request fails",
                  summary["requests_failed"] == 0 and summary["requests"] > 0,
                  str(summary["failures"]))
    results.check("h3load: no connection breaks",
                  len(lines) == CONNECTIONS and all(one["ok"]
                                                    for one in lines),
                  str(reasons(lines)))
    results.check("h3load: all went over at least five times",
                  min(one["reconnects"] for one in lines) >= 5,
                  str([one["reconnects"] for one in lines]))
    results.check("libcurl: no connection and no request fails",
                  len(foreign) >= FOREIGN and all(one["ok"] for one in foreign),
                  f"{len(foreign)}: {reasons(foreign)}")
    codes = statuses(bed, replaced)
    known = [code for code in codes if code is not None]
    text = "".join(process.log() for process in bed.terminators.values())
    drained, late = text.count(" drained"), text.count("the deadline: ")
    results.figure(f"{drained} processes drained, {late} ended at the deadline;"
                   f" {len(known)} exit statuses seen by us, the others by "
                   "predecessors")
    # At the deadline there may be connections that the client has closed and
    # that wait for stray packets (RFC 9000, 10.2.2).
    results.check(f"{len(replaced)} processes drained and ended with status 0",
                  drained + late == len(replaced) and drained > late and known
                  and not any(known), f"{drained} + {late}, {codes}")


def hot_restarts(results):
    adopt_orphans()
    with ConfiguredBed(settings=SETTINGS) as bed:
        run(results, bed)
        live = bed.live()
        results.equal("two terminators are live", sorted(live), list(NAMES))
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        # A living connection that met one has failed above. One that was
        # closed as it idled gets one for what its client sends over a second
        # later, when the process has ended.
        results.figure("stateless resets: "
                       f"{bed.total('stateless_resets_sent')}")


tap.run(hot_restarts)
