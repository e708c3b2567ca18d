#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Chromium: a page comes over HTTP/2, says by Alt-Svc that there is HTTP/3,
and what is loaded later comes over that; a WebSocket echoes. A picture of the
page is left in build/browser.png."""

import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import BUILD  # noqa: E402
from chromium import Chromium, spki_of  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from network import VIP  # noqa: E402
from process import wait_until  # noqa: E402

HOST = "other.test"  # in the bed's certificate
ECHO = "127.0.0.1:8050"
PAGE = """\
<!DOCTYPE html><html lang="en"><meta charset="utf-8">
<title>quicsteer</title><link rel="icon" href="data:,">
<h1>quicsteer</h1><p>This page came over <b id="page"></b>.</p>
<table id="list"></table>
<script>
const protocol = (entry) => entry.nextHopProtocol;
page.textContent = protocol(performance.getEntriesByType("navigation")[0]);
async function load(url) {
  performance.clearResourceTimings();
  const answer = await fetch(url, {cache: "no-store"});
  const size = (await answer.arrayBuffer()).byteLength;
  const entries = performance.getEntriesByType("resource")
    .filter((entry) => entry.name.endsWith(url));
  const by = entries.length ? protocol(entries[0]) : "";
  list.insertRow().textContent = `${url}: ${answer.status}, ${size} octets,`
    + ` ${by}`;
  return {status: answer.status, size, by,
          altSvc: answer.headers.get("alt-svc")};
}
function echo(text) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://${location.host}/ws`);
    socket.onopen = () => socket.send(text);
    socket.onerror = () => reject(new Error("the WebSocket failed"));
    socket.onclose = (end) => reject(new Error(`it closed: ${end.code}`));
    socket.onmessage = (event) => {
      socket.onclose = (end) => resolve({text: event.data, code: end.code,
                                         clean: end.wasClean});
      socket.close(1000);
      list.insertRow().textContent = `WebSocket: ${event.data}`;
    };
  });
}
</script>
"""
NAVIGATION = "performance.getEntriesByType('navigation')[0].nextHopProtocol"


class BrowserBed(ConfiguredBed):
    def _backends(self):
        os.mkdir(self.path("site"), 0o755)
        with open(self.path("site/index.html"), "w",
                  encoding="utf-8") as file:
            file.write(PAGE)
        self.start_echo(ECHO)
        super()._backends()

    def _default_settings(self):
        settings = super()._default_settings()
        settings["pools"].append(
            {"name": "echo",
             "backends": [{"name": "echo", "url": f"http://{ECHO}"}]})
        settings["routes"] = [
            {"path": "/ws", "pool": "echo"},
            {"path": "/bytes/", "pool": "web"},
            {"path": "/", "files": {"root": self.path("site")}}]
        return settings


def becomes_h3(results, browser):
    browser.load(f"https://{HOST}/")
    results.equal("the first page comes over HTTP/2", browser.run(NAVIGATION),
                  "h2")
    first = browser.run("load('/bytes/100000?first')")
    # Chromium may have taken the page's offer already; over HTTP/3 is none.
    results.check("... with Alt-Svc", first["by"] == "h3"
                  or 'h3=":443"' in (first["altSvc"] or ""), first)
    loads = []

    def h3_came():
        loads.append(browser.run(f"load('/bytes/1000?{len(loads)}')"))
        return loads[-1]["by"] == "h3"

    wait_until(h3_came, 30, f"HTTP/3, {loads[-1:]}")
    results.check("later loads come over HTTP/3", True)
    results.figure(f"Chromium took HTTP/3 from load {len(loads) + 1} on")
    more = browser.run("Promise.all([...Array(20).keys()]"
                       ".map((n) => load(`/bytes/50000?h3-${n}`)))")
    results.equal("20 at once over HTTP/3, whole",
                  {(one["by"], one["status"], one["size"]) for one in more},
                  {("h3", 200, 50000)})
    browser.load(f"https://{HOST}/?again")
    results.equal("the next page comes over HTTP/3", browser.run(NAVIGATION),
                  "h3")


def browse(results):
    binary = shutil.which("chromium")
    with BrowserBed(backends=("b1",), pools=[{"name": "web"}]) as bed:
        spki = spki_of(bed.path("cert.pem"))
        with Chromium(bed, binary, {HOST: VIP[4]}, spki) as browser:
            becomes_h3(results, browser)
            results.equal("a WebSocket echoes", browser.run("echo('hello')"),
                          {"text": "hello", "code": 1000, "clean": True})
            browser.run("load('/bytes/12345')")
            picture = os.path.join(BUILD, "browser.png")
            browser.screenshot(picture)
            results.check("a picture is kept",
                          os.path.getsize(picture) > 1000)
        results.check("terminators saw both",
                      bed.total("connections_h2") > 0 and
                      bed.total("connections_accepted")
                      > bed.total("connections_h2"))


if not shutil.which("chromium"):
    sys.exit("browser needs Chromium: make deps")
tap.run(browse)
