#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Responses that are compressed on their way: what libcurl's HTTP/3 gets and
each coding's own decoder makes of it is what the backend sent; which responses
are left alone; event streams; a large body in bounded memory."""

import os
import subprocess
import sys
import threading
import zlib

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import pages  # noqa: E402
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

PORT = 8100
LARGE = 128 * 1024 * 1024
MIB = 1024 * 1024


class CompressionBed(ConfiguredBed):
    def _default_settings(self):
        process = self.spawn(
            "pages", self.network.server,
            ["python3", os.path.join(os.path.dirname(__file__), "lib",
                                     "pages.py"), str(PORT), self.home])
        wait_until(lambda: "listening" in process.log(), 5, "pages")
        os.makedirs(self.path("www"))
        with open(self.path("www/page.html"), "wb") as file:
            file.write(pages.text(300000))
        with open(self.path("www/zeros.txt"), "wb") as file:
            file.truncate(LARGE)
        self.pools = [{"name": "web", "backends": [
            {"name": "pages", "url": f"http://127.0.0.1:{PORT}"}]}]
        self.sections = {"routes": [
            {"path": "/plain/", "pool": "web"},
            {"path": "/fixed", "compression": {"minimum_size": 10},
             "respond": {"status": 200, "body": "fixed " * 500}},
            {"path": "/files/", "files": {"root": self.path("www")},
             "compression": {}},
            {"host": "gzip.test", "pool": "web", "compression": {
                "encodings": ["gzip"], "effort": "low"}},
            {"host": "other.test", "pool": "web", "compression": {
                "encodings": ["zstd", "gzip"], "minimum_size": 0,
                "types": ["text/event-stream", "image/*"],
                "effort": "high"}},
            {"path": "/", "pool": "web", "compression": {}},
        ], "terminator": {"access_log": {"file": "/dev/null"}}}
        return super()._default_settings()


def decode(coding, data):
    """As far as it goes: the stream may be open still."""
    if coding == "gzip":
        return zlib.decompressobj(31).decompress(data)
    if coding in (None, "x-own"):
        return data
    tool = {"br": "brotli", "zstd": "zstd"}[coding]
    return subprocess.run([tool, "-dc"], input=data, capture_output=True,
                          check=False).stdout


def get(bed, ask, path, accept, **more):
    """The answer, and what its body is when it is decoded."""
    file = bed.path("body")
    answer = ask(path, file=file, accept_encoding=accept, **more)
    with open(file, "rb") as stored:
        data = stored.read()
    return answer, decode(answer.fields.get("content-encoding"), data), data


def codings(results, bed, ask):
    for accept, coding in (("gzip", "gzip"), ("br", "br"), ("zstd", "zstd"),
                           ("gzip, br, zstd", "br"), ("gzip;q=1, br;q=0.5",
                                                      "gzip"),
                           ("identity", None), ("*;q=0", None)):
        for size, chunked in ((200000, ""), (1024, ""), (1500000,
                                                         "&chunked=1")):
            answer, body, data = get(
                bed, ask, f"/page?size={size}{chunked}&etag=%22a%22", accept)
            fields = answer.fields
            results.check(
                f"{accept}: {size} octets{chunked and ' in chunks'}",
                answer.status == 200 and
                body == expected(size, chunked) and
                fields.get("content-encoding") == coding and
                fields.get("vary") == "accept-encoding" and
                fields.get("etag") == ('W/"a"' if coding else '"a"') and
                ("content-length" in fields) == (not coding and not chunked)
                and (not coding or len(data) < size * 0.7),
                f"{answer} {len(body)}")
            if chunked:
                results.equal(f"{accept}: trailers are kept",
                              fields.get("x-sum"), str(size))


def expected(size, chunked):
    if not chunked:
        return pages.text(size)
    piece = pages.text(min(size, pages.PIECE))
    return (piece * (size // len(piece) + 1))[:size]


def left_alone(results, bed, ask):
    for name, path in (
            ("a small one", "/page?size=1023"),
            ("an image", "/page?size=9999&type=image/png"),
            ("one without type", "/page?size=9999&type="),
            ("no-transform",
             "/page?size=9999&cache=public,%20no-transform"),
            ("one that is encoded", "/page?size=9999&coding=x-own"),
            ("one with a digest", "/page?size=9999&digest=sha-256%3D:AA:"),
            ("an event stream by default",
             "/page?size=9999&type=text/event-stream"),
            ("206", "/page?size=9999&status=206&range=bytes%200-9998/20000"),
            ("a route without compression", "/plain/page?size=9999")):
        answer, body, _ = get(bed, ask, path + "&etag=%22e%22", "br, gzip")
        results.check(f"left alone: {name}",
                      body == pages.text(len(body)) and body and
                      answer.fields.get("content-encoding") in
                      (None, "x-own") and
                      answer.fields["content-length"] == str(len(body)) and
                      answer.fields.get("etag", '"e"') == '"e"' and
                      "vary" not in answer.fields, f"{answer}")
    answer = ask("/page?status=304&empty=1&etag=%22e%22",
                 accept_encoding="br", if_none_match='W/"e"')
    results.check("304 has the ETag that the client knows",
                  answer.status == 304 and
                  answer.fields.get("etag") == 'W/"e"' and
                  "content-encoding" not in answer.fields, answer)
    answer = ask("/page?status=204&empty=1", accept_encoding="br")
    results.check("204 is left alone", answer.status == 204 and
                  "content-encoding" not in answer.fields, answer)


def fields(results, bed, ask):
    answer, _, _ = get(bed, ask, "/page?size=5000&vary=Cookie&accept=bytes",
                       "br")
    several = [value for name, value in answer.all_fields if name == "vary"]
    results.check("Vary is added to, Accept-Ranges goes",
                  several == ["Cookie", "accept-encoding"] and
                  "accept-ranges" not in answer.fields, answer.all_fields)
    one = ask("/page?size=5000&etag=%22h%22", "HEAD", accept_encoding="br")
    other, _, _ = get(bed, ask, "/page?size=5000&etag=%22h%22", "br")
    drop = ("date", "x-request-id")
    results.check("HEAD has the fields of GET",
                  one.size == 0 and one.status == 200 and
                  sorted(f for f in one.all_fields if f[0] not in drop) ==
                  sorted(f for f in other.all_fields if f[0] not in drop),
                  f"{one.all_fields} {other.all_fields}")


def places(results, bed, ask):
    answer, body, _ = get(bed, ask, "/fixed", "zstd")
    results.check("a fixed answer", answer.fields.get("content-encoding") ==
                  "zstd" and body == b"fixed " * 500, answer)
    answer, body, _ = get(bed, ask, "/files/page.html", "br")
    results.check("a file", answer.fields.get("content-encoding") == "br" and
                  body == pages.text(300000), answer)
    answer, body, _ = get(bed, ask, "/files/page.html", "br",
                          range="bytes=100-299")
    results.check("a part of a file is no whole of another",
                  answer.status == 206 and
                  "content-encoding" not in answer.fields and
                  body == pages.text(300000)[100:300], answer)
    answer, body, _ = get(bed, ask, "/page?size=5000", "br, gzip",
                          host="gzip.test")
    results.check("a route's own codings", answer.error or
                  answer.fields.get("content-encoding") == "gzip", answer)


def event_stream(results, bed, ask):
    for coding in ("gzip", "zstd"):
        file = bed.path("events")
        got = {}
        for number in range(5):
            if os.path.exists(bed.path(f"go-{number}")):
                os.unlink(bed.path(f"go-{number}"))

        def listen(coding=coding, file=file, got=got):
            got["answer"] = ask("/events?count=5", file=file,
                                host="other.test", accept_encoding=coding)

        listener = threading.Thread(target=listen)
        listener.start()
        good = True
        for number in range(5):
            with open(bed.path(f"go-{number}"), "wb"):
                pass
            wanted = b"".join(pages.event(i) for i in range(number + 1))
            try:
                wait_until(lambda: os.path.exists(file) and
                           decode(coding, open(file, "rb").read()) == wanted,
                           5, "the event")
            except TimeoutError:
                good = False
        listener.join()
        os.unlink(file)
        results.check(f"{coding}: each event comes when it is sent",
                      good and got["answer"].fields.get("content-encoding")
                      == coding and got["answer"].fields.get("x-sum") == "5",
                      got)


def resident(bed):
    return sum(int(line.split()[1]) * 1024
               for process in bed.terminators.values()
               for line in open(f"/proc/{process.pid}/status",
                                encoding="ascii")
               if line.startswith("VmHWM"))


def tell_lag(results, bed, when):
    for name, value in bed.metrics().items():
        if "lag_peak" in name:
            results.figure(f"latest heartbeat of 10 s, {when}: {value} s")


def large(results, bed, ask):
    before = resident(bed)
    tell_lag(results, bed, "before large bodies")
    file = bed.path("large")
    for coding, path in (("zstd", f"/page?chunked=1&size={LARGE}"),
                         ("br", "/files/zeros.txt")):
        answer = ask(path, file=file, accept_encoding=coding)
        command = f"{'brotli' if coding == 'br' else coding} -dc < {file}"
        seen = subprocess.run(
            ["sh", "-c", f"{command} | cksum"], capture_output=True,
            text=True, check=True).stdout
        source = ("head -c %d /dev/zero" % LARGE if coding == "br" else
                  f"for i in $(seq {LARGE // pages.PIECE}); do cat "
                  f"{bed.path('piece')}; done")
        with open(bed.path("piece"), "wb") as out:
            out.write(pages.text(pages.PIECE))
        wanted = subprocess.run(["sh", "-c", f"({source}) | cksum"],
                                capture_output=True, text=True,
                                check=True).stdout
        results.check(f"{coding}: {LARGE // MIB} MiB of {path[:7]}",
                      not answer.error and seen == wanted and
                      answer.fields.get("content-encoding") == coding,
                      f"{answer} {seen} {wanted}")
        os.unlink(file)
    tell_lag(results, bed, "after large bodies")
    grown = resident(bed) - before
    results.figure(f"resident peak grew by {grown // 1024} KiB")
    results.check("memory is bounded", grown < 48 * MIB, f"{grown} octets")


def limit(results, bed, ask):
    before = bed.total("compressions_refused")
    bed.settings["terminator"]["compression_streams"] = 1
    bed.reload()
    for number in range(5):
        path = bed.path(f"go-{number}")
        if os.path.exists(path):
            os.unlink(path)
    with Asker(bed) as one:
        listener = threading.Thread(target=lambda: one(
            "/events?count=1", file=bed.path("events"), host="other.test",
            accept_encoding="gzip"))
        begun = bed.total("compressions")
        listener.start()
        wait_until(lambda: bed.total("compressions") > begun, 5, "the stream")
        answer, body, _ = get(bed, ask, "/page?size=5000&etag=%22a%22", "br")
        results.check("over the limit it goes as it is",
                      body == pages.text(5000) and
                      "content-encoding" not in answer.fields and
                      answer.fields["etag"] == '"a"' and
                      answer.fields["vary"] == "accept-encoding", answer)
        with open(bed.path("go-0"), "wb"):
            pass
        listener.join()
    answer, body, _ = get(bed, ask, "/page?size=5000", "br")
    results.check("and is compressed again when there is room",
                  answer.fields.get("content-encoding") == "br", answer)
    results.equal("compressions_refused counts them",
                  bed.total("compressions_refused") - before, 1)


def scenario(results):
    with CompressionBed(backends=(), terminators=1) as bed, \
            Asker(bed) as ask:
        codings(results, bed, ask)
        left_alone(results, bed, ask)
        fields(results, bed, ask)
        places(results, bed, ask)
        event_stream(results, bed, ask)
        large(results, bed, ask)
        limit(results, bed, ask)
        counted = bed.total("compressed_bytes_in")
        results.check("octets before and after are counted",
                      counted > 2 * LARGE * 0.9 and
                      0 < bed.total("compressed_bytes_out") < counted / 2,
                      f"{counted} {bed.total('compressed_bytes_out')}")
        results.check("it lives", bed.terminators["t1"].running())


tap.run(scenario)
