#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""What answers besides pools, and what routes do to messages: redirects, fixed
answers, header rules, error pages, the pages of health and metrics; and a
change of all that under load. The client is libcurl's HTTP/3."""

import json
import os
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import program, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import unprivileged, wait_until  # noqa: E402

PAGE = "<h1>we are sorry</h1>\n"
MISSING = "<h1>no such page</h1>\n"
SEEN_FROM = "10.77.1.1"  # the client, behind the NAT


class RoutesBed(ConfiguredBed):
    def _default_settings(self):
        for name, text in (("sorry.html", PAGE), ("missing.html", MISSING)):
            with open(self.path(name), "w", encoding="ascii") as file:
                file.write(text)
        os.makedirs(self.path("www"))
        with open(self.path("www/index.html"), "w", encoding="ascii") as file:
            file.write("index\n")
        self.sections = {
            "routes": [
                {"path": "/files/", "files": {"root": self.path("www")}},
                {"path": "/old", "redirect": {
                    "to": "https://{host}/new{uri}?by={client_ip}",
                    "status": 301}},
                {"path": "/moved/", "redirect": {"to": "{uri}x"}},
                {"path": "//evil.test/", "redirect": {"to": "{path}"}},
                {"path": "/teapot", "respond": {
                    "status": 418, "body": "short and stout\n",
                    "content_type": "text/x-tea"}},
                {"path": "/nothing", "respond": {"status": 204}},
                {"path": "/empty", "respond": {"status": 200}},
                {"path": "/dead", "pool": "dead", "error_pages": [
                    {"status": "502-504", "file": self.path("sorry.html")}]},
                {"path": "/bare", "pool": "dead"},
                {"path": "/status/", "pool": "web"},
                {"path": "/bytes/", "pool": "web"},
                {"host": "other.test", "pool": "web",
                 "request_headers": {
                     "remove": ["X-Secret"],
                     "set": [{"name": "X-Client", "value": "{client_ip}"},
                             {"name": "X-Where",
                              "value": "{scheme}://{authority}{path}"}],
                     "add": [{"name": "X-Many", "value": "two"},
                             {"name": "X-Query",
                              "value": "{{{query}}} {method} {protocol}"}]},
                 "response_headers": {
                     "remove": ["Content-Type"],
                     "set": [
                         {"name": "X-Frame-Options", "value": "DENY"}],
                     "add": [{"name": "X-Trace", "value": "{request_id}"},
                             {"name": "X-Served", "value": "{host}"},
                             {"name": "X-Served", "value": "again"}]}},
            ],
            "error_pages": [{"status": 404,
                             "file": self.path("missing.html")}],
            "terminator": {"metrics": {"allow": [f"{SEEN_FROM}/32"]},
                           "limits": {"header_fields": 2048}},
        }
        settings = super()._default_settings()
        settings["pools"].append({"name": "dead", "backends": [
            {"name": "dead-1", "url": "http://127.0.0.1:9"}]})
        return settings


def is_date(text):
    try:
        time.strptime(text, "%a, %d %b %Y %H:%M:%S GMT")
    except (TypeError, ValueError):
        return False
    return True


def redirects(results, ask):
    for path, status, location in (
            ("/old?a=1", 301,
             f"https://localhost/new/old?a=1?by={SEEN_FROM}"),
            ("/moved/a%2fb?c", 308, "/moved/a%2fb?cx"),
            ("//evil.test/x", 308, "/evil.test/x")):
        answer = ask(path)
        results.check(f"redirect of {path}",
                      answer.status == status
                      and answer.fields.get("location") == location
                      and answer.size == 0
                      and is_date(answer.fields.get("date")), str(answer))
    answer = ask("/old", method="POST", body="x" * 100000)
    results.check("redirect of a POST whose body nobody reads",
                  answer.status == 301 and not answer.error, str(answer))


def fixed_answers(results, ask):
    answer = ask("/teapot")
    results.check("fixed answer", answer.status == 418 and answer.version == 3
                  and answer.body == "short and stout\n"
                  and answer.fields.get("content-type") == "text/x-tea"
                  and answer.fields.get("content-length") == "16"
                  and is_date(answer.fields.get("date")), str(answer))
    answer = ask("/teapot", method="HEAD")
    results.check("... of a HEAD", answer.status == 418 and answer.size == 0
                  and answer.fields.get("content-length") == "16",
                  str(answer))
    answer = ask("/nothing")
    results.check("204 has neither body nor length", answer.status == 204
                  and answer.size == 0
                  and "content-length" not in answer.fields, str(answer))
    answer = ask("/empty")
    results.check("200 without a body", answer.status == 200
                  and answer.fields.get("content-length") == "0"
                  and "content-type" not in answer.fields, str(answer))


