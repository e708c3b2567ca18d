#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Circuit breakers and health-based weighting under load. A backend fails,
hangs, is too slow, resets or refuses: its breaker opens, tries again, opens for
longer, and closes once it is well; only the requests that it took fail. A
backend that is merely slower than its peers gets proportionally less."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

CONNECTIONS = 20
OPEN_TIME = 1.0
WINDOW = 5
TRIALS = 3
RESPONSE_TIMEOUT = 0.5
BREAKER = {"consecutive_failures": 5, "minimum_requests": 20, "window": f"{WINDOW}s",
           "open_time": "1s", "open_time_max": "3s",
           "half_open_requests": TRIALS}
POOL = {"name": "web", "response_timeout": "500ms", "breaker": BREAKER,
        "health_weight": {"enabled": True, "window": "1s", "minimum": "5%"}}
NAMES = ("b1", "b2", "b3")
SICK = "b2"
DELAY = 10  # ms, of every backend
# How long the breaker may take to open, and how many requests may fail until
# then: what comes within some of healthd's steps of 100 ms on a busy machine.
# A request that waits for an answer keeps its connection from sending more;
# one that is refused a connection goes to another backend.
OPENS_WITHIN = RESPONSE_TIMEOUT + 1
# As many as come until those that fail are half of all in the window need the
# longer, the longer the backend was well before: 2.5 times as long.
BY_RATE = "fail:70"
MOST = {"fail": 150, BY_RATE: 200, "hang": 3 * CONNECTIONS,
        "slow:2000": 3 * CONNECTIONS, "reset": 150, "refuse": 0}


class Watch:
    """Times at which a backend's breaker was seen to change."""

    def __init__(self, bed, name):
        self.bed = bed
        self.name = name

    def breaker(self):
        return self.bed.rows()[self.name]["breaker"]

    def wait(self, condition, seconds, what):
        wait_until(lambda: condition(self.breaker()), seconds, what)
        return self.breaker()


def failed(load):
    return load.progress()["requests_failed"]


def one_mode(results, bed, load, mode):
    watch = Watch(bed, SICK)
    before, failures = watch.breaker(), failed(load)
    switched = time.time()
    bed.backend_mode(SICK, mode)
    opened = watch.wait(lambda now: now["openings"] > before["openings"], 8,
                        f"{mode}: the breaker to open")
    reason = bed.rows()[SICK]["reason"]
    time.sleep(RESPONSE_TIMEOUT + 0.1)  # what was under way
    cost = failed(load) - failures
    taken = opened["changed"] - switched
    within, most = OPENS_WITHIN, MOST[mode]
    if mode == BY_RATE:
        within += 3 * min(WINDOW, switched - before["changed"])
        most *= within / OPENS_WITHIN
    results.figure(f"{mode}: open after {taken * 1000:.0f} ms ({reason}), "
                   f"{cost} requests failed")
    results.check(f"{mode}: it opens within {within:.1f} s",
                  taken <= within, f"{taken:.1f} s")
    results.check(f"{mode}: at most {most:.0f} requests fail until it is "
                  "open", cost <= most, f"{cost}")
    again = watch.wait(
        lambda now: now["openings"] > opened["openings"], 6,
        f"{mode}: a second opening")
    pause = again["changed"] - opened["changed"]
    time.sleep(RESPONSE_TIMEOUT + 0.1)
    trials = failed(load) - failures - cost
    results.check(f"{mode}: at most {TRIALS} trials fail, then it is open "
                  "again", trials <= TRIALS
                  and again["half_openings"] > before["half_openings"],
                  f"{trials} failed")
    results.check(f"{mode}: open for about {OPEN_TIME} s, then for twice that",
                  OPEN_TIME <= pause < OPEN_TIME + RESPONSE_TIMEOUT + 0.5
                  and abs(again["open_end"] - again["changed"]
                          - 2 * OPEN_TIME) < 0.2,
                  f"{pause:.1f} s, then "
                  f"{again['open_end'] - again['changed']:.1f} s")
    bed.backend_mode(SICK, "ok")
    well = failed(load)
    closed = watch.wait(
        lambda now: now["state"] == "closed"
        and now["closings"] > before["closings"], 8,
        f"{mode}: the breaker to close")
    asked = bed.backend_mode(SICK)["requests"]
    wait_until(lambda: bed.backend_mode(SICK)["requests"] > asked + 10, 3,
               f"{mode}: requests after it closed")
    results.check(f"{mode}: well again, it closes and no request fails",
                  failed(load) == well and closed["openings_in_row"] == 0,
                  f"{failed(load) - well} failed, {closed}")


