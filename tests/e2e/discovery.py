#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Backends that are host names: their addresses come and go with the answers of
a name server, and stay when it fails."""

import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

NAME, PORT = "api.test", 8001
ROWS = 256  # QS_MAX_BACKENDS
POOL = {"name": "web", "resolve_interval": "1s",
        "backends": [{"name": "api", "url": f"http://{NAME}:{PORT}"}]}


def address(number):
    return f"127.0.1.{number}"


def row_name(one):
    return f"api@[{one}]:{PORT}" if ":" in one else f"api@{one}:{PORT}"


def identities(bed):
    return {name: (row["id"], row["state"])
            for name, row in bed.rows().items()}


def has_rows(bed, addresses, state="active"):
    """Whether exactly these addresses have rows of that state."""
    rows = {name for name, row in bed.rows().items() if row["state"] == state}
    return rows == {row_name(one) for one in addresses}


def becomes(results, bed, what, addresses, seconds=5):
    begin = time.monotonic()
    try:
        wait_until(lambda: has_rows(bed, addresses), seconds, what)
    except TimeoutError:
        results.check(what, False, f"{list(bed.rows())}")
        return
    results.figure(f"{what}: {time.monotonic() - begin:.2f} s")
    results.check(what, True)


def scaling(results, bed):
    five = [address(number) for number in range(1, 6)]
    bed.names.set(NAME, *five)
    becomes(results, bed, "1 to 5 addresses", five)
    kept = bed.rows()[row_name(five[0])]["id"]
    rows = bed.rows().values()
    results.check("each has its share", all(row["effective"] == 100
                                            for row in rows), f"{rows}")
    bed.names.set(NAME, five[0])
    becomes(results, bed, "5 to 1 address", five[:1])
    try:
        wait_until(lambda: len(bed.rows()) == 1, 5, "rows to be given up")
    except TimeoutError:
        pass
    results.equal("those that are gone give up their rows", list(bed.rows()),
                  [row_name(five[0])])
    results.equal("the one that stays keeps its own",
                  bed.rows()[row_name(five[0])]["id"], kept)


def both_families(results, bed):
    both = [address(1), "::1"]
    bed.names.set(NAME, *both)
    becomes(results, bed, "A and AAAA records", both)


def failures(results, bed):
    before = identities(bed)
    log = len(bed.healthd.log())
    for what, fail in (("an answer of failure", lambda: bed.names.fail()),
                       ("no such name", lambda: bed.names.set(NAME))):
        fail()
        queries = bed.names.queries
        wait_until(lambda: bed.names.queries > queries + 6, 20, "queries")
        results.equal(f"{what} changes nothing", identities(bed), before)
        bed.names.fail(False)
    messages = [line for line in bed.healthd.log()[log:].splitlines()
                if "cannot look up" in line]
    results.check("one message, not one each time", len(messages) == 1 and
                  NAME in messages[0], f"{messages}")


def restart_without_names(results, bed):
    """The name is still not found."""
    before = identities(bed)
    bed.healthd.end(signal.SIGKILL)
    bed.start_healthd()
    wait_until(lambda: "cannot look up" in bed.healthd.log(), 15, "a lookup")
    time.sleep(1)
    results.equal("a healthd that finds no name keeps the last addresses",
                  identities(bed), before)
    bed.names.set(NAME, address(7))
    becomes(results, bed, "found again", [address(7)], 8)
    results.check("which is said", "is found again" in bed.healthd.log(),
                  bed.healthd.log())


def active_rows(bed):
    return [name for name, row in bed.rows().items()
            if row["state"] == "active"]


def another_name(results, bed):
    bed.settings["pools"][0]["backends"].append(
        {"name": "more", "url": f"http://more.test:{PORT}"})
    bed.names.set("more.test", *(address(number) for number in range(1, 21)))
    status, text = bed.reload()
    if status:
        raise RuntimeError(text)
    try:
        wait_until(lambda: len(active_rows(bed)) == 21, 6, "rows")
    except TimeoutError:
        pass
    results.equal("a name that is added by a reload is looked up",
                  len(active_rows(bed)), 21)


def too_many(results, bed):
    """Nearly all rows by numeric addresses, the rest by a name that has 20. The
    rows of what was before come free only after a while."""
    pool = bed.settings["pools"][0]
    before = pool["backends"]
    pool["backends"] = [
        {"name": f"b{number}", "url": f"http://127.1.1.{number}:80"}
        for number in range(1, ROWS - 3)] + before[-1:]
    status, text = bed.reload()
    if status:
        raise RuntimeError(text)
    try:
        wait_until(lambda: len(active_rows(bed)) == ROWS, 6, "rows")
    except TimeoutError:
        pass
    results.equal("there are as many rows as fit", len(active_rows(bed)), ROWS)
    results.check("what does not fit is said",
                  "16 backends do not fit" in bed.healthd.log(),
                  bed.healthd.log()[-600:])
    pool["backends"] = before
    bed.reload()


def ends_while_looking_up(results, bed):
    def no_answer(_query):
        raise OSError("this ends the server's thread")

    bed.names.answer = no_answer
    time.sleep(2.5)  # one is under way then, which takes 10 s, twice
    begin = time.monotonic()
    results.equal("SIGTERM ends it although no name server answers",
                  bed.healthd.end(signal.SIGTERM), 0)
    took = time.monotonic() - begin
    results.check("and at once", took < 5, f"{took:.2f} s")


def discovery(results):
    with ConfiguredBed(backends=(), pools=[POOL], terminators=0,
                       names={NAME: [address(1)]}) as bed:
        becomes(results, bed, "the first address", [address(1)])
        scaling(results, bed)
        both_families(results, bed)
        failures(results, bed)
        restart_without_names(results, bed)
        another_name(results, bed)
        too_many(results, bed)
        ends_while_looking_up(results, bed)


tap.run(discovery)
