#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Loader and healthd are killed (SIGKILL) at random moments again and again
under load, also in the middle of their start: nothing fails, the next process
adopts the maps, and no breaker and no wish of the operator is forgotten.

QUICSTEER_SEED repeats a run's moments."""

import math
import os
import random
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

KILLS = 30  # of each
SECONDS = 0.45  # the longest life of a daemon
SPARE = 6  # seconds that remain of the open time after the kills
CONNECTIONS = 40
IDENTITY = ("slot", "instance", "server_id", "pid")
POOL = {"name": "web", "breaker": {"open_time": "25s"},
        "health": {"type": "http", "path": "/health", "interval": "500ms",
                   "timeout": "500ms"}}
SICK = "b3"


def identities(bed):
    return {name: {key: row[key] for key in IDENTITY}
            for name, row in bed.live().items()}


def backends(bed):
    return {name: {key: row[key] for key in ("row", "id", "state")}
            for name, row in bed.rows().items()}


def begin(bed, what):
    """Starts a daemon and does not wait for it."""
    bed.processes.remove(getattr(bed, what))
    command = getattr(bed, f"{what}_command")()
    process = bed.spawn(what, bed.network.server, command)
    setattr(bed, what, process)
    return process


def kill_loop(bed, what, chance, end):
    """Until `end` (time.time()), or so many times. Returns how many were
    killed, and how many of them had come up before."""
    came_up = kills = 0
    while kills < KILLS and time.time() < end:
        kills += 1
        process = getattr(bed, what)
        time.sleep(chance.uniform(0, SECONDS))
        came_up += up(process)
        process.end(signal.SIGKILL)
        begin(bed, what)
    return kills, came_up


def up(process):
    text = process.log()
    return " ready" in text or "working on the maps" in text


def open_breaker(bed):
    """Has a backend fail until its breaker opens."""
    bed.backend_mode(SICK, "fail")
    load = bed.h3load("--connections", "8", "--rounds", "20", "--get",
                      "/bytes/500", "--tolerant")
    wait_until(lambda: bed.rows()[SICK]["breaker"]["state"] == "open", 8,
               "the breaker to open")
    load.finish()
    return bed.rows()[SICK]["breaker"]


def loop(results, bed, what, chance, breaker=None):
    """With a `breaker` that is open; what follows is begun before it ends."""
    before, rows = identities(bed), backends(bed)
    load = bed.h3load("--connections", str(CONNECTIONS), "--hold", "250",
                      "--interval", "30", "--get", "/bytes/3000", "--upload",
                      "/upload?%u=2000")
    load.wait_for(lambda seen: seen["handshakes"] == CONNECTIONS, 10,
                  "handshakes")
    new = bed.h3load("--connections", "400", "--rate", "40", "--get",
                     "/bytes/500")
    end = breaker["open_end"] - SPARE if breaker else math.inf
    kills, came_up = kill_loop(bed, what, chance, end)
    bed.last_start = time.time()
    wait_until(lambda: up(getattr(bed, what)), 10, f"the last {what}")
    results.check(f"{what}: it was killed again and again", kills >= 10, kills)
    if breaker:
        results.equal(f"{what}: the open breaker is not forgotten",
                      bed.rows()[SICK]["breaker"], breaker)
    load.hurry()
    lines, fresh = load.finish(), new.finish()
    results.figure(f"{what}: {kills} kills, {came_up} of them after it was up;"
                   f" {load.summary()['requests']} requests and {len(fresh)} "
                   "new connections meanwhile")
    results.check(f"{what}: nothing fails on {CONNECTIONS} connections",
                  len(lines) == CONNECTIONS and all(one["ok"]
                                                    for one in lines),
                  str(reasons(lines)))
    results.check(f"{what}: 400 new connections succeed",
                  len(fresh) == 400 and all(one["ok"] for one in fresh),
                  str(reasons(fresh)))
    wait_until(lambda: len(bed.live()) == 2, 10, "two live terminators")
    results.equal(f"{what}: terminators keep slot and server ID",
                  identities(bed), before)
    results.equal(f"{what}: backends keep their rows", backends(bed), rows)
    results.equal(f"{what}: the operator's wish is not forgotten",
                  bed.live()["t1"]["wish"]["weight"], 300)


def breaker_goes_on(results, bed, before):
    """The last of many healthds ends the open time that the first began."""
    bed.backend_mode(SICK, "ok")
    load = bed.h3load("--connections", "8", "--hold", "250", "--interval",
                      "50", "--get", "/bytes/500", "--tolerant")
    wait_until(lambda: bed.rows()[SICK]["breaker"]["state"] == "closed", 35,
               "the breaker to close")
    load.stop()
    after = bed.rows()[SICK]["breaker"]
    late = after["changed"] - before["open_end"]
    results.figure(f"the breaker closed {late:.1f} s after the end of its "
                   "open time")
    # It would be later by `anew` if the last healthd had begun it anew.
    anew = bed.last_start - before["changed"]
    results.check("... and closes at its time", 0 <= late < anew
                  and after["half_openings"] == before["half_openings"] + 1,
                  str(after))
    load.finish()


def works(results, bed):
    """Both daemons do their work again."""
    lines = bed.h3load("--connections", "60", "--get",
                       "/bytes/500").finish()
    results.check("afterwards: connections and requests succeed",
                  all(one["ok"] for one in lines), str(reasons(lines)))
    bed.backend_mode("b1", "hang")
    wait_until(lambda: bed.rows()["b1"]["health"] == "down", 5,
               "healthd to see a backend that hangs")
    bed.backend_mode("b1", "ok")
    wait_until(lambda: bed.rows()["b1"]["health"] == "up", 5,
               "healthd to see that it answers")
    bed.start_terminator("t3")
    bed.wait_for_live(3)
    results.check("afterwards: healthd checks, the loader registers", True)


def kill_daemons(results):
    seed = int(os.environ.get("QUICSTEER_SEED", random.randrange(1 << 32)))
    results.figure(f"QUICSTEER_SEED={seed}")
    chance = random.Random(seed)
    with ConfiguredBed(backends=["b1", "b2", "b3"], pools=[POOL]) as bed:
        bed.ctl("weight", "set", "t1", "300")
        breaker = open_breaker(bed)
        loop(results, bed, "healthd", chance, breaker)
        breaker_goes_on(results, bed, breaker)
        loop(results, bed, "loader", chance)
        works(results, bed)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)
        results.equal("stateless resets",
                      bed.total("stateless_resets_sent"), 0)


tap.run(kill_daemons)
