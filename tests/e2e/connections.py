#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""500 connections of three implementations over IPv4 and IPv6: all are
served, each by one terminator, and none is ever delivered to another."""

import concurrent.futures
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import (Bed, PORT, by_terminator, client, reasons, tool,  # noqa: E402
                 tool_environment)
from network import VIP  # noqa: E402

OCTETS = 40000
H3LOAD, CURL, GTLS = 200, 25, 25  # connections of each address family
# So many at once: one thread must have done all of their handshakes before the
# terminators' handshake_timeout, on a busy machine, too.
AT_ONCE = 5


def curl(bed, family):
    """libcurl on GnuTLS: lines like those of h3load, or None without HTTP/3."""
    address = VIP[4] if family == 4 else f"[{VIP[6]}]"
    lines = []
    for _ in range(CURL // AT_ONCE):
        done = subprocess.run(
            bed.network.client.enter(
                client("curl_h3"), "--address", address, "--port", str(PORT),
                "--ca", bed.path("cert.pem"), "--octets", str(OCTETS),
                "--connections", str(AT_ONCE)),
            env=tool_environment(), capture_output=True, text=True,
            timeout=120, check=False)
        if done.returncode == 77:
            return None
        lines += [json.loads(line) for line in done.stdout.splitlines()]
    return lines


def gtls(bed, family, number):
    """One connection of ngtcp2's example client on GnuTLS."""
    directory = bed.path(f"gtls{family}-{number}")
    os.mkdir(directory)
    done = subprocess.run(
        bed.network.client.enter(
            tool("gtlsclient"), "--no-quic-dump", "--no-http-dump",
            "--exit-on-all-streams-close", "--download", directory,
            VIP[family], str(PORT), f"https://localhost/bytes/{OCTETS}"),
        env=tool_environment(), capture_output=True, text=True, timeout=120,
        check=False)
    log = done.stdout + done.stderr
    via = re.search(r"\[via: [^ ]+ ([a-z0-9-]+)\]", log)
    status = re.search(r"\[:status: (\d+)\]", log)
    path = os.path.join(directory, str(OCTETS))
    good = status and status[1] == "200" and os.path.exists(path)
    if good:
        with open(path, "rb") as file:
            good = file.read() == bed.pattern(OCTETS)
    return {"ok": bool(good), "terminator": via[1] if via else "",
            "failed": None if good else
            (log.splitlines() or ["no output"])[-1]}


def gtls_many(bed, family):
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda number: gtls(bed, family, number),
                             range(GTLS)))


def judge(results, name, connections, wanted):
    good = sum(one["ok"] for one in connections)
    results.check(f"{name}: {wanted} connections are served",
                  good == wanted and len(connections) == wanted,
                  f"{good} of {len(connections)}: {reasons(connections)}")


def connections(results):
    with Bed(octets=[OCTETS]) as bed:
        loads = [bed.h3load("--connections", str(H3LOAD), "--rate", "100",
                            "--rounds", "4", "--interval", "500", "--get",
                            f"/bytes/{OCTETS}", "--upload", "/upload?%u=20000",
                            family=family)
                 for family in (4, 6)]
        every = []
        for family in (4, 6):
            for name, lines, wanted in (
                    ("libcurl", curl(bed, family), CURL),
                    ("gtlsclient", gtls_many(bed, family), GTLS)):
                label = f"{name}, IPv{family}"
                if lines is None:
                    results.skip(label, "this libcurl has no HTTP/3")
                    continue
                judge(results, label, lines, wanted)
                every += lines
        for family, load in zip((4, 6), loads):
            lines = load.finish()
            judge(results, f"h3load, IPv{family}", lines, H3LOAD)
            every += lines
        check_counters(results, bed, every)


def check_counters(results, bed, every):
    mode = bed.lbctl("status")["attached"]["mode"]
    results.check("XDP runs in native mode", mode.startswith("native"), mode)
    results.check("terminators have no privilege",
                  all(row["uid"] != 0 for row in bed.slots()), "uid 0")
    shares = by_terminator(every)
    verdicts, deliveries = bed.verdicts(), bed.deliveries()
    accepted = bed.total("connections_accepted")
    results.figure(f"{len(every)} connections, by terminator: {shares}")
    results.figure("packets steered by CID: "
                   f"{verdicts['route_short'] + verdicts['route_long']}, "
                   f"by hash: {verdicts['hash_initial']}")
    results.equal("terminators saw as many connections as there were",
                  accepted, len(every))
    results.check("each of three terminators got a fair share",
                  len(shares) == 3 and min(shares.values()) > len(every) / 5,
                  str(shares))
    results.equal("deliveries to a wrong terminator",
                  bed.total("wrong_delivery"), 0)
    results.equal("stateless resets", bed.total("stateless_resets_sent"), 0)
    for name in ("no_socket", "refused", "undecided"):
        results.equal(f"packets that tc dropped: {name}", deliveries[name], 0)
    drops = {name: count for name, count in verdicts.items()
             if name.startswith("drop_") and count}
    results.equal("packets that XDP dropped", drops, {})
    results.equal("uploads that nginx stored wrong", bed.wrong_uploads(20000),
                  [])


tap.run(connections)