def all_fail(results, bed, load):
    """The cap: not all of a pool are taken out."""
    def cap_holds():
        rows = list(bed.rows().values())
        return rows if any(row["kept"] for row in rows) else None

    for name in NAMES:
        bed.backend_mode(name, "fail")
    rows = wait_until(cap_holds, 8, "the cap on ejections")
    results.check("all fail: at most 80 % of the pool are taken out",
                  [row["effective"] > 0 for row in rows].count(True) >= 1,
                  str(rows))
    for name in NAMES:
        bed.backend_mode(name, "ok")
    wait_until(lambda: all(row["breaker"]["state"] == "closed"
                           for row in bed.rows().values()), 10,
               "all breakers to close")
    before = failed(load)
    time.sleep(0.5)
    results.equal("... and all are back when they are well",
                  failed(load) - before, 0)


def share(bed, load, name):
    """A backend's part of 3000 requests, and what factors said it were."""
    before = load.progress()["by_backend"]
    said = []

    def enough():
        rows = bed.rows()
        said.append(rows[name]["factor"]
                    / sum(rows[one]["factor"] for one in NAMES))
        after = load.progress()["by_backend"]
        counts = {one: after[one] - before.get(one, 0) for one in after}
        return counts if sum(counts.values()) >= 3000 else None

    counts = wait_until(enough, 20, "3000 requests")
    return counts[name] / sum(counts.values()), sum(said) / len(said)


def factor(bed, name):
    return bed.rows()[name]["factor"]


def formula(bed):
    """The slow one's factor by the latencies that are shown: that of its peers
    (of two the greater) over its own. A busy machine adds to all of them."""
    shown = {name: row["latency_us"] for name, row in bed.rows().items()}
    return max(shown[name] for name in NAMES if name != SICK) / shown[SICK]


def slow(results, bed, load):
    wait_until(lambda: min(factor(bed, name) for name in NAMES) > 0.95, 15,
               "even factors")
    even, _ = share(bed, load, SICK)
    switched = time.monotonic()
    bed.backend_mode(SICK, "slow:40")

    def arrived():
        seen, wanted = factor(bed, SICK), formula(bed)
        return (seen, wanted) if wanted < 0.6 \
            and abs(seen - wanted) < 0.05 else None

    try:
        seen, wanted = wait_until(arrived, 12, "the factor to arrive")
    except TimeoutError:
        seen, wanted = factor(bed, SICK), formula(bed)
    settled = time.monotonic() - switched
    part, expected = share(bed, load, SICK)
    results.figure(f"{DELAY + 40} ms against {DELAY} ms: factor {seen:.2f} "
                   f"(formula {wanted:.2f}) within {settled:.1f} s, share "
                   f"{even:.1%}, then {part:.1%} (factor says "
                   f"{expected:.1%})")
    results.check("the slow backend's factor is that of the formula",
                  wanted < 0.6 and abs(seen - wanted) < 0.05,
                  f"{seen:.2f} instead of {wanted:.2f}")
    results.check("its share falls to what the factor says",
                  abs(part - expected) < 0.04, f"{part:.1%}")
    switched = time.monotonic()
    bed.backend_mode(SICK, "ok")
    wait_until(lambda: factor(bed, SICK) > 0.95, 20, "the factor to recover")
    results.figure(f"as fast as the others again: back after "
                   f"{time.monotonic() - switched:.1f} s")
    part, expected = share(bed, load, SICK)
    results.check("and then it has its share again",
                  abs(part - expected) < 0.05 and expected > 0.3,
                  f"{part:.1%}, factors say {expected:.1%}")


def breakers(results):
    with ConfiguredBed(backends=NAMES, pools=[POOL], delay=DELAY) as bed:
        load = bed.h3load("--connections", str(CONNECTIONS), "--hold", "500",
                          "--interval", "20", "--get", "/bytes/500",
                          "--tolerant", "--timeout", "550")
        load.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 10,
                      "handshakes")
        for mode in MOST:
            one_mode(results, bed, load, mode)
        all_fail(results, bed, load)
        before = failed(load)
        slow(results, bed, load)
        results.equal("no request fails by the weighting",
                      failed(load) - before, 0)
        load.stop()
        lines = [one for one in load.finish() if one["failed"] != "stopped"]
        results.check("no connection breaks", all(one["ok"] for one in lines),
                      str(reasons(lines)))


tap.run(breakers)
