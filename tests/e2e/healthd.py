#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""healthd: active checks and their reasons, breakers of backends and
terminators, and what it leaves when it ends in good order or is killed."""

import copy
import os
import random
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import program  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

# A busy machine must not miss two time-outs in a row.
HEALTH = {"type": "http", "interval": "1s", "interval_down": "200ms",
          "timeout": "1s", "rise": 2, "fall": 2}
BREAKER = {"consecutive_failures": 5, "open_time": "2s", "window": "2s"}
POOL = {"name": "web", "health": HEALTH, "breaker": BREAKER}
KILLS = 30


def until(condition, seconds=6):
    """What wait_until returns, or None after the time."""
    try:
        return wait_until(condition, seconds, "")
    except TimeoutError:
        return None


def pool_of(bed):
    return bed.settings["pools"][0]


def identities(bed):
    return {name: (row["id"], row["state"], row["weight"])
            for name, row in bed.rows().items()}


def has_health(bed, name, health):
    row = bed.rows()[name]
    return row if row["health"] == health else None


def restart(bed, number=signal.SIGKILL):
    """Ends healthd and starts another. Returns the first one's status."""
    status = bed.healthd.end(number)
    bed.start_healthd()
    wait_until(lambda: "working on the maps" in bed.healthd.log(), 10,
               "healthd")
    return status


def rows_appear(results, bed):
    rows = until(lambda: (lambda rows: rows if all(
        row["health"] == "up" for row in rows.values()) else None)(bed.rows()))
    results.check("each backend has a row and is found up", rows and
                  sorted(rows) == ["b1", "b2", "b3"], f"{bed.rows()}")
    results.check("with ids of their own and shares", rows and
                  len({row["id"] for row in rows.values()}) == 3 and
                  all(row["effective"] == 100 and row["state"] == "active"
                      for row in rows.values()), f"{rows}")


def goes_down(results, bed, mode, reason):
    bed.backend_mode("b2", mode)
    row = until(lambda: has_health(bed, "b2", "down"))
    results.check(f"a backend with mode {mode} is down: {reason}",
                  row and row["reason"] == reason and row["effective"] == 0,
                  f"{bed.rows()['b2']}")
    bed.backend_mode("b2", "ok")
    row = until(lambda: has_health(bed, "b2", "up"))
    results.check(f"and up again after mode {mode}",
                  row and row["effective"] == 100, f"{bed.rows()['b2']}")


def checks(results, bed):
    goes_down(results, bed, "fail", "HTTP 500, expected 200-399")
    goes_down(results, bed, "refuse", "connection refused")
    goes_down(results, bed, "hang", "timed out waiting for the answer")
    goes_down(results, bed, "reset", "connection reset by peer")
    others = bed.rows()
    results.check("the others were never down", all(
        others[name]["reason"] == "" for name in ("b1", "b3")), f"{others}")


def change_check(bed, **health):
    pool_of(bed)["health"] = dict(HEALTH, **health)
    status, text = bed.reload()
    if status:
        raise RuntimeError(text)


def checks_by_configuration(results, bed):
    change_check(bed, expect_body="This is nobody")
    row = until(lambda: has_health(bed, "b1", "down"))
    results.check("a body that lacks the text is a failure", row and
                  row["reason"] == "the expected text is not in the body",
                  f"{bed.rows()['b1']}")
    change_check(bed, expect_body="This is backend b1.")
    results.check("a body with it is none",
                  until(lambda: has_health(bed, "b1", "up")),
                  f"{bed.rows()['b1']}")
    change_check(bed, expect_status="404", path="/none")
    results.check("other statuses can be what is expected",
                  until(lambda: has_health(bed, "b2", "up") and
                        has_health(bed, "b3", "up")), f"{bed.rows()}")
    change_check(bed, type="tcp")
    bed.backend_mode("b3", "refuse")
    row = until(lambda: has_health(bed, "b3", "down"))
    results.check("a TCP check sees a port that is closed", row and
                  row["reason"] == "connection refused",
                  f"{bed.rows()['b3']}")
    pool_of(bed)["health"] = {"type": "none"}
    bed.reload()
    results.check("without checks nothing is known",
                  until(lambda: has_health(bed, "b3", "unknown")),
                  f"{bed.rows()['b3']}")
    bed.backend_mode("b3", "ok")