def rules(results, ask):
    answer = ask("/?q=1", host="other.test", x_secret="no",
                 x_client="forged", x_many="one", x_kept="yes")
    seen = [line.lower() for line in (answer.body or "").splitlines()]

    def has(line):
        return any(line in one for one in seen)

    results.check("a request's field is removed",
                  has("x-kept: yes") and not has("x-secret"),
                  answer.body)
    results.check("... set in place of the client's",
                  has(f"x-client: {SEEN_FROM}") and not has("forged"),
                  answer.body)
    results.check("... added beside the client's",
                  has("x-many: one") and has("x-many: two"), answer.body)
    results.check("... with variables",
                  has("x-where: https://other.test/")
                  and has("x-query: {q=1} get http/3"), answer.body)
    results.check("a response's field is removed",
                  "content-type" not in answer.fields, str(answer))
    results.check("... set", answer.fields.get("x-frame-options") == "DENY",
                  str(answer))
    results.check("... added", [value for name, value in answer.all_fields
                                if name == "x-served"]
                  == ["other.test", "again"], str(answer.all_fields))
    trace = answer.fields.get("x-trace", "")
    results.check("... with the request's ID", len(trace) == 36
                  and has(f"x-request-id: {trace}"),
                  f"{trace} {answer.body}")


def many_fields(results, ask):
    """More than there is room for where rules are at work."""
    many = {f"x_{number}": "1" for number in range(600)}
    answer = ask("/", host="other.test", **many)
    results.check("600 fields where there are rules: 431",
                  answer.status == 431, str(answer))
    answer = ask("/teapot", **many)
    results.check("... and where there are none", answer.status == 418,
                  str(answer))


def error_pages(results, ask):
    answer = ask("/nowhere")
    results.check("no route: 404 with the page of the file",
                  answer.status == 404 and answer.body == MISSING
                  and answer.fields.get("content-type")
                  == "text/html; charset=utf-8", str(answer))
    answer = ask("/nowhere", method="HEAD")
    results.check("... of a HEAD", answer.status == 404 and answer.size == 0
                  and answer.fields.get("content-length")
                  == str(len(MISSING)), str(answer))
    answer = ask("/files/none")
    results.check("no file: the same page", answer.status == 404
                  and answer.body == MISSING, str(answer))
    answer = ask("/dead")
    results.check("no backend: the route's page", answer.status == 502
                  and answer.body == PAGE, str(answer))
    answer = ask("/bare")
    results.check("no page for it: our own text", answer.status == 502
                  and "Bad Gateway" in (answer.body or ""), str(answer))
    answer = ask("/status/404")
    results.check("a backend's own 404 is left alone", answer.status == 404
                  and answer.body != MISSING, str(answer))
    results.check("... and gets a Date", is_date(answer.fields.get("date")),
                  str(answer))


def health_page(results, bed, ask):
    answer = ask("/health")
    page = json.loads(answer.body)
    results.check("health: 200 and JSON", answer.status == 200
                  and answer.fields.get("content-type") == "application/json"
                  and answer.fields.get("cache-control") == "no-store"
                  and page["loader"] == "connected"
                  and page["terminator"] == "t1" and page["version"]
                  and not page["draining"], str(answer))
    pools = {pool["name"]: pool for pool in page["pools"]}
    results.check("... with the pools", set(pools) == {"web", "dead"}
                  and pools["web"]["usable"] == 1, answer.body)
    answer = ask("/health", method="POST", body="x")
    results.check("... to GET and HEAD only", answer.status == 405
                  and answer.fields.get("allow") == "GET, HEAD", str(answer))
    answer = ask("/health?x")
    results.check("... with a query", answer.status == 200, str(answer))
    answer = ask("/healthy")
    results.check("... at its path only", answer.status == 404, str(answer))
    for backend in ("b1", "dead-1"):
        bed.ctl("drain", backend, "--no-wait", "--force")
    seen = wait_until(lambda: unhealthy(ask), 5, "health to be 503")
    results.check("no backend: 503 that says why",
                  "pool web: no backend can be used" in seen["reasons"]
                  and seen["status"] == "unavailable", str(seen))
    for backend in ("b1", "dead-1"):
        bed.ctl("undrain", backend)
    wait_until(lambda: ask("/health").status == 200, 5, "health to be 200")
    results.check("... and 200 again when there is one", True)


def unhealthy(ask):
    answer = ask("/health")
    return json.loads(answer.body) if answer.status == 503 else None


def metrics_page(results, bed, ask):
    answer = ask("/metrics")
    results.check("metrics: the loader's page", answer.status == 200
                  and "quicsteer_build_info" in (answer.body or "")
                  and answer.fields.get("content-type", "").startswith(
                      "text/plain"), str(answer))
    answer = ask("/metrics", method="HEAD")
    results.check("... of a HEAD", answer.status == 200 and answer.size == 0,
                  str(answer))
    answer = ask("/metrics", method="POST", body="x")
    results.check("... to GET and HEAD only", answer.status == 405
                  and answer.fields.get("allow") == "GET, HEAD", str(answer))
    bed.settings["terminator"]["metrics"]["allow"] = ["192.0.2.0/24"]
    status, said = bed.reload()
    answer = ask("/metrics")
    results.check("... not for others", status == 0 and answer.status == 403,
                  f"{said} {answer}")
    bed.settings["terminator"]["metrics"] = {"enabled": False}
    bed.settings["terminator"]["health"] = {"path": "/up"}
    status, said = bed.reload()
    results.check("... and not at all", ask("/metrics").status == 404,
                  said)
    results.check("health elsewhere", ask("/health").status == 404
                  and ask("/up").status == 200)
    bed.settings["terminator"]["metrics"] = {"allow": [f"{SEEN_FROM}/32"]}
    del bed.settings["terminator"]["health"]
    bed.reload()


