#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/3 to HTTP/1.1 as clients see it, and what comes before a connection:
Retry, address tokens across terminators, versions."""

import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import Bed, by_terminator, reasons  # noqa: E402
from process import wait_until  # noqa: E402

OCTETS = 20000


def ask(bed, *request):
    """One connection with one request. Returns its line and its response."""
    lines = bed.h3load("--show", *request).finish()
    responses = lines[0].get("responses", [{}])
    return lines[0], responses[0]


def fields(response, section="fields"):
    return dict(response.get(section, []))


def responses(results, bed):
    line, seen = ask(bed, "--get", "/early-hints")
    interim = seen.get("interim", [])
    results.check("103 goes before the response",
                  line["ok"] and seen["status"] == 200
                  and [one["status"] for one in interim] == [103]
                  and "link" in fields(interim[0]), str(seen))

    line, seen = ask(bed, "--get", "/chunked/50000")
    results.check("trailers of a response",
                  line["ok"] and "x-checksum" in fields(seen, "trailers"),
                  str(line))

    line, seen = ask(bed, "--upload", "/echo=3000", "--trailers")
    results.check("trailers of a request come back by the echo",
                  line["ok"] and seen["size"] == 3000
                  and fields(seen, "trailers") ==
                  {"x-request-trailer": "end"}, str(line))

    line, seen = ask(bed, "--get", "/bytes/1000", "--method", "HEAD")
    results.check("HEAD: a length and no body",
                  line["ok"] and seen["size"] == 0
                  and fields(seen).get("content-length") == "1000", str(line))

    for status in ("204", "304", "404", "500"):
        line, seen = ask(bed, "--get", f"/status/{status}", "--status",
                         status)
        results.check(f"status {status} without a body",
                      line["ok"] and seen["size"] == 0, str(line))

    line, seen = ask(bed, "--get", "/")
    results.check("connection-specific fields stay behind",
                  line["ok"] and not {"connection", "keep-alive",
                                      "transfer-encoding"} & set(fields(seen)),
                  str(seen))
    results.check("the backend learns the client's address and the scheme",
                  "x-forwarded-for: 10.77.1.1" in seen.get("body", "")
                  and "x-forwarded-proto: https" in seen.get("body", ""),
                  seen.get("body", ""))


def failures(results, bed):
    for path, status in (("/reset", "502"), ("/malformed", "502"),
                         ("/hang", "504")):
        line, _seen = ask(bed, "--get", path, "--status", status)
        results.check(f"{path} of the backend becomes {status}", line["ok"],
                      str(line["failed"]))
    line, seen = ask(bed, "--get", "/broken/100000", "--unchecked", "--reset")
    results.check("a response that breaks off is reset, never ended",
                  # A reset may overtake the header section (RFC 9000, 3.2).
                  line["ok"] and seen.get("status") in (200, 0, None),
                  str(line))


def cancelled(results, bed):
    before = bed.total("streams_reset_by_client")
    lines = bed.h3load("--get", "/bytes/50000000", "--cancel-at", "100000",
                       "--get", f"/bytes/{OCTETS}", "--rounds", "5").finish()
    results.check("a cancelled stream leaves the connection whole",
                  lines[0]["ok"] and lines[0]["requests"] == 10,
                  str(reasons(lines)))
    wait_until(lambda: bed.total("streams_reset_by_client") >= before + 5, 5,
               "cancellations to be counted")
    results.check("cancellations are counted", True)
    wait_until(lambda: bed.total("body_bytes_held") == 0
               and bed.total("requests_open") == 0, 5,
               "cancelled bodies to be freed")
    results.check("their bodies are freed", True)


def cancelled_uploads(results, bed):
    """Each leaves up to 256 KiB behind that no backend took; 32 of them are
    the connection's whole window (RFC 9000, 4.1)."""
    lines = bed.h3load("--rounds", "40", "--upload", "/stall/100=20000000",
                       "--cancel-at", "1", "--unchecked").finish()
    results.check("cancelled uploads give their window back",
                  lines[0]["ok"] and lines[0]["requests"] == 40,
                  str(reasons(lines)))