def bad_configuration(results, bed):
    good, before = copy.deepcopy(bed.settings), identities(bed)
    bed.write_config("pools: [{name: web, balance: fast}]\n")
    size = len(bed.healthd.log())
    bed.healthd.send(signal.SIGHUP)
    until(lambda: len(bed.healthd.log()) > size)
    lines = bed.healthd.log()[size:].splitlines()
    results.check("a bad file is refused with one message that names it",
                  len(lines) == 1 and bed.config in lines[0] and
                  "balance" in lines[0] and "stays in force" in lines[0],
                  f"{lines}")
    results.equal("and changes nothing", identities(bed), before)
    bed.settings = good
    bed.write_config()


def one_only(results, bed):
    done = subprocess.run(bed.network.server.enter(*bed.healthd_command()),
                          capture_output=True, text=True, timeout=60,
                          check=False)
    results.check("a second healthd ends and names the first",
                  done.returncode == 1 and
                  f"another healthd (pid {bed.healthd.pid})" in done.stderr,
                  f"{done.returncode}: {done.stderr}")


def load(bed):
    """Until it is stopped."""
    return bed.h3load("--connections", "4", "--hold", "500", "--interval",
                      "20", "--get", "/", "--unchecked", "--tolerant",
                      "--timeout", "550")


def breaker_state(bed, name, state):
    breaker = bed.rows()[name]["breaker"]
    return breaker if breaker["state"] == state else None


def breaker_outlives_kill(results, bed):
    running = load(bed)
    bed.backend_mode("b1", "fail")
    opened = until(lambda: breaker_state(bed, "b1", "open"))
    row = bed.rows()["b1"]
    results.check("failed requests open a breaker", opened and
                  row["effective"] == 0 and "failed" in row["reason"],
                  f"{row}")
    restart(bed)
    after = bed.rows()["b1"]
    results.check("kill -9 of healthd forgets no breaker",
                  after["id"] == row["id"] and
                  after["breaker"]["openings"] >= 1 and
                  after["breaker"]["state"] != "closed", f"{after}")
    reopened = until(lambda: bed.rows()["b1"]["breaker"]
                     ["openings_in_row"] >= 2, 8)
    results.check("a trial that fails opens it again, in a row", reopened,
                  f"{bed.rows()['b1']}")
    bed.backend_mode("b1", "ok")
    closed = until(lambda: breaker_state(bed, "b1", "closed"), 15)
    row = bed.rows()["b1"]
    results.check("trials that succeed close it", closed and
                  closed["openings_in_row"] == 0 and closed["closings"] == 1
                  and row["effective"] > 0 and
                  row["counters"]["trials"] >= 3, f"{row}")
    others = bed.rows()
    results.check("the breakers of others never opened", all(
        others[name]["breaker"]["openings"] == 0 for name in ("b2", "b3")),
        f"{others}")
    running.stop()
    running.finish()


def slow_backend(results, bed):
    """By default responses of 10 s count; here of 1 s."""
    pool_of(bed)["health_weight"] = {"window": "1s", "minimum": "20%"}
    bed.reload()
    running = load(bed)
    bed.backend_mode("b3", "slow:60")

    def settled():
        rows = bed.rows()
        return rows if rows["b3"]["factor"] <= 0.21 and all(
            rows[name]["factor"] == 1 for name in ("b1", "b2")) else None

    rows = until(settled, 10) or bed.rows()
    row = rows["b3"]
    results.check("a backend that is slow gets less, down to the minimum",
                  19 < row["effective"] < 22 and row["latency_us"] > 10000,
                  f"{row}")
    results.check("the others keep all of their weight", all(
        rows[name]["factor"] == 1 for name in ("b1", "b2")), f"{rows}")
    bed.backend_mode("b3", "ok")
    results.check("and it gets all back when it is as fast as they", until(
        lambda: bed.rows()["b3"]["factor"] == 1, 15), f"{bed.rows()['b3']}")
    running.stop()
    running.finish()


