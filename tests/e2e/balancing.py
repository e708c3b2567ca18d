#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""How requests are spread over backends: shares of 10,000 requests by each way
of balancing, keys that move when a backend goes and comes, bounded load, what a
slow backend gets, slow start, and all of it changed live without a failure."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

REQUESTS = 10000
KEYS = 1000
WEIGHTS = {"b1": 5, "b2": 3, "b3": 2}
WAYS = ("round-robin", "least-requests", "hash", "latency")
# Of two draws at random and of hashed keys the shares vary; in turn they do
# not.
# The last two look at how the backends do, which a busy machine disturbs.
TOLERANCE = {"round-robin": 0.01, "hash": 0.05, "least-requests": 0.08,
             "latency": 0.16}
KEY = ("--field", "x-key:key-%u")
SLOW_START = 6.0


def shares(counts, names):
    total = sum(counts.values()) or 1
    return {name: counts.get(name, 0) / total for name in names}


def table(seen):
    return ", ".join(f"{name} {100 * share:.1f} %"
                     for name, share in sorted(seen.items()))


def pool_of(bed):
    return bed.settings["pools"][0]


def change(bed, **keys):
    """Changes keys of the pool, live."""
    pool_of(bed).update(keys)
    status, said = bed.reload()
    if status != 0:
        raise RuntimeError(said)


def load(bed, connections, rounds, *options, window=50):
    running = bed.h3load("--connections", str(connections), "--window",
                         str(min(window, connections)), "--rounds",
                         str(rounds), "--get", "/bytes/100", *options)
    return running.finish(), running.summary()


