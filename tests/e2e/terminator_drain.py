#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Drains of a terminator: by the operator's wish, with and without a deadline,
taken back, and by SIGTERM. Requests that were begun are finished, idle
connections are closed without error, and each end is counted with its reason.
Meanwhile the open connections are listed."""

import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import by_terminator, program, reasons, tool  # noqa: E402
from bed import tool_environment  # noqa: E402
from configured import ConfiguredBed, PATIENT_HEALTHD  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

NAME, OTHER = "t1", "t2"
IDLE = 3  # clients that never leave
DRAIN_S = 300  # that a terminator would wait for its last connection


def row(bed, name=NAME):
    return bed.live()[name]


def started(bed, *options, count=40):
    load = bed.h3load("--connections", str(count), *options)
    load.wait_for(lambda seen: seen["handshakes"] == count, 10, "handshakes")
    return load


def connections(bed):
    """What lbctl lists, by terminator."""
    done = subprocess.run(
        [program("lbctl"), "connections", "--json", "--control", bed.control,
         "--pin-dir", bed.pin_dir], capture_output=True, text=True,
        timeout=120, check=True)
    found = {}
    for one in json.loads(done.stdout)["connections"]:
        found.setdefault(one["terminator"], []).append(one)
    return found


def leads_to(bed, cid):
    """The terminator that a CID names; none for a client's first choice."""
    done = subprocess.run(
        [program("lbctl"), "cid", "decode", cid, "--json", "--pin-dir",
         bed.pin_dir], capture_output=True, text=True, timeout=20, check=False)
    if done.returncode:
        return None
    return json.loads(done.stdout)["terminator"]


def unlikely(listed):
    """Connections whose figures cannot be those of several requests."""
    return [one for name in listed for one in listed[name]
            if not one["peer"].startswith("10.77.") or one["age_s"] < 0.5
            or one["bytes_received"] < 1200 or one["bytes_sent"] < 5000
            or not 0 < one["rtt_ms"] < 5000 or not one["cids"]
            or one["state"] != "open" or one["version"] != 1]


def list_them(results, bed):
    load = started(bed, "--hold", "300", "--interval", "100", "--get",
                   "/bytes/1000", count=300)
    wait_until(lambda: not unlikely(connections(bed)), 10,
               "each connection to have had some requests")
    listed = connections(bed)
    open_now = {name: row(bed, name)["counters"]["connections_open"]
                for name in (NAME, OTHER)}
    results.equal("every open connection is listed once",
                  {name: len(listed.get(name, [])) for name in open_now},
                  open_now)
    every = [one for name in listed for one in listed[name]]
    results.check("peers are all different",
                  len({one["peer"] for one in every}) == 300, str(every[:2]))
    wrong = unlikely(listed)
    results.check("with figures that can be", not wrong, str(wrong[:2]))
    led = [leads_to(bed, cid) for cid in listed[NAME][0]["cids"]]
    results.check("and CIDs that lead to their terminator",
                  NAME in led and OTHER not in led, str(led))
    load.hurry()
    lines = load.finish()
    results.check("nobody notices", all(one["ok"] for one in lines),
                  str(reasons(lines)))


def served(bed):
    """Twenty new connections by terminator."""
    return by_terminator(bed.h3load("--connections", "20", "--get",
                                    "/bytes/100").finish())


def wish(results, bed):
    before = row(bed)
    load = started(bed, "--hold", "300", "--interval", "50", "--get",
                   "/bytes/5000")
    led = row(bed)["counters"]["connections_open"]
    bed.ctl("drain", NAME, "--no-wait")
    wait_until(lambda: row(bed)["counters"]["connections_open"] == 0, 10,
               "the last connection's end")
    results.equal("the drained process stays", row(bed)["pid"], before["pid"])
    accepted = row(bed)["counters"]["connections_accepted"]
    new = bed.h3load("--connections", "40", "--get", "/bytes/100").finish()
    results.equal("all new connections go to the other", by_terminator(new),
                  {OTHER: 40})
    bed.ctl("undrain", NAME)
    wait_until(lambda: NAME in served(bed), 5,
               f"{NAME} to get connections again")
    held = started(bed, "--hold", "300", "--interval", "100", "--get",
                   "/bytes/100", count=100)
    held.wait_for(lambda seen: seen["requests"] >= 1000, 10, "requests")
    held.hurry()
    new = held.finish()
    results.check("taken back, it gets its share, and they stay",
                  by_terminator(new).get(NAME, 0) > 10
                  and all(one["ok"] for one in new),
                  f"{by_terminator(new)} {reasons(new)}")
    results.check("the process accepted them itself",
                  row(bed)["counters"]["connections_accepted"]
                  > accepted + 10, str(accepted))
    load.hurry()
    lines = load.finish()
    results.check("no request of the drained clients failed",
                  load.summary()["requests_failed"] == 0
                  and load.summary()["goaways"] >= led > 0
                  and all(one["ok"] for one in lines),
                  f"{reasons(lines)} {load.summary()}")