def notices(bed):
    """The states that healthd tells a service manager, from start to end."""
    path = bed.path("notify.sock")
    states = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(path)
        manager.settimeout(60)
        os.environ.update(NOTIFY_SOCKET=path, WATCHDOG_USEC="600000")
        try:
            bed.start_healthd()
            while len(states) < 4:
                states.append(manager.recv(100).decode())
            bed.healthd.end(signal.SIGTERM)
            while "STOPPING=1" not in states:
                states.append(manager.recv(100).decode())
        finally:
            del os.environ["NOTIFY_SOCKET"], os.environ["WATCHDOG_USEC"]
    return states


def service_manager(results, bed):
    states = notices(bed)
    results.check("it tells a service manager when it is ready, and that it "
                  "lives", states[0] == "READY=1" and set(states[1:4]) ==
                  {"WATCHDOG=1"} and states[-1] == "STOPPING=1", f"{states}")


def terminator_row(bed, name):
    return bed.live()[name]


def run_delay(process):
    """Seconds that it was ready and another had the CPU."""
    with open(f"/proc/{process.pid}/schedstat", encoding="ascii") as file:
        return int(file.read().split()[1]) / 1e9


def beat_state(bed, name, state):
    row = terminator_row(bed, name)
    return row if row["breaker"]["state"] == state else None


def hung_terminator(results, bed):
    openings = terminator_row(bed, "t2")["breaker"]["openings"]
    begin, waited = time.time(), run_delay(bed.healthd)
    bed.terminators["t2"].send(signal.SIGSTOP)
    try:
        row = until(lambda: beat_state(bed, "t2", "open"), 4)
        # By healthd's own clock, without what it had no CPU for.
        took = terminator_row(bed, "t2")["breaker"]["changed"] - begin \
            - (run_delay(bed.healthd) - waited)
        results.figure(f"breaker of a stopped terminator open after "
                       f"{took:.2f} s")
        results.check("a terminator that hangs has its breaker opened in 1.5 s",
                      row and took <= 1.5, f"{took:.2f} s, {row}")
        results.equal("and gets nothing new",
                      terminator_row(bed, "t2")["effective"], 0)
        lines = bed.h3load("--connections", "40", "--get", "/").finish()
        results.check("new connections go elsewhere", len(lines) == 40 and
                      all(one["ok"] and one["terminator"] == "t1"
                          for one in lines),
                      f"{[one for one in lines if not one['ok']][:2]}")
    finally:
        bed.terminators["t2"].send(signal.SIGCONT)
    begin = time.monotonic()
    row = until(lambda: beat_state(bed, "t2", "closed"), 8)
    results.figure(f"closed {time.monotonic() - begin:.2f} s after it went on")
    results.check("its breaker closes when it beats again", row and
                  row["effective"] > 0, f"{row}")
    changes = set()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        row = terminator_row(bed, "t2")
        changes.add(row["breaker"]["changed"])
        time.sleep(0.02)
    results.check("without flapping", len(changes) == 1 and
                  row["breaker"]["openings"] == openings + 1,
                  f"{changes} {row}")


def own_absence(results, bed):
    bed.healthd.send(signal.SIGSTOP)
    time.sleep(2)
    bed.healthd.send(signal.SIGCONT)
    time.sleep(1)
    results.check("healthd blames nobody for its own absence", all(
        row["breaker"]["state"] == "closed" for row in bed.live().values()),
        f"{bed.live()}")


