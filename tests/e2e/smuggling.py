#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Malformed requests and responses, by hand-made octets on both sides. A
malformed request resets its stream before an octet of it goes upstream, and the
connection goes on; a malformed response never gets through as a good one, and
its connection is never used again."""

import os
import sys
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import request_cases  # noqa: E402
import response_cases  # noqa: E402
import tap  # noqa: E402
from bed import BACKENDS, Bed, client, program  # noqa: E402
from h3frames import DATA, Script, frame, request  # noqa: E402
from process import wait_until  # noqa: E402

H3_NO_ERROR = 0x100
CONTROL = "127.0.0.1:9001"
GOOD = "/health?good"


class RawBed(Bed):
    """One terminator before a backend that records what it gets."""

    def __init__(self):
        super().__init__(terminators=1, nginx=False)

    def _backends(self):
        self.backend = self.spawn(
            "backend", self.network.server,
            [program("quicsteer-backend"), "--listen", BACKENDS[0], "--name",
             "b1", "--control", CONTROL])
        wait_until(lambda: "listening" in self.backend.log(), 5,
                   "quicsteer-backend")

    def received(self, method="GET"):
        """What the backend got since the last "DELETE"."""
        def ask():
            url = f"http://{CONTROL}/received"
            wanted = urllib.request.Request(url, method=method)
            with urllib.request.urlopen(wanted, timeout=5) as answer:
                return answer.read()

        return self.network.server.call(ask)

    def h3raw(self, script):
        return script.run(self.network.client.enter(client("h3raw"),
                                                    self.target()))


def append_good(script):
    script.add("open", "good").send("good", request(path=GOOD))
    return script.add("end", "good").add("await", "good")


def whole_requests(text):
    """How many requests the octets hold from their first to their last."""
    count = 0
    while b"\r\n\r\n" in text:
        head, text = text.split(b"\r\n\r\n", 1)
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        if b"transfer-encoding" in fields:
            while True:
                size, mark, text = text.partition(b"\r\n")
                if not mark:
                    return count
                if int(size, 16) == 0:
                    break
                text = text[int(size, 16) + 2:]
            if not text.startswith(b"\r\n") and b"\r\n\r\n" not in text:
                return count
            text = text[2:] if text.startswith(b"\r\n") \
                else text.split(b"\r\n\r\n", 1)[1]
        length = int(fields.get(b"content-length", 0))
        if len(text) < length:
            return count
        text = text[length:]
        count += 1
    return count


def fault_of_answer(case, seen):
    """What is wrong with the answer to a request, or None."""
    stream = seen["streams"]["r"]
    if case.closed:
        return None if seen["close_code"] == case.closed \
            else f"closed with {seen['close_code']}, {seen['failed']}"
    if seen["failed"] or seen["timed_out"]:
        return f"the connection: {seen['failed'] or 'no answer'}"
    if case.refused:
        good = stream["status"] in (0, 431) and \
            (stream["code"] is not None or stream["status"])
    elif case.status:
        good = stream["status"] == case.status and stream["ended"] \
            and not stream["wrong"]
    else:
        good = stream["code"] == case.reset and stream["status"] == 0
    if not good:
        return str({key: stream[key] for key in
                    ("status", "code", "ended", "wrong")})
    if seen["streams"]["good"]["status"] != 200:
        return "the connection did not go on"
    return None


def fault_of_backend(case, received):
    """What is wrong with what the backend got of a request, or None."""
    if not case.closed:
        at = received.rfind(b"GET " + GOOD.encode() + b" HTTP/1.1\r\n")
        if at < 0:
            return "the good request did not get there"
        if received.find(GOOD.encode()) < at:
            return "the good request came twice"
        received = received[:at]
    if b"smuggled HTTP" in received:
        return f"smuggled: {received}"
    if case.status:
        if case.backend not in received or \
                (case.absent and case.absent in received):
            return f"the backend got {received}"
    elif received and (not case.begun or whole_requests(received)):
        return f"the backend got {received}"
    return None


def try_request(bed, case):
    bed.received("DELETE")
    script = Script()
    if case.script is not request_cases.blocked_section:
        script.begin()
    case.script(script)
    if not case.closed:
        append_good(script)
    seen = bed.h3raw(script)
    return fault_of_answer(case, seen) or fault_of_backend(case,
                                                           bed.received())


def response_script(case):
    script = Script().begin().add("open", "r")
    script.send("r", request(case.method, case.path()))
    if case.data:
        script.send("r", frame(DATA, case.data)).add("flush")
        script.add("await", "r").send("r", frame(DATA, case.data))
    script.add("end", "r").add("await", "r")
    if case.how == "late":
        script.add("wait", 1000)
    return append_good(script)


def fault_of_response(case, seen):
    stream = seen["streams"]["r"]
    if seen["failed"] or seen["timed_out"]:
        return f"the connection: {seen['failed'] or 'no answer'}"
    # A fault that comes with the head may show before the head is sent.
    if stream["status"] != case.status and \
            not (case.reset and stream["code"] and stream["status"] == 0):
        return f"status {stream['status']}, {stream['code']}"
    # Who is answered early is told to stop sending (RFC 9114, 4.1).
    stopped = case.how == "early" and stream["code"] == H3_NO_ERROR
    broke_off = stream["code"] is not None and not stopped
    if case.reset != broke_off:
        return "broke off" if broke_off else "did not break off"
    if not case.reset and not stream["ended"]:
        return "did not end"
    if case.body is not None and stream["body"] != case.body:
        return f"body {stream['body']!r}"
    if seen["streams"]["good"]["status"] != 200:
        return "the connection did not go on"
    return None


def try_response(bed, case):
    """The good request of the case before has left an idle connection, which
    this case's request takes."""
    before = bed.total("upstream_connects")
    seen = bed.h3raw(response_script(case))
    fault = fault_of_response(case, seen)
    if fault:
        return fault
    opened = bed.total("upstream_connects") - before
    if case.reused and opened:
        return "the connection to the backend was not used again"
    if not case.reused and not opened:
        return "the connection to the backend was used again"
    return None


