#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What terminator.limits allows: each limit is met by real clients (h3load,
libcurl, octets made by hand), is counted by its reason, and is changed by a
reload."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import client, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from h3frames import DATA, Script, frame, request  # noqa: E402
from process import wait_until  # noqa: E402

MIB = 1 << 20
REJECTED = 0x10b


class LimitsBed(ConfiguredBed):
    def __init__(self):
        super().__init__(backends=("b1",), terminators=1)
        self.counted = {}

    def limit(self, **limits):
        """Has these limits, and the defaults, hold from now on."""
        self.settings["terminator"]["limits"] = limits
        status, said = self.reload()
        if status:
            raise RuntimeError(f"reload: {said}")

    def h3raw(self, script):
        return script.run(self.network.client.enter(client("h3raw"),
                                                    self.target()))["streams"]

    def news(self, counter):
        """How much a counter grew since it was asked for last."""
        before = self.counted.get(counter, 0)
        self.counted[counter] = self.total(counter)
        return self.counted[counter] - before


def whole(script, name, octets):
    script.add("open", name).send(name, octets)
    return script.add("end", name).add("await", name)


def sizes(results, bed):
    bed.limit(header_fields=16, header_size=2048, uri_length=100, body_mib=1)
    script = Script().begin()
    many = [(f"x-{number}", "v") for number in range(17)]
    whole(script, "fields-16", request(more=many[:16]))
    whole(script, "fields-17", request(more=many))
    whole(script, "section-1800", request(more=[("x-a", "b" * 1600)]))
    whole(script, "section-2100", request(more=[("x-a", "b" * 2000)]))
    whole(script, "uri-100", request(path="/echo?" + "q" * 94))
    whole(script, "uri-101", request(path="/echo?" + "q" * 95))
    wanted = {"fields-16": 200, "fields-17": 431, "section-1800": 200,
              "section-2100": 431, "uri-100": 200, "uri-101": 414}
    seen = {name: stream["status"]
            for name, stream in bed.h3raw(script).items() if name in wanted}
    results.equal("header fields, header size, URI: at the limit and over it",
                  seen, wanted)
    results.equal("counted: limit_header, limit_uri",
                  (bed.news("limit_header"), bed.news("limit_uri")), (2, 1))
    with Asker(bed) as ask:
        results.equal("libcurl gets 414", ask("/" + "x" * 200).status, 414)


def bodies(results, bed):
    script = Script().begin()
    script.add("open", "big").send("big", request(
        "POST", more=[("content-length", str(MIB + 1))]))
    script.add("await", "big")
    big = bed.h3raw(script)["big"]
    results.equal("Content-Length over the limit: 413 before any of it comes",
                  big["status"], 413)
    for name, size, status in (("at", MIB, 200), ("over", MIB + 1, 413)):
        lines = bed.h3load("--upload", f"/upload={size}", "--trailers",
                           "--status", str(status), "--unchecked").finish()
        results.check(f"a body without Content-Length, {name} the limit: "
                      f"{status}", len(lines) == 1 and lines[0]["ok"],
                      str(reasons(lines)))
    results.equal("counted: limit_body", bed.news("limit_body"), 2)


def until_refused(ask):
    """Answers up to the first that is no 200; what comes by the second may be
    served before."""
    answers = [ask("/bytes/10")]
    while answers[-1].status == 200 and len(answers) < 100:
        answers.append(ask("/bytes/10"))
    return answers


def rates(results, bed):
    bed.limit(client_requests=1, client_burst=10)
    began = time.monotonic()
    load = bed.h3load("--tolerant", *["--get", "/bytes/10"] * 30)
    load.finish()
    passed = time.monotonic() - began
    good = load.summary()["requests"]
    results.check("30 requests at once: 10 pass, and what comes by the second",
                  10 <= good <= 10 + passed, f"{good} passed in {passed} s")
    other = bed.h3load("--get", "/bytes/10", family=6).finish()
    results.check("another client is not touched", other[0]["ok"],
                  str(reasons(other)))
    with Asker(bed) as ask:
        answer = until_refused(ask)[-1]
        began = time.monotonic()
        results.equal("libcurl gets 429 with Retry-After",
                      (answer.status, answer.fields.get("retry-after")),
                      (429, "1"))
        time.sleep(2.2)
        seen = [one.status for one in until_refused(ask)]
        passed = time.monotonic() - began
        results.check("and is served after that, once a second",
                      seen == [200] * (len(seen) - 1) + [429]
                      and 2 <= len(seen) - 1 <= passed + 1,
                      f"{seen} in {passed} s")
    results.equal("counted: limit_client_requests",
                  bed.news("limit_client_requests"), 30 - good + 2)