def measured_shares(results, bed):
    wanted = shares(WEIGHTS, WEIGHTS)
    for way in WAYS:
        change(bed, balance=way, hash_key="header:x-key", hash_bound="0%")
        lines, summary = load(bed, KEYS, REQUESTS // KEYS, *KEY)
        seen = shares(summary["by_backend"], WEIGHTS)
        off = max(abs(seen[name] - wanted[name]) for name in WEIGHTS)
        results.figure(f"{way}: {summary['requests']} requests: {table(seen)} "
                       f"(wanted {table(wanted)})")
        results.check(f"{way}: all requests succeed",
                      summary["requests"] == REQUESTS
                      and not summary["requests_failed"], str(reasons(lines)))
        results.check(f"{way}: shares are within {TOLERANCE[way]:.0%} of the "
                      "weights'", off <= TOLERANCE[way], f"off by {off:.2%}")


def homes(bed):
    """Where each key goes: {key: backend}, and keys that went to several."""
    lines, _summary = load(bed, KEYS, 2, *KEY)
    several = [one["number"] for one in lines if len(one["backends"]) != 1]
    return {one["number"]: next(iter(one["backends"]), None)
            for one in lines}, several


def wait_for_rows(bed, names):
    wait_until(lambda: {name for name, row in bed.rows().items()
                        if row["state"] == "active"} == set(names), 5,
               "healthd's rows")
    time.sleep(0.5)  # terminators look for rows every 50 ms


def movement(results, bed):
    """A backend goes from the file and comes back."""
    change(bed, balance="hash", hash_bound="0%", hash_key="header:x-key")
    before, several = homes(bed)
    results.check("hash: each key has one backend, on all terminators",
                  not several, str(several[:10]))
    entries = pool_of(bed)["backends"]
    change(bed, backends=[one for one in entries if one["name"] != "b2"])
    wait_for_rows(bed, ("b1", "b3"))
    without, _several = homes(bed)
    moved = [key for key in before if before[key] != without[key]]
    own = [key for key in before if before[key] == "b2"]
    results.figure(f"hash: one of three backends gone: {len(moved)} of {KEYS} "
                   f"keys moved ({len(moved) / KEYS:.1%}), {len(own)} were "
                   "its own")
    results.check("hash: no key moves but those of the backend that is gone",
                  sorted(moved) == sorted(own) and own)
    change(bed, backends=entries)
    wait_for_rows(bed, WEIGHTS)
    again, _several = homes(bed)
    back = [key for key in before if before[key] != again[key]]
    results.check("hash: when it is back, each key is where it was",
                  not back, f"{len(back)} are elsewhere")
    change(bed, backends=[dict(one, weight=10) if one["name"] == "b3" else one
                          for one in entries])
    wait_until(lambda: bed.rows()["b3"]["weight"] == 10, 5, "the weight")
    time.sleep(0.5)
    heavier, _several = homes(bed)
    moved = [key for key in before if before[key] != heavier[key]]
    needed = 10 / 18 - 2 / 10
    results.figure(f"hash: a weight of 2 of 10 becomes 10 of 18: "
                   f"{len(moved) / KEYS:.1%} of the keys moved, {needed:.1%} "
                   "had to")
    results.check("hash: more weight moves keys to that backend only",
                  all(heavier[key] == "b3" for key in moved)
                  and abs(len(moved) / KEYS - needed) < 0.06)
    change(bed, backends=entries)


def hot_key(bed):
    for name in WEIGHTS:
        bed.backend_mode(name, "slow:20")
    _lines, summary = load(bed, 60, 30, "--field", "x-key:the-hot-one",
                           window=60)
    for name in WEIGHTS:
        bed.backend_mode(name, "ok")
    return shares(summary["by_backend"], WEIGHTS)


def bounded(results, bed):
    """60 connections ask for one key all the time."""
    entries = pool_of(bed)["backends"]
    equal = [dict(one, weight=1) for one in entries]
    change(bed, balance="hash", hash_bound="0%", backends=equal)
    wait_until(lambda: bed.rows()["b1"]["weight"] == 1, 5, "the weights")
    free = max(hot_key(bed).values())
    change(bed, hash_bound="125%")
    held = max(hot_key(bed).values())
    results.figure(f"hash: a hot key takes {free:.0%} of all requests to its "
                   f"backend, with hash_bound 125% {held:.1%} (bound "
                   f"{1.25 / 3:.1%})")
    results.check("hash: without a bound it has them all", free == 1)
    results.check("hash: a bound of 125% holds", 0.34 < held < 0.46)
    change(bed, backends=entries)


def slow_backend(results, bed):
    """b1 answers after 100 ms, the others at once; equal weights."""
    entries = pool_of(bed)["backends"]
    change(bed, backends=[dict(one, weight=1) for one in entries])
    wait_until(lambda: bed.rows()["b1"]["weight"] == 1, 5, "the weights")
    bed.backend_mode("b1", "slow:100")
    got = {}
    for way in ("round-robin", "least-requests", "latency"):
        change(bed, balance=way)
        _lines, summary = load(bed, 20, 100, window=20)
        got[way] = shares(summary["by_backend"], WEIGHTS)["b1"]
    bed.backend_mode("b1", "ok")
    change(bed, backends=entries)
    results.figure("a slow one of three gets " + ", ".join(
        f"{share:.1%} ({way})" for way, share in got.items()))
    results.check("a slow backend has its whole turn in round robin",
                  abs(got["round-robin"] - 1 / 3) < 0.02)
    for way in ("least-requests", "latency"):
        results.check(f"... and gets less by {way}", got[way] < 0.15)


def curve(bed, running, name, seconds):
    """The share of a backend in each half second."""
    points = []
    before = running.progress()["by_backend"]
    for _ in range(int(2 * seconds)):
        time.sleep(0.5)
        now = running.progress()["by_backend"]
        delta = {one: now[one] - before.get(one, 0) for one in now}
        points.append(delta.get(name, 0) / (sum(delta.values()) or 1))
        before = now
    return points


def rises(results, what, points, full):
    results.figure(f"slow start, {what}: shares each 0.5 s: " +
                   " ".join(f"{100 * one:.0f}" for one in points) + " %")
    first, middle = sum(points[:2]) / 2, sum(points[5:7]) / 2
    last = sum(points[-3:]) / 3
    results.check(f"slow start: {what} begins small",
                  first < full / 2, f"{first:.1%}")
    results.check("... and has all its share in the end",
                  abs(last - full) < 0.05, f"{last:.1%}")
    results.check("... by and by", first < middle < last,
                  f"{first:.1%}, {middle:.1%}, {last:.1%}")


def slow_start(results, bed):
    """A backend is added to the file, and one comes back from an open
    breaker."""
    entries = [dict(one, weight=100) for one in pool_of(bed)["backends"]]
    change(bed, balance="round-robin", slow_start=f"{SLOW_START:.0f}s",
           backends=entries[:2],
           breaker={"consecutive_failures": 3, "open_time": "500ms",
                    "half_open_requests": 3})
    wait_for_rows(bed, ("b1", "b2"))
    running = bed.h3load("--connections", "8", "--hold", "500",
                         "--interval", "2", "--get", "/bytes/100",
                         "--tolerant", "--timeout", "550")
    change(bed, backends=entries)
    wait_until(lambda: "b3" in running.progress()["by_backend"], 5,
               "requests at b3")
    rises(results, "a new backend", curve(bed, running, "b3", SLOW_START + 2),
          1 / 3)
    results.check("slow start: what it withholds is shown and over",
                  bed.rows()["b3"]["slow_start"] == 1)
    bed.backend_mode("b1", "refuse")
    wait_until(lambda: bed.rows()["b1"]["breaker"]["state"] == "open", 5,
               "the breaker to open")
    bed.backend_mode("b1", "ok")
    wait_until(lambda: bed.rows()["b1"]["breaker"]["state"] == "closed", 8,
               "the breaker to close")
    rises(results, "a breaker that closed",
          curve(bed, running, "b1", SLOW_START + 2), 1 / 3)
    running.stop()
    running.finish()
    change(bed, slow_start="0s", breaker={"enabled": False})


def changed_live(results, bed):
    running = bed.h3load("--connections", "20", "--hold", "500",
                         "--interval", "1", "--get", "/bytes/1000", *KEY,
                         "--timeout", "550")
    seen = []
    for way in WAYS + ("round-robin",):
        for keys in ({"affinity": "none"},
                     {"affinity": "header", "affinity_header": "x-key"},
                     {"affinity": "cookie"}):
            change(bed, balance=way, **keys)
            seen.append(way)
            time.sleep(0.3)
    running.hurry()
    lines = running.finish()
    summary = running.summary()
    results.figure(f"{len(seen)} changes of balance and affinity under "
                   f"{summary['requests']} requests: "
                   f"{summary['requests_failed']} failed")
    results.check("balance and affinity change live without a failed request",
                  summary["requests"] > 1000
                  and not summary["requests_failed"]
                  and all(one["ok"] for one in lines), str(reasons(lines)))
    change(bed, affinity="none")


def balancing(results):
    pools = [{"name": "web", "breaker": {"enabled": False},
              "health_weight": {"enabled": False}}]
    with ConfiguredBed(backends=WEIGHTS, pools=pools, terminators=2) as bed:
        change(bed, backends=[dict(one, weight=WEIGHTS[one["name"]])
                              for one in pool_of(bed)["backends"]])
        wait_until(lambda: {name: row["weight"] for name, row
                            in bed.rows().items()} == WEIGHTS, 5,
                   "healthd to write the weights")
        measured_shares(results, bed)
        movement(results, bed)
        bounded(results, bed)
        slow_backend(results, bed)
        changed_live(results, bed)
        slow_start(results, bed)


tap.run(balancing)