def without_loader(results, bed, ask):
    bed.loader.end(signal.SIGKILL)

    def away():
        page = json.loads(ask("/health").body)
        return page if page["loader"] == "away" else None

    page = wait_until(away, 10, "the terminator to notice")
    results.check("without the loader: degraded, 200",
                  page["status"] == "degraded"
                  and "the loader is away" in page["reasons"], str(page))
    answer = ask("/metrics")
    results.check("... and its metrics cannot be had", answer.status == 502,
                  str(answer))
    bed.start_loader()
    wait_until(lambda: json.loads(ask("/health").body)["loader"]
               == "connected", 15, "the terminator to register again")
    results.check("... until it is back", ask("/metrics").status == 200)


def draining(results, bed):
    """A terminator of its own, on loopback: what steers would send no more
    connections to one that drains."""
    address = "127.0.0.1:9555"
    lonely = bed.spawn(
        "lonely", bed.network.server,
        unprivileged(program("quicsteer-terminator"), "--config", bed.config,
                     "--name", "lonely", "--listen", address))
    wait_until(lambda: "serving" in lonely.log(), 10, "the terminator")
    server = bed.network.server
    with Asker(bed, namespace=server, address=address) as ask, \
            Asker(bed, namespace=server, address=address) as slow:
        answer = ask("/health")
        page = json.loads(answer.body)
        results.check("health without a loader", answer.status == 200
                      and page["loader"] == "none"
                      and page["terminator"] == "lonely", str(answer))
        seen, backend = [], bed.backends["b1"][0]
        before = bed.backend_mode("b1")["requests"]
        waiting = threading.Thread(target=lambda: seen.append(
            slow("/slow/2000", host="other.test")))
        waiting.start()
        wait_until(lambda: bed.backend_mode("b1")["requests"] > before, 5,
                   "the request to get to the backend")
        backend.send(signal.SIGSTOP)  # It answers when we say so.
        lonely.popen.send_signal(signal.SIGTERM)
        wait_until(lambda: "draining" in lonely.log(), 5, "the drain")
        page = unhealthy(ask)
        backend.send(signal.SIGCONT)
        results.check("health while it drains: 503",
                      page and page["draining"] and "draining"
                      in page["reasons"], str(page))
        waiting.join()
        results.check("... and what was begun is finished",
                      seen[0].status == 200, str(seen))
    results.check("... then it ends", lonely.popen.wait(60) == 0)


def bad_reloads(results, bed, ask):
    page = bed.path("sorry.html")
    os.chmod(page, 0o600)
    status, said = bed.reload()
    results.check("an error page that terminators cannot read: refused",
                  status != 0 and "sorry.html" in said
                  and "Permission denied" in said, said)
    os.chmod(page, 0o644)
    with open(page, "w", encoding="ascii") as file:
        file.write("x" * 65537)
    status, said = bed.reload()
    results.check("... or that is too large", status != 0
                  and "64 KiB" in said, said)
    results.check("... nothing has changed", ask("/dead").body == PAGE)
    with open(page, "w", encoding="ascii") as file:
        file.write(PAGE)


def reload_under_load(results, bed):
    load = bed.h3load("--connections", "20", "--window", "20", "--rounds",
                      "400", "--get", "/bytes/20000")
    routes = bed.settings["routes"]
    changes = 0
    while load.popen.poll() is None and changes < 40:
        changes += 1
        bed.settings["routes"] = (
            [{"path": f"/new{changes}", "respond": {"status": 200}},
             {"path": "/bytes/", "pool": "web", "response_headers": {
                 "set": [{"name": "x-change", "value": f"{changes}"}]}}]
            + [route for route in routes if route.get("path") != "/bytes/"])
        status, said = bed.reload()
        if status:
            results.check("a reload under load", False, said)
            break
    lines = load.finish()
    results.figure(f"{changes} changes of the routes under "
                   f"{sum(one['requests'] for one in lines)} requests")
    results.check("... of which none failed", changes > 3
                  and all(one["ok"] for one in lines), str(reasons(lines)))
    bed.settings["routes"] = routes
    bed.reload()


def routes(results):
    with RoutesBed(backends=("b1",), terminators=1) as bed:
        with Asker(bed) as ask:
            redirects(results, ask)
            fixed_answers(results, ask)
            rules(results, ask)
            many_fields(results, ask)
            error_pages(results, ask)
            health_page(results, bed, ask)
            metrics_page(results, bed, ask)
            without_loader(results, bed, ask)
            bad_reloads(results, bed, ask)
        draining(results, bed)
        reload_under_load(results, bed)


tap.run(routes)