def connections(results, bed):
    bed.limit(client_connections=5)
    held = bed.h3load("--connections", "8", "--rate", "50", "--hold", "200",
                      "--interval", "60000", "--get", "/bytes/10")
    seen = held.wait_for(lambda now: now["open"] + now["ended"] == 8
                         and now["ended"] == 3, 10, "5 of 8 connections")
    results.equal("5 of 8 connections stay", (seen["open"], seen["ended"]),
                  (5, 3))
    results.equal("counted: limit_client_connections",
                  bed.news("limit_client_connections"), 3)
    other = bed.h3load("--get", "/bytes/10", family=6).finish()
    results.check("another client may connect", other[0]["ok"],
                  str(reasons(other)))
    held.stop()
    held.finish()

    def free():
        lines = bed.h3load("--get", "/bytes/10").finish()
        return lines[0]["ok"]

    results.check("when they are gone, there is room again",
                  wait_until(free, 10, "a connection"))


def lives(results, bed):
    bed.limit(connection_requests=20)
    load = bed.h3load("--rounds", "60", "--interval", "50", "--get",
                      "/bytes/10")
    lines = load.finish()
    results.check("60 requests over connections of about 20: none is lost",
                  lines[0]["ok"] and lines[0]["requests"] == 60,
                  str(reasons(lines)))
    results.check("GOAWAY ended a connection", lines[0]["goaways"] >= 1,
                  str(lines[0]["goaways"]))
    results.check("counted: limit_connection_requests",
                  bed.news("limit_connection_requests") >= 1, "none")


def slow_senders(results, bed):
    bed.limit(header_timeout="2s", body_timeout="2s", body_minimum_rate=2000)
    head = request("POST", "/upload", more=[("content-length", "5000")])
    script = Script().begin()
    script.add("open", "octet").send("octet", b"\1")
    script.add("open", "half").send("half", head[:len(head) // 2])
    script.add("open", "body").send("body", head + frame(DATA, b"x", 5000))
    script.add("open", "drip").send("drip", head + frame(DATA, b"", 5000))
    for _ in range(30):
        script.send("drip", b"x" * 100).add("flush").add("wait", 100)
    for name in ("octet", "half", "body", "drip"):
        script.add("await", name)
    seen = bed.h3raw(script)
    results.equal("a header section that does not end: the stream is reset",
                  [seen[name]["code"] for name in ("octet", "half")],
                  [REJECTED, REJECTED])
    results.equal("a body that does not come: 408", seen["body"]["status"],
                  408)
    results.equal("1000 octets a second: 408", seen["drip"]["status"], 408)
    fast = bed.h3load("--upload", "/upload=100000", "--pace",
                      "20000").finish()
    results.check("20000 octets a second, for five seconds: served",
                  fast[0]["ok"], str(reasons(fast)))
    results.equal("counted: limit_slow_header, limit_slow_body",
                  (bed.news("limit_slow_header"), bed.news("limit_slow_body")),
                  (2, 2))
    wait_until(lambda: not bed.live()["t1"]["counters"]["requests_open"], 5,
               "the end of all requests")
    results.check("nothing is left of them", True)


def streams(results, bed):
    bed.limit(streams=5)
    load = bed.h3load(*["--get", "/bytes/200000"] * 20, "--pace", "400000")
    most = 0
    while load.popen.poll() is None:
        row = bed.live()["t1"]["counters"]
        most = max(most, row["requests_open"])
        if most >= 5:
            load.hurry()
    lines = load.finish()
    results.check("20 requests where 5 may be under way: all are served",
                  lines[0]["ok"] and lines[0]["requests"] == 20,
                  str(reasons(lines)))
    results.check("and no more than 5 are", 0 < most <= 5, str(most))


def limits(results):
    with LimitsBed() as bed:
        for part in (connections, sizes, bodies, rates, lives,
                     slow_senders, streams):
            part(results, bed)


tap.run(limits)