def reuse(results, bed):
    connects, reuses = bed.total("upstream_connects"), bed.total(
        "upstream_reuses")
    bed.h3load("--connections", "10", "--rounds", "40", "--get",
               "/bytes/1000").finish()
    connects = bed.total("upstream_connects") - connects
    reuses = bed.total("upstream_reuses") - reuses
    results.figure(f"400 requests: {connects} backend connections opened, "
                   f"{reuses} requests on kept ones")
    results.check("backend connections are kept and used again",
                  connects + reuses == 400 and connects <= 40,
                  f"{connects} opened, {reuses} reused")


def versions(results, bed):
    lines = bed.h3load("--quic-version", "1a2a3a4a", "--get", "/").finish()
    results.check("an unknown version is answered by Version Negotiation",
                  lines[0]["version_negotiated"]
                  and lines[0]["failed"] == "version negotiation",
                  str(lines[0]["failed"]))
    lines = bed.h3load("--quic-version", "6b3343cf", "--get",
                       f"/bytes/{OCTETS}").finish()
    results.check("QUIC v2", lines[0]["ok"], str(lines[0]["failed"]))
    for length in ("0", "20"):
        lines = bed.h3load("--cid-length", length, "--connections", "10",
                           "--get", f"/bytes/{OCTETS}").finish()
        results.check(f"clients whose CIDs have {length} octets",
                      all(one["ok"] for one in lines), str(reasons(lines)))


def resumption(results, bed):
    lines = bed.h3load("--connections", "30", "--token", "--resume", "--get",
                       "/bytes/1000").finish()
    second = {one["number"] - 30: one for one in lines if one["number"] >= 30}
    elsewhere = [one for one in lines if one["number"] < 30
                 and second[one["number"]]["terminator"] != one["terminator"]]
    results.check("TLS sessions are resumed, by other terminators too",
                  len(second) == 30 and elsewhere
                  and all(one["ok"] and one["resumed"]
                          for one in second.values()),
                  f"{sum(one['resumed'] for one in second.values())} of "
                  f"{len(second)}, {len(elsewhere)} elsewhere")


def backend_gone(results, bed):
    bed.backend.end(signal.SIGKILL)
    line, _seen = ask(bed, "--get", "/bytes/1000", "--status", "502",
                      "--unchecked")
    results.check("no backend becomes 502", line["ok"], str(line["failed"]))


def retry(results):
    with Bed(nginx=False, options=["--retry", "always"]) as bed:
        lines = bed.h3load("--connections", "60", "--token", "--get",
                           f"/bytes/{OCTETS}").finish()
        first = {one["number"]: one for one in lines if one["number"] < 60}
        second = {one["number"] - 60: one for one in lines
                  if one["number"] >= 60}
        results.check("Retry: all are served",
                      len(lines) == 120 and all(one["ok"] for one in lines),
                      str(reasons(lines)))
        results.check("Retry: each first connection gets one",
                      all(one["retried"] for one in first.values()),
                      f"{sum(one['retried'] for one in first.values())} of 60")
        moved = [number for number, one in second.items()
                 if one["terminator"] != first[number]["terminator"]]
        spared = [number for number in moved if not second[number]["retried"]]
        results.figure(f"NEW_TOKEN taken to another terminator: {len(moved)} "
                       f"times, by terminator {by_terminator(lines)}")
        results.check("a NEW_TOKEN of one terminator is good for another",
                      moved and len(spared) == len(moved),
                      f"{len(spared)} of {len(moved)}")
        results.equal("tokens refused", bed.total("tokens_refused"), 0)
        results.equal("deliveries to a wrong terminator",
                      bed.total("wrong_delivery"), 0)


def proxy(results):
    with Bed(nginx=False, options=["--response-timeout", "5000"]) as bed:
        responses(results, bed)
        failures(results, bed)
        cancelled(results, bed)
        cancelled_uploads(results, bed)
        reuse(results, bed)
        versions(results, bed)
        resumption(results, bed)
        backend_gone(results, bed)
    retry(results)


tap.run(proxy)
