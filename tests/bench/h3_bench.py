#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What one terminator costs: processor time a request, a GB and a new
connection, and memory an idle connection.

The terminator has CPU 0 for itself; the load client and nginx, its backend,
share CPU 1. All are in one namespace, where lo has an MTU of 1500. Processor
time is the scheduler's account of the terminator's own threads
(/proc/PID/task/*/schedstat), memory is its PSS; the median of the runs counts.
Use it on an idle machine.
"""

import argparse
import glob
import json
import os
import resource
import statistics
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../e2e/lib"))
from bed import BACKENDS, Bed, reasons  # noqa: E402
from network import Namespace  # noqa: E402
from process import wait_until  # noqa: E402

TARGET = "127.0.0.1:4433"
TERMINATOR_CPU, OTHERS_CPU = {0}, {1}
MTU = 1500
KIB, MIB, GB = 1024, 1024 * 1024, 1e9


class OneNamespace:
    """Everything on one lo."""

    def __init__(self):
        self.server = self.client = Namespace(f"qse{os.getpid()}b")
        self.server.ip("link", "set", "lo", "mtu", str(MTU))

    def delete(self):
        self.server.delete()


class Subject:
    """The terminator under load."""

    def __init__(self, bed):
        self.bed = bed
        self.process = bed.start_terminator("t1", listen=TARGET)
        os.sched_setaffinity(self.process.pid, TERMINATOR_CPU)
        wait_until(lambda: "serving" in self.process.log(), 10,
                   "the terminator to serve")
        self.load("--get", f"/bytes/{KIB}")

    def end(self):
        self.process.end()
        del self.bed.terminators["t1"]

    def load(self, *options):
        """Runs h3load to its end; returns its summary."""
        load = self.bed.h3load("--timeout", "300", *options, target=TARGET)
        failed = reasons(load.finish(310))
        if failed:
            raise RuntimeError(f"h3load failed: {failed}")
        return load.summary()

    def cpu_ns(self):
        """Processor time that all its threads have used."""
        total = 0
        for path in glob.glob(f"/proc/{self.process.pid}/task/*/schedstat"):
            with open(path, encoding="ascii") as file:
                total += int(file.read().split()[0])
        return total

    def pss_kib(self):
        path = f"/proc/{self.process.pid}/smaps_rollup"
        with open(path, encoding="ascii") as file:
            for line in file:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
        raise RuntimeError(f"{path} has no Pss")


def cost(subject, *options):
    """Processor time of the terminator for a load, and the load's summary."""
    before = subject.cpu_ns()
    summary = subject.load(*options)
    return subject.cpu_ns() - before, summary


def request_1k(subject, size):
    """50 connections with 10 requests under way each."""
    streams = ["--get", f"/bytes/{KIB}"] * 10
    ns, summary = cost(subject, "--connections", "50", "--continuous",
                       "--rounds", str(size), *streams)
    rate = summary["requests"] / summary["seconds"]
    return ns / summary["requests"] / 1000, f"{rate:.0f} requests/s"


def bulk(subject, octets, connections, rounds):
    ns, summary = cost(subject, "--connections", str(connections), "--rounds",
                       str(rounds), "--get", f"/bytes/{octets}")
    rate = summary["received"] / summary["seconds"] / 1e6
    return ns / 1e9 / (summary["received"] / GB), f"{rate:.0f} MB/s"


def bulk_1m(subject, size):
    return bulk(subject, MIB, 10, size)


def bulk_10m(subject, size):
    return bulk(subject, 10 * MIB, 4, size)


def handshake(subject, size):
    """Whole handshakes with a P-256 certificate, one request each."""
    ns, summary = cost(subject, "--connections", str(size), "--rate", "500",
                       "--get", f"/bytes/{KIB}")
    rate = summary["ok"] / summary["seconds"]
    return ns / summary["ok"] / 1000, f"{rate:.0f} connections/s"


def idle(subject, size):
    """Connections that have made one request and stay."""
    before = subject.pss_kib()
    load = subject.bed.h3load(
        "--connections", str(size), "--rate", "500", "--idle-timeout",
        "600000", "--hold", "600", "--interval", "600000", "--timeout", "600",
        "--get", f"/bytes/{KIB}", target=TARGET)
    load.wait_for(lambda seen: seen["open"] == seen["handshakes"] == size,
                  120, f"{size} connections")
    time.sleep(3)  # until handshake keys are dropped
    growth = subject.pss_kib() - before
    load.stop()
    load.finish(60)
    return growth / size, f"{growth} KiB for {size} connections"


# name: (unit, mark and best peer as issue 5 has them, function, its size,
# with --fast, the runs of each)
FIGURES = {
    "request_1k_us": ("us a request", 22, "31.7 HAProxy",
                      request_1k, 120, 40, 5, 2),
    "bulk_1m_s_per_gb": ("s a GB", 1.2, "1.62 nginx", bulk_1m, 100, 20, 5, 2),
    "bulk_10m_s_per_gb": ("s a GB", 1.2, "2.10 nginx", bulk_10m, 40, 4, 5, 2),
    "handshake_us": ("us a connection", 480, "587 nghttpx",
                     handshake, 2500, 1000, 5, 2),
    "idle_conn_kib": ("KiB a connection", 30, "42 HAProxy",
                      idle, 9900, 500, 1, 1),
}


def measure(bed, name, fast):
    unit, mark, peer, function, size, fast_size, runs, fast_runs = FIGURES[
        name]
    values = []
    subject = Subject(bed)
    try:
        for _ in range(fast_runs if fast else runs):
            value, note = function(subject, fast_size if fast else size)
            values.append(value)
    finally:
        subject.end()
    value = statistics.median(values)
    print(f"{name:18} {value:8.2f} {unit:17} {mark:6} {peer:13} "
          f"{min(values):8.2f} to {max(values):.2f}, {note}", flush=True)
    return {"name": name, "value": round(value, 3), "unit": unit}


def allow_many_files():
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--fast", action="store_true",
                        help="fewer and shorter runs: less exact")
    parser.add_argument("-o", dest="output", help="write JSON to this file")
    parser.add_argument("figures", nargs="*", metavar="FIGURE",
                        help=f"of {', '.join(FIGURES)} (default: all)")
    arguments = parser.parse_args()
    unknown = set(arguments.figures) - set(FIGURES)
    if unknown:
        parser.error(f"no such figure: {', '.join(sorted(unknown))}")
    if len(os.sched_getaffinity(0)) < 2:
        parser.error("two processors are needed: CPU 0 and CPU 1")
    allow_many_files()
    os.sched_setaffinity(0, OTHERS_CPU)
    print(f"{'figure':18} {'median':>8} {'unit':17} {'mark':>6} "
          f"{'best peer':13}      runs", flush=True)
    with Bed(octets=[KIB, MIB, 10 * MIB], loader=False, network=OneNamespace,
             options=["--idle-timeout", "600"]) as bed:
        bed.backend_options = lambda: ["--backend", f"http://{BACKENDS[1]}"]
        rows = [measure(bed, name, arguments.fast)
                for name in arguments.figures or FIGURES]
    if arguments.output:
        with open(arguments.output, "w", encoding="ascii") as file:
            json.dump(rows, file, indent=1)
            file.write("\n")


main()