def expected(case):
    """What a request must lead to, in short."""
    if case.closed:
        return "connection closed"
    if case.refused:
        return "too large"
    return f"stream reset with {case.reset:#x}" if case.reset else "an answer"


def expected_of_response(case):
    if case.reset:
        return "stream reset"
    return "502" if case.status == 502 else "an answer"


def summary(groups, label):
    counts = {}
    for make in groups.values():
        for case in make():
            counts[label(case)] = counts.get(label(case), 0) + 1
    return ", ".join(f"{name}: {count}" for name, count in counts.items())


def malformed():
    return sum(case.reset == request_cases.MESSAGE_ERROR
               for make in request_cases.GROUPS.values() for case in make())


def run_groups(results, what, groups, attempt):
    """Returns how many cases there were."""
    total = 0
    for group, make in groups.items():
        cases = make()
        faults = [(case.name, fault) for case in cases
                  for fault in [attempt(case)] if fault]
        total += len(cases)
        for name, fault in faults:
            results.figure(f"{what}, {group}: {name}: {fault}")
        results.check(f"{what}, {group}: {len(cases)} cases", not faults,
                      f"{len(faults)} are wrong")
    return total


def smuggling(results):
    with RawBed() as bed:
        bed.h3raw(append_good(Script().begin()))
        requests = run_groups(results, "requests", request_cases.GROUPS,
                              lambda case: try_request(bed, case))
        results.equal("malformed requests that the terminator counted",
                      bed.total("requests_malformed"), malformed())
        responses = run_groups(results, "responses", response_cases.GROUPS,
                               lambda case: try_response(bed, case))
        results.figure("requests: "
                       + summary(request_cases.GROUPS, expected))
        results.figure("responses: " + summary(response_cases.GROUPS,
                                               expected_of_response))
        results.figure(f"{requests} requests and {responses} responses, "
                       f"{bed.total('streams_reset_by_us')} streams reset")
        results.check("at least 60 requests and 20 responses",
                      requests >= 60 and responses >= 20,
                      f"{requests} and {responses}")


tap.run(smuggling)
