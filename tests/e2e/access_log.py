#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The access log: each field of a line says what happened; any request makes
one line, and lines are JSON; rotation under load loses none; a pipe that nobody
reads holds up no request; what was in the buffer is written at the end."""

import datetime
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import PORT, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

MILLISECOND = datetime.timedelta(milliseconds=1)
ROUNDS = 1500  # of each of 4 connections
SEEN_FROM = "10.77.1.1"  # the client, behind the NAT
KEYS = ["time", "client", "method", "authority", "path", "protocol",
        "early_data", "status", "end", "bytes_received", "bytes_sent",
        "terminator", "pool", "backend", "backend_address", "queue_us",
        "connect_us", "first_byte_us", "total_us", "retries", "request_id",
        "user_agent", "referer"]
COMBINED = re.compile(
    r'^(\S+) - - \[(\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000)\] '
    r'"(\S+) (\S+) (HTTP/\S+)" (\d{3}) (\d+|-) "((?:[^"\\]|\\.)*)" '
    r'"((?:[^"\\]|\\.)*)"$')


class AccessBed(ConfiguredBed):
    def _default_settings(self):
        os.makedirs(self.path("logs"))
        os.chmod(self.path("logs"), 0o777)
        self.log = self.path("logs/access.log")
        self.sections = {
            "terminator": {"access_log": {"file": self.log}},
            "routes": [
                {"path": "/fixed", "respond": {"status": 403,
                                               "body": "no\n"}},
                {"path": "/dead", "pool": "dead"},
                {"path": "/half", "pool": "half"},
                {"path": "/none/", "redirect": {"to": "/x"}},
                {"host": "localhost", "pool": "web"}]}
        settings = super()._default_settings()
        settings["pools"] += [
            {"name": "dead", "backends": [
                {"name": "dead-1", "url": "http://127.0.0.1:9"}]},
            {"name": "half", "balance": "round-robin", "backends": [
                {"name": "half-1", "url": "http://127.0.0.1:9"},
                {"name": "half-2", "url": "http://127.0.0.1:10"}]}]
        return settings

    def lines(self, path=None):
        try:
            with open(path or self.log, encoding="utf-8") as file:
                return file.read().splitlines()
        except FileNotFoundError:
            return []

    def await_lines(self, count):
        wait_until(lambda: len(self.lines()) >= count, 5, f"{count} lines")
        return self.lines()


def by_hand(bed, octets, port):
    """What the terminator says to these octets over TCP, in the clear."""
    def talk():
        with socket.create_connection((VIP[4], port), 10) as plain:
            plain.sendall(octets)
            answer = b""
            while True:
                piece = plain.recv(65536)
                if not piece:
                    return answer.decode("latin-1")
                answer += piece

    return bed.network.client.call(talk)


def own_answers(results, bed):
    """Those of the HTTP/1.1 front, which knows no route for them yet."""
    agent = "Host: a.test\r\nUser-Agent: by-hand\r\n"
    for name, port, head, status, seen in (
            ("plain HTTP at the port of TLS", PORT,
             f"GET /x?y HTTP/1.1\r\n{agent}\r\n", 308,
             ("GET", "a.test", "/x?y", "by-hand")),
            ("two Content-Length", PORT,
             f"POST /two HTTP/1.1\r\n{agent}Content-Length: 1\r\n"
             "Content-Length: 2\r\n\r\n", 400,
             ("POST", "a.test", "/two", "by-hand")),
            ("a target that is too long", PORT,
             f"GET /{'x' * 40000} HTTP/1.1\r\n{agent}\r\n", 414,
             ("GET", None, "/" + "x" * 4095, None)),
            ("no HTTP", PORT, "GET \r\n\r\n", 400,
             ("GET", None, None, None))):
        answer, line = one_line(bed, lambda o=head.encode(), p=port:
                                by_hand(bed, o, p))
        results.check(f"an answer of the front itself: {name}",
                      answer.startswith(f"HTTP/1.1 {status} ")
                      and list(line) == KEYS
                      and (line["status"], line["end"], line["protocol"],
                           line["client"]) ==
                      (status, "complete", "HTTP/1.1", SEEN_FROM)
                      and (line["method"], line["authority"],
                           line["path"], line["user_agent"]) == seen
                      and line["bytes_sent"] > 0, f"{line} {answer[:100]}")


def one_line(bed, action):
    """What action() returns, and the line it makes."""
    before = len(bed.lines())
    answer = action()
    lines = bed.await_lines(before + 1)
    assert len(lines) == before + 1, lines[before:]
    return answer, json.loads(lines[-1])


def check_line(results, name, line, **wanted):
    seen = {key: line.get(key) for key in wanted}
    results.check(name, seen == wanted, f"{line} instead of {wanted}")


def what_happened(results, bed, ask):
    began = datetime.datetime.now(datetime.timezone.utc)
    _, line = one_line(bed, lambda: ask(
        "/bytes/70000?q=1&r=%20", user_agent='a "b"\\', referer="https://x/"))
    ended = datetime.datetime.now(datetime.timezone.utc)
    results.equal("the keys", list(line), KEYS)
    when = datetime.datetime.fromisoformat(line["time"].replace("Z", "+00:00"))
    results.check("the time is of the request, with milliseconds, in UTC",
                  began - MILLISECOND <= when <= ended and
                  re.fullmatch(r"[-0-9]{10}T[:0-9]{8}\.\d{3}Z", line["time"]),
                  f"{line['time']} {began}")
    check_line(results, "a request to a backend", line, client=SEEN_FROM,
               method="GET", authority="localhost",
               path="/bytes/70000?q=1&r=%20", protocol="HTTP/3.0",
               early_data=False, status=200, end="complete",
               bytes_received=0, bytes_sent=70000, terminator="t1",
               pool="web", backend="b1", backend_address=bed.addresses["b1"],
               retries=0, user_agent='a "b"\\', referer="https://x/")
    results.check("the connection was made: all times are there",
                  0 <= line["queue_us"] and 0 < line["connect_us"] and
                  line["queue_us"] + line["connect_us"] <
                  line["first_byte_us"] <= line["total_us"], line)
    _, line = one_line(bed, lambda: ask("/upload", "POST", body="x" * 5000))
    results.check("a kept connection takes no time",
                  line["connect_us"] < 100000, line)
    check_line(results, "a request with a body", line, method="POST",
               bytes_received=5000, referer=None)
    _, line = one_line(bed, lambda: ask("/slow/300"))
    results.check("the time of the first octet is the backend's",
                  line["queue_us"] + 290000 <= line["first_byte_us"] <=
                  line["total_us"], line)
    _, line = one_line(bed, lambda: ask("/drip/5/400"))
    # Of 1.6 s; the first octet may be seen late.
    results.check("the whole time is the body's",
                  line["first_byte_us"] + 400000 <= line["total_us"] and
                  line["total_us"] >= 1600000, line)
    _, line = one_line(bed, lambda: ask("/", "HEAD"))
    check_line(results, "HEAD", line, method="HEAD", bytes_sent=0, status=200)
    answer, line = one_line(bed, lambda: ask("/"))
    results.check("the backend got the request ID of the line",
                  line["request_id"] and line["request_id"] in answer.body,
                  f"{line['request_id']} {answer}")


def without_backends(results, bed, ask):
    _, line = one_line(bed, lambda: ask("/fixed"))
    check_line(results, "an answer of our own", line, status=403,
               end="complete", bytes_sent=3, pool=None, backend=None,
               backend_address=None, queue_us=None, connect_us=None,
               retries=0)
    _, line = one_line(bed, lambda: ask("/x", host="other.test"))
    check_line(results, "no route", line, status=404, pool=None,
               authority="other.test", end="complete")
    _, line = one_line(bed, lambda: ask("/dead"))
    check_line(results, "a backend that is not there", line, status=502,
               pool="dead", backend="dead-1", backend_address="127.0.0.1:9",
               connect_us=None)
    _, line = one_line(bed, lambda: ask("/half"))
    check_line(results, "attempts at two backends", line, status=502,
               pool="half", retries=1)


def ends(results, bed, ask):
    _, line = one_line(bed, lambda: ask("/broken/1000"))
    check_line(results, "a backend that breaks off", line, status=200,
               end="broken", backend="b1")
    with Asker(bed) as other:
        def leave():
            other.popen.stdin.write(json.dumps({
                "url": f"https://localhost:{PORT}/hang", "http": 3,
                "connect": f"{VIP[4]}:{PORT}",
                "ca": bed.path("cert.pem")}).encode() + b"\n")
            other.popen.stdin.flush()
            wait_until(lambda: bed.backend_mode("b1")["requests"] > seen, 5,
                       "the request")
            other.popen.terminate()
            os.kill(bed.terminators["t1"].pid, signal.SIGSTOP)
            os.kill(bed.terminators["t1"].pid, signal.SIGCONT)
            bed.reload()
        seen = bed.backend_mode("b1")["requests"]
        bed.settings["terminator"]["idle_timeout"] = "1s"
        bed.reload()
        _, line = one_line(bed, leave)
    check_line(results, "a client that leaves", line, status=None,
               end="cancelled", backend="b1", first_byte_us=None)
    del bed.settings["terminator"]["idle_timeout"]
    bed.reload()


def octets(results, bed, ask):
    before = len(bed.lines())
    agents = ["\u20ac \U0001f600", "\x80\xff\xc3", "tab\there", "'\"\\/",
              "</script>", "%n%s"]
    for agent in agents:
        ask("/fixed", user_agent=agent)
    lines = [json.loads(line) for line in
             bed.await_lines(before + len(agents))[before:]]
    results.equal("User-Agents come through as they are",
                  [line["user_agent"] for line in lines], agents)
    long = "/fixed?" + "x" * 9000
    _, line = one_line(bed, lambda: ask(long))
    results.equal("long paths are cut", line["path"], long[:4096])


def formats(results, bed, ask):
    bed.settings["terminator"]["access_log"]["format"] = "combined"
    bed.reload()
    before = len(bed.lines())
    ask("/fixed?x", user_agent='q"\\\u00e9', referer="r")
    ask("/fixed", "HEAD")
    lines = bed.await_lines(before + 2)[before:]
    seen = [COMBINED.match(line) for line in lines]
    results.check("combined", all(seen) and
                  seen[0].groups()[2:] ==
                  ("GET", "/fixed?x", "HTTP/3.0", "403", "3", "r",
                   'q\\"\\\\\\xc3\\xa9') and seen[0].group(1) == SEEN_FROM
                  and seen[1].group(7) == "-", lines)
    bed.settings["terminator"]["access_log"] = {"format": "none"}
    bed.reload()
    before = len(bed.lines())
    ask("/fixed")
    bed.settings["terminator"]["access_log"] = {"file": bed.log,
                                                "sample": "10%"}
    bed.reload()
    for _ in range(100):
        ask("/fixed")
    bed.await_lines(before + 10)
    time.sleep(0.3)
    results.equal("none, then a tenth", len(bed.lines()) - before, 10)
    bed.settings["terminator"]["access_log"] = {"file": "/nonexistent/log"}
    status, said = bed.reload()
    results.check("a file that cannot be: refused, nothing changes",
                  status != 0 and "/nonexistent/log: cannot be opened" in said,
                  said)
    bed.settings["terminator"]["access_log"] = {"file": bed.log}
    bed.reload()


def rotation(results, bed):
    for name in os.listdir(bed.path("logs")):
        os.unlink(bed.path(f"logs/{name}"))
    pid = bed.terminators["t1"].pid
    os.kill(pid, signal.SIGUSR1)
    wait_until(lambda: os.path.exists(bed.log), 5, "the new file")
    load = bed.h3load("--connections", "4", "--get", "/bytes/10", "--rounds",
                      str(ROUNDS), "--continuous")
    rotated = 0
    while load.popen.poll() is None and rotated < 50:
        rotated += 1
        os.rename(bed.log, bed.path(f"logs/{rotated}"))
        os.kill(pid, signal.SIGUSR1)
        wait_until(lambda: os.path.exists(bed.log), 5, "the new file")
        time.sleep(0.05)
    report = reasons(load.finish(60))

    def logged():
        return [line for name in os.listdir(bed.path("logs"))
                for line in bed.lines(bed.path(f"logs/{name}"))]

    try:
        wait_until(lambda: len(logged()) >= 4 * ROUNDS, 5, "all lines")
    except TimeoutError:
        pass  # what comes next says how many there are
    lines = [json.loads(line) for line in logged()]
    good = sum(line["status"] == 200 and line["path"] == "/bytes/10"
               for line in lines)
    results.check(f"{rotated} rotations under load lose no line",
                  rotated > 3 and good == len(lines) == 4 * ROUNDS,
                  f"{good} of {len(lines)} lines, {report}")


def blocked_pipe(results, bed):
    bed.terminators["t1"].end(signal.SIGTERM)
    bed.settings["terminator"]["access_log"] = {"file": "-"}
    bed.write_config()
    read, write = os.pipe()
    command = bed.network.server.enter(
        "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
        "--pdeathsig=KILL", "--", *bed.terminator_command("t1"))
    with open(bed.path("t1.err"), "wb") as err:
        popen = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                 stdout=write, stderr=err)
    os.close(write)
    bed.terminators.clear()
    try:
        wait_until(lambda: "t1" in bed.live(), 10, "t1")
        load = bed.h3load("--connections", "4", "--get",
                          "/fixed?" + "x" * 200, "--status", "403",
                          "--rounds", str(ROUNDS), "--continuous")
        failed = reasons(load.finish(60))
        results.check("a pipe that nobody reads holds up no request",
                      load.popen.returncode == 0, failed)
        dropped = 0

        def settled():
            nonlocal dropped
            old, dropped = dropped, bed.total("access_log_dropped")
            time.sleep(0.3)
            return old == dropped and dropped
        wait_until(settled, 10, "the count")
        popen.terminate()
        data = b""
        while True:
            piece = os.read(read, 65536)
            if not piece:
                break
            data += piece
        status = popen.wait(60)
        # Those that it gave up at its end, on a very busy machine.
        dropped = max(dropped, bed.total("access_log_dropped"))
        lines = [json.loads(line) for line in data.splitlines()]
        results.check("lines are whole, those that are not there are counted",
                      len(lines) + dropped == 4 * ROUNDS and dropped > 0,
                      f"{len(lines)} + {dropped}")
        results.equal("it ends well", status, 0)
    finally:
        os.close(read)
        if popen.poll() is None:
            popen.kill()
            popen.wait()


def scenario(results):
    with AccessBed(backends=("b1",), terminators=1) as bed:
        with Asker(bed) as ask:
            what_happened(results, bed, ask)
            without_backends(results, bed, ask)
            octets(results, bed, ask)
            formats(results, bed, ask)
            ends(results, bed, ask)
        own_answers(results, bed)
        rotation(results, bed)
        results.equal("no line was dropped", bed.total("access_log_dropped"),
                      0)
        blocked_pipe(results, bed)


tap.run(scenario)
