#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Sessions that stay with one backend, by the client's address, a field or a
signed cookie: 10,000 requests each, on any terminator, over restarts; they move
once, counted, when their backend is gone. Forged and old cookies are nothing."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import by_terminator, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

NAMES = ("b1", "b2", "b3")
SESSIONS, ROUNDS = 200, 50
COOKIES = 6  # that are looked at
FIELD = ("--field", "x-session:session-%u")


def change(bed, **keys):
    """Changes keys of the pool, live."""
    bed.settings["pools"][0].update(keys)
    status, said = bed.reload()
    if status != 0:
        raise RuntimeError(said)


def ask(bed, connections, rounds, *options, **where):
    """Lines of so many connections, with --cookies each a session."""
    running = bed.h3load("--connections", str(connections), "--window", "50",
                         "--rounds", str(rounds), "--get", "/bytes/100",
                         *options, **where)
    return running.finish()


def several(lines):
    """Connections whose requests did not all go to one backend."""
    return [one["number"] for one in lines if len(one["backends"]) != 1]


def homes(lines):
    return {one["number"]: next(iter(one["backends"]), None) for one in lines}


def spread(places):
    return {name: list(places.values()).count(name) for name in NAMES}


def counted(bed, name):
    """A counter of the pool, all terminators together, as the metrics say."""
    return sum(value for series, value in bed.metrics().items()
               if series.startswith(f"quicsteer_pool_{name}_total{{"))


def counts(bed):
    return {name: counted(bed, f"affinity_{name}")
            for name in ("bound", "moved", "invalid")}


def gone(bed, before):
    now = counts(bed)
    return {name: int(now[name] - before[name]) for name in now}


def breaker(bed, name):
    return bed.rows()[name]["breaker"]


def whole(lines):
    return sum(one["requests"] for one in lines) == SESSIONS * ROUNDS \
        and all(one["ok"] for one in lines)