def kill_loop(results, bed):
    """Kills it at random moments while it fills, drains and writes rows."""
    backends = pool_of(bed)["backends"]
    pool_of(bed)["health"] = dict(HEALTH, interval="100ms", timeout="100ms",
                                  interval_down="50ms", rise=1, fall=1)
    draw = random.Random(3)
    running = load(bed)
    for number in range(KILLS):
        pool_of(bed)["backends"] = draw.sample(backends, draw.randint(1, 3))
        bed.write_config()
        bed.backend_mode("b3", draw.choice(("ok", "fail", "refuse")))
        bed.start_healthd()
        time.sleep(draw.uniform(0, 0.6))
        bed.healthd.end(signal.SIGKILL)
    bed.backend_mode("b3", "ok")
    pool_of(bed)["backends"] = backends
    bed.write_config()
    bed.start_healthd()
    good = until(lambda: [row for row in bed.rows().values()
                          if row["health"] == "up" and row["effective"] > 0 and
                          row["state"] == "active"] == list(
                              bed.rows().values()), 15)
    rows = bed.rows()
    results.check(f"after {KILLS} times kill -9 the next one adopts all",
                  good and sorted(rows) == ["b1", "b2", "b3"], f"{rows}")
    ids = [row["id"] for row in bed.lbctl("backends")["backends"]]
    results.check("each backend has one row and an id of its own",
                  len(ids) == len(set(ids)) == 3, f"{ids}")
    running.stop()
    lines = running.finish()
    results.check("connections went on all the time",
                  [one["failed"] for one in lines] == ["stopped"] * 4,
                  f"{lines}")


def ends_in_good_order(results, bed):
    before = identities(bed)
    used = bed.healthd.cpu_seconds()
    time.sleep(2)
    used = bed.healthd.cpu_seconds() - used
    results.figure(f"healthd: {used / 2 * 100:.1f} % of a CPU with 3 backends "
                   f"checked 10 times a second")
    results.equal("SIGTERM ends it well", bed.healthd.end(signal.SIGTERM), 0)
    results.equal("rows stay as they are", identities(bed), before)
    results.equal("the maps say that it left",
                  bed.lbctl("status")["healthd"]["pid"], 0)


def maps_replaced(results, bed):
    bed.start_healthd()
    wait_until(lambda: "working on the maps" in bed.healthd.log(), 10,
               "healthd")
    for process in bed.terminators.values():
        process.end(signal.SIGINT)
    bed.loader.end(signal.SIGINT)
    results.check("it notices that the maps are gone",
                  until(lambda: "were removed" in bed.healthd.log()),
                  bed.healthd.log())
    results.check("its lock went with the pins",
                  until(lambda: not os.path.exists(bed.pin_dir)),
                  os.listdir("/sys/fs/bpf"))
    bed.start_loader()
    results.check("and fills the next loader's", until(
        lambda: sorted(bed.rows()) == ["b1", "b2", "b3"]), f"{bed.rows()}")


def waits(results, bed):
    """A healthd without a loader waits; a wrong file or option ends it."""
    for arguments, status, words in (
            (["--config", "/nonexistent.yaml"], 1, "/nonexistent.yaml"),
            (["--log-level", "loud"], 2, "loud"), (["more"], 2, "more")):
        done = subprocess.run([program("quicsteer-healthd"), *arguments],
                              capture_output=True, text=True, timeout=60,
                              check=False)
        results.check(f"{arguments[0]} that is wrong ends it with one message",
                      done.returncode == status and words in done.stderr and
                      len(done.stderr.splitlines()) == 1,
                      f"{done.returncode}: {done.stderr}")


def healthd(results):
    with ConfiguredBed(backends=("b1", "b2", "b3"),
                       pools=[copy.deepcopy(POOL)]) as bed:
        waits(results, bed)
        rows_appear(results, bed)
        one_only(results, bed)
        checks(results, bed)
        checks_by_configuration(results, bed)
        bad_configuration(results, bed)
        breaker_outlives_kill(results, bed)
        slow_backend(results, bed)
        hung_terminator(results, bed)
        own_absence(results, bed)
        bed.healthd.end(signal.SIGKILL)
        kill_loop(results, bed)
        ends_in_good_order(results, bed)
        service_manager(results, bed)
        maps_replaced(results, bed)


tap.run(healthd)