def deadline(results, bed):
    """Downloads that take longer than the operator waits are closed; those of
    the other terminator go on. Returns how many were closed."""
    load = started(bed, "--pace", "20000", "--get", "/bytes/8000000")
    begun = time.monotonic()
    done = subprocess.run(
        [program("lbctl"), "drain", NAME, "--deadline", "2s", "--pin-dir",
         bed.pin_dir], capture_output=True, text=True, timeout=120,
        check=False)
    took = time.monotonic() - begun
    wait_until(lambda: row(bed)["counters"]["connections_open"] == 0, 5,
               "the end of all")
    still = load.progress()["open"]
    load.hurry()
    lines = load.finish()
    failed = {one["terminator"] for one in lines if not one["ok"]}
    results.check("the deadline closes what is left, not before",
                  took > 1.9 and failed == {NAME}
                  and still == sum(one["ok"] for one in lines),
                  f"{took:.1f} s, lbctl {done.returncode}, {failed}, {still} "
                  f"went on: {reasons(lines)}")
    bed.ctl("undrain", NAME)
    return len(lines) - still


def idle_client(bed):
    """gtlsclient asks once and then keeps its connection, whatever GOAWAY
    says."""
    return subprocess.Popen(
        bed.network.client.enter(
            tool("gtlsclient"), "--quiet", "--no-quic-dump",
            "--no-http-dump", "--timeout=300s", VIP[4], "443",
            "https://localhost/bytes/100"),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, env=tool_environment())


def sigterm(results, bed):
    """One terminator is left, so that all is on it."""
    bed.ctl("drain", OTHER, "--no-wait")
    wait_until(lambda: served(bed) == {NAME: 20}, 5, "all to go to one")
    idle = [idle_client(bed) for _ in range(IDLE)]
    wait_until(lambda: row(bed)["counters"]["connections_open"] == IDLE, 10,
               "idle clients")
    load = started(bed, "--pace", "30000", "--get", "/bytes/8000000", count=20)
    process, before = bed.terminators[NAME], row(bed)
    process.send(signal.SIGTERM)
    wait_until(lambda: here(bed, before)["counters"]["connections_open"]
               <= 20, 5, "the end of idle connections")
    seen = load.progress()
    results.check("idle connections are closed while others go on",
                  seen["open"] == seen["downloads"] == 20, str(seen))
    for one in idle:
        one.kill()
        one.wait()
    load.hurry()
    lines = load.finish()
    ended = time.monotonic()
    results.check("downloads that were under way finish", len(lines) == 20 and
                  all(one["ok"] for one in lines), str(reasons(lines)))
    results.equal("the process ends by itself", process.popen.wait(60), 0)
    late = time.monotonic() - ended
    results.check("and soon after its last connection", late < DRAIN_S / 3,
                  f"{late:.1f} s later")
    bed.ctl("undrain", OTHER)
    bed.start_terminator(NAME)
    wait_until(lambda: NAME in bed.live(), 10, NAME)


def here(bed, before):
    """The row of a process, live or not."""
    return [one for one in bed.slots() if one["pid"] == before["pid"]][0]


def total(series, name):
    return sum(value for key, value in series.items()
               if key.startswith(f"quicsteer_terminator_{name}{{"))


def ends(series):
    """How many connections have ended, by reason."""
    seen = {}
    for key, value in series.items():
        if key.startswith("quicsteer_terminator_connections_closed_total{") \
                and value:
            reason = key.split('reason="')[1].split('"')[0]
            seen[reason] = seen.get(reason, 0) + value
    return seen


def balanced(series):
    """Each connection that was accepted is open or has ended, for one
    reason."""
    return sum(ends(series).values()) == \
        total(series, "connections_accepted_total") \
        - total(series, "connections_open")


def counted(results, bed, drained):
    # A page that is made while a connection ends may show half of it.
    wait_until(lambda: balanced(bed.metrics()), 5, "each end to have a reason")
    series = bed.metrics()
    seen = ends(series)
    results.figure(f"connections ended by: {seen}")
    results.check("each end has one reason",
                  balanced(series) and seen.get("drained", 0) >= drained > IDLE
                  and seen.get("peer_done", 0) > 100, str(seen))
    done = total(series, "handshakes_completed_total")
    results.equal("each handshake was timed",
                  total(series, "handshake_seconds_count"), done)
    results.check("round trips were measured at both ends",
                  done < total(series, "rtt_seconds_count") <= 2 * done,
                  str(done))


def terminator_drain(results):
    with ConfiguredBed(terminators=2, settings={
            "healthd": PATIENT_HEALTHD,
            "terminator": {"drain_timeout": f"{DRAIN_S}s"}}) as bed:
        list_them(results, bed)
        wish(results, bed)
        cut = deadline(results, bed)
        sigterm(results, bed)
        counted(results, bed, cut + IDLE)


tap.run(terminator_drain)