def client_ip(results, bed):
    change(bed, affinity="client-ip")
    ways = {}
    for family in (4, 6):
        lines = ask(bed, SESSIONS, ROUNDS // 2, family=family)
        ways[family] = {name for one in lines for name in one["backends"]}
        results.figure(f"client-ip: {sum(one['requests'] for one in lines)} "
                       f"requests from one IPv{family} address on "
                       f"{len(by_terminator(lines))} terminators: "
                       f"{', '.join(ways[family])}")
        results.check(f"client-ip: one backend for an IPv{family} address",
                      len(ways[family]) == 1
                      and all(one["ok"] for one in lines),
                      str(reasons(lines)))


def header(results, bed):
    change(bed, affinity="header", affinity_header="X-Session")
    before = counts(bed)
    lines = ask(bed, SESSIONS, ROUNDS, *FIELD)
    places = homes(lines)
    results.figure(f"header: {SESSIONS} sessions, "
                   f"{sum(one['requests'] for one in lines)} requests: "
                   f"{spread(places)}; {gone(bed, before)}")
    results.check("header: each session has one backend",
                  not several(lines) and whole(lines),
                  f"{several(lines)[:5]} {reasons(lines)}")
    results.check("header: sessions are spread over all backends",
                  min(spread(places).values()) > SESSIONS / 6)
    results.check("header: each is counted once",
                  gone(bed, before) == {"bound": SESSIONS, "moved": 0,
                                        "invalid": 0}, str(gone(bed, before)))
    again = ask(bed, SESSIONS, 2, *FIELD)
    elsewhere = sum(one["terminator"] != two["terminator"] for one, two in
                    zip(sorted(lines, key=lambda one: one["number"]),
                        sorted(again, key=lambda one: one["number"])))
    results.check("header: each terminator knows the same backend",
                  homes(again) == places and elsewhere > SESSIONS / 3,
                  f"{elsewhere} on another terminator")
    lines = ask(bed, 20, 10)
    results.check("header: requests without it are balanced",
                  len(several(lines)) > 10,
                  str([one["backends"] for one in lines][:5]))
    return places


def header_moves(results, bed, places):
    """Health and slow start change weights all the time; sessions do not
    follow. The backend dies; it comes back."""
    before = counts(bed)
    openings = breaker(bed, "b2")["openings"]
    bed.backend_mode("b2", "refuse")

    def opens():
        """The failures of a step in which successes were, too, are not in a
        row; so there may have to be more than one step of them."""
        ask(bed, 30, 10)  # without sessions
        return breaker(bed, "b2")["openings"] > openings

    wait_until(opens, 15, "the breaker of b2 to open")
    lines = ask(bed, SESSIONS, 5, *FIELD)
    now = homes(lines)
    moved = [key for key in places if now[key] != places[key]]
    own = [key for key in places if places[key] == "b2"]
    results.figure(f"header: b2 is gone: {len(moved)} of {SESSIONS} sessions "
                   f"moved, {len(own)} were its own; {gone(bed, before)}")
    results.check("header: only sessions of the backend that is gone move",
                  not several(lines) and own and moved == own
                  and all(one["ok"] for one in lines),
                  f"{len(moved)} of {len(own)}; {several(lines)[:5]}")
    results.check("header: the metrics count each of them",
                  gone(bed, before)["moved"] == len(moved),
                  str(gone(bed, before)))
    bed.backend_mode("b2", "ok")
    wait_until(lambda: breaker(bed, "b2")["state"] == "closed", 15,
               "the breaker of b2 to close")
    lines = ask(bed, SESSIONS, 5, *FIELD)
    results.check("header: and back when it is well",
                  homes(lines) == places, str(spread(homes(lines))))
    bed.ctl("weight", "set", "b1", "50")
    lines = ask(bed, SESSIONS, 2, *FIELD)
    now = homes(lines)
    moved = [key for key in places if now[key] != places[key]]
    results.figure(f"header: half of b1's weight is taken: {len(moved)} of "
                   f"{SESSIONS} sessions moved")
    results.check("header: less weight moves sessions of that backend only",
                  all(places[key] == "b1" for key in moved)
                  and len(moved) < SESSIONS / 4)
    bed.ctl("weight", "set", "b1", "100")


def cookies(results, bed):
    change(bed, affinity="cookie", balance="least-requests")
    before = counts(bed)
    lines = ask(bed, SESSIONS, ROUNDS, "--cookies")
    places = homes(lines)
    results.figure(f"cookie: {SESSIONS} sessions, "
                   f"{sum(one['requests'] for one in lines)} requests: "
                   f"{spread(places)}; {gone(bed, before)}")
    results.check("cookie: each session has one backend",
                  not several(lines) and whole(lines),
                  f"{several(lines)[:5]} {reasons(lines)}")
    results.check("cookie: it is set once",
                  all(one["cookies_set"] == 1 for one in lines))
    results.check("cookie: each session is counted once",
                  gone(bed, before) == {"bound": SESSIONS, "moved": 0,
                                        "invalid": 0}, str(gone(bed, before)))
    results.check("cookie: sessions are spread over all backends",
                  min(spread(places).values()) > SESSIONS / 6,
                  str(spread(places)))
    return {one["number"]: (one["cookie"], places[one["number"]],
                            one["terminator"]) for one in lines}


def show(bed, *options):
    lines = bed.h3load("--show", "--get", "/", *options).finish()
    return lines[0]["responses"][0]


def attributes(results, bed):
    change(bed, affinity="cookie",
           affinity_cookie={"name": "stay", "max_age": "1h", "path": "/app",
                            "same_site": "strict"})
    several_said = [dict(show(bed)["fields"]).get("set-cookie", "")
                    for _ in range(COOKIES)]
    said = several_said[0]
    results.figure(f"set-cookie: {said}")
    value, _semicolon, rest = said.partition("; ")
    results.check("cookie: its attributes are as configured",
                  value.startswith("stay=") and rest == "Path=/app; "
                  "Max-Age=3600; HttpOnly; Secure; SameSite=Strict", said)
    # A name of two letters is in one cookie of 30 by chance.
    results.check("cookie: it does not tell the backend",
                  not all(any(word in one for word in NAMES + ("127.0", "800"))
                          for one in several_said), str(several_said))
    change(bed, affinity_cookie={})


def resumed(bed, session, rounds=3):
    cookie, _backend, _terminator = session
    return ask(bed, 1, rounds, "--field", f"cookie:a=b; {cookie}")[0]


def honoured(results, what, bed, sessions):
    """Whether connections with these cookies get to their backends."""
    seen = [(one, resumed(bed, one)) for one in sessions]
    wrong = [(one[1], line["backends"], line["cookies_set"])
             for one, line in seen
             if list(line["backends"]) != [one[1]] or line["cookies_set"]]
    others = sum(one[2] != line["terminator"] for one, line in seen)
    results.check(f"cookie: {what}", not wrong, str(wrong[:3]))
    return others


def everywhere(results, bed, sessions):
    some = list(sessions.values())[:40]
    others = honoured(results, "any terminator honours it", bed, some)
    results.figure(f"cookie: {len(some)} sessions on new connections, "
                   f"{others} of them on another terminator")
    results.check("... also another than the one that set it", others > 10)
    bed.loader.end(signal.SIGINT)
    for process in bed.terminators.values():
        process.end(signal.SIGINT)
    bed.terminators.clear()
    bed.start_loader()
    for name in ("t1", "t2", "t3"):
        bed.start_terminator(name)
    bed.wait_for_live(3)
    honoured(results, "also after all programs were restarted", bed,
             some[:20])


def weight_nothing(results, bed, sessions):
    """The operator takes the weight: no new sessions; those that are stay."""
    bed.ctl("weight", "set", "b3", "0")
    own = [one for one in sessions.values() if one[1] == "b3"][:10]
    honoured(results, "weight 0 leaves sessions where they are", bed, own)
    fresh = homes(ask(bed, 60, 2, "--cookies"))
    results.check("... and brings no new ones", "b3" not in fresh.values(),
                  str(spread(fresh)))
    bed.ctl("weight", "set", "b3", "100")


def dies(results, bed):
    before = counts(bed)
    running = bed.h3load("--connections", "150", "--hold", "300",
                         "--interval", "200", "--get", "/bytes/100",
                         "--cookies", "--tolerant", "--timeout", "400")
    # Each has asked before b1 goes, and goes on when it is back.
    running.wait_for(lambda seen: sum(seen["by_backend"].values()) >= 600,
                     20, "requests")
    bed.backend_mode("b1", "refuse")
    # The breaker need not open: each session fails there but once.
    time.sleep(2)
    bed.backend_mode("b1", "ok")
    asked = sum(running.progress()["by_backend"].values())
    running.wait_for(lambda seen: sum(seen["by_backend"].values())
                     >= asked + 2000, 20, "more requests")
    running.hurry()
    lines = running.finish()
    summary = running.summary()
    moved = [one for one in lines if len(one["backends"]) > 1]
    had = [one for one in lines if "b1" in one["backends"]
           and len(one["backends"]) > 1]
    changes = gone(bed, before)
    results.figure(f"cookie: b1 is gone for a while: {len(moved)} of "
                   f"{len(lines)} sessions moved, "
                   f"{summary['requests_failed']} requests of "
                   f"{summary['requests']} failed; {changes}")
    results.check("cookie: sessions of a backend that is gone move once, and "
                  "stay there", moved and moved == had
                  and all(one["cookies_set"] == 2
                          and len(one["backends"]) == 2 for one in moved),
                  str([one["backends"] for one in moved][:3]))
    results.check("... the others do not", all(
        one["cookies_set"] == 1 for one in lines if one not in moved))
    results.check("... and the metrics say so",
                  changes == {"bound": len(lines), "moved": len(moved),
                              "invalid": 0}, str(changes))


def forged(results, bed, sessions):
    cookie, backend, _terminator = next(iter(sessions.values()))
    name, _equals, token = cookie.partition("=")
    other = next(one[0] for one in sessions.values() if one[1] != backend)
    bad = {
        "one character changed": f"{name}=" + token[:20]
                                 + ("A" if token[20] != "A" else "B")
                                 + token[21:],
        "cut": cookie[:-1],
        "longer": cookie + "A",
        "put together of two": f"{name}=" + token[:17]
                               + other.partition("=")[2][17:],
        "empty": f"{name}=",
        "not of ours": f"{name}=b1",
        "binary": f"{name}=" + "\u00ff" * 39,
    }
    for what, text in bad.items():
        before = counts(bed)
        line = ask(bed, 1, 1, "--field", f"cookie:{text}")[0]
        results.check(f"a cookie that is {what} is ignored, counted, replaced",
                      line["ok"] and line["cookies_set"] == 1
                      and gone(bed, before) == {"bound": 1, "moved": 0,
                                                "invalid": 1},
                      f"{line['failed']} {line['cookies_set']} "
                      f"{gone(bed, before)}")


def expired(results, bed):
    """By what the file says of the age now: a busy machine takes its time."""
    change(bed, affinity_cookie={"max_age": "1h"})
    cookie = ask(bed, 1, 1)[0]["cookie"]
    made = time.monotonic()
    line = ask(bed, 1, 2, "--field", f"cookie:{cookie}")[0]
    results.check("a young cookie is left as it is", line["cookies_set"] == 0)
    time.sleep(6)
    age = time.monotonic() - made
    change(bed, affinity_cookie={"max_age": f"{2 * age - 3:.0f}s"})
    before = counts(bed)
    line = ask(bed, 1, 1, "--field", f"cookie:{cookie}")[0]
    results.check("one with half its life behind it is renewed, and no more",
                  line["cookies_set"] == 1 and gone(bed, before) ==
                  {"bound": 0, "moved": 0, "invalid": 0},
                  f"{line['cookies_set']} {gone(bed, before)}")
    change(bed, affinity_cookie={"max_age": "4s"})
    before = counts(bed)
    line = ask(bed, 1, 1, "--field", f"cookie:{cookie}")[0]
    results.check("an old one is nothing", line["cookies_set"] == 1
                  and gone(bed, before)["invalid"] == 1,
                  str(gone(bed, before)))
    change(bed, affinity_cookie={})


def drained(results, bed, sessions):
    """A backend leaves the file while a session of it is busy: never without
    a request in progress, so that the backend is not given up."""
    entries = bed.settings["pools"][0]["backends"]
    cookie = next(one[0] for one in sessions.values() if one[1] == "b2")
    busy = bed.h3load("--connections", "8", "--rate", "8", "--hold", "300",
                      "--interval", "1", "--get", "/slow/900", "--field",
                      f"cookie:{cookie}", "--unchecked", "--timeout", "400")
    busy.wait_for(lambda seen: seen["by_backend"].get("b2", 0) >= 8, 20,
                  "sessions of b2")
    change(bed, backends=[one for one in entries if one["name"] != "b2"])
    wait_until(lambda: bed.rows()["b2"]["state"] == "draining", 5,
               "the backend to drain")
    fresh = homes(ask(bed, 30, 2, "--cookies"))
    busy.hurry()
    lines = busy.finish()
    results.check("cookie: a backend that drains keeps its sessions",
                  all(one["ok"] and list(one["backends"]) == ["b2"]
                      and one["cookies_set"] == 0 for one in lines),
                  str([(one["backends"], one["failed"]) for one in lines]))
    results.check("... and gets no new ones", "b2" not in fresh.values(),
                  str(spread(fresh)))
    wait_until(lambda: "b2" not in bed.rows(), 10, "its row to be given up")

    def elsewhere():
        """Terminators look for rows all 50 ms, or a bit later."""
        before = counts(bed)
        line = ask(bed, 1, 1, "--field", f"cookie:{cookie}")[0]
        return None if "b2" in line["backends"] else (before, line)

    before, line = wait_until(elsewhere, 5, "terminators to know")
    then = ask(bed, 1, 5, "--field", f"cookie:{line['cookie']}")[0]
    results.check("... until it is gone: then they move once",
                  line["ok"] and "b2" not in line["backends"]
                  and line["backends"].keys() == then["backends"].keys()
                  and line["cookies_set"] == 1 and then["cookies_set"] == 0
                  and gone(bed, before)["moved"] == 1,
                  f"{line['backends']} {then['backends']} "
                  f"{gone(bed, before)}")


def affinity(results):
    pools = [{"name": "web", "drain_timeout": "60s",
              "breaker": {"consecutive_failures": 3, "open_time": "1s",
                          "half_open_requests": 3, "window": "1s"}}]
    with ConfiguredBed(backends=NAMES, pools=pools, terminators=3) as bed:
        client_ip(results, bed)
        header_moves(results, bed, header(results, bed))
        attributes(results, bed)
        sessions = cookies(results, bed)
        everywhere(results, bed, sessions)
        weight_nothing(results, bed, sessions)
        forged(results, bed, sessions)
        expired(results, bed)
        dies(results, bed)
        drained(results, bed, sessions)


tap.run(affinity)
