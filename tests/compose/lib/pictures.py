# SPDX-License-Identifier: GPL-2.0-only
"""Pictures of what an operator sees: Prometheus's page with a query, and lbctl
top on a terminal."""

import html
import os
import shutil
import tempfile
import time
import urllib.parse

from chromium import Chromium
from process import Process, wait_until

QUERY = "sum by (terminator) (rate(quicsteer_terminator_requests_total[1m]))"
GRAPH = "http://localhost:9090/classic/graph?" + urllib.parse.urlencode({
    "g0.expr": QUERY, "g0.tab": "0", "g0.range_input": "5m",
    "g0.stacked": "0"})
TERMINAL = """\
<!DOCTYPE html><meta charset="utf-8"><title>lbctl top</title>
<body style="margin:0;background:#111;color:#ddd"><pre style="margin:12px;
font:14px/1.3 monospace">$ docker compose exec quic-server lbctl top
{text}</pre>"""


class Desk:
    """Chromium in the engine's network, in the shape that Chromium wants."""

    def __init__(self, namespace):
        self.network = self
        self.client = namespace
        self.directory = tempfile.mkdtemp(prefix="quicsteer-pictures-")

    def path(self, name):
        return os.path.join(self.directory, name)

    def spawn(self, name, namespace, command):
        return Process(name, namespace.enter(*command), self.path("log"))

    def close(self):
        shutil.rmtree(self.directory, ignore_errors=True)


def take(results, project, directory):
    binary = shutil.which("chromium")
    if not binary:
        results.skip("pictures", "chromium is not installed")
        return
    desk = Desk(project.engine.namespace)
    directory = directory or os.path.join(project.tree, "..", "pictures")
    os.makedirs(directory, exist_ok=True)
    _, top, _ = project.shell("docker compose exec -T quic-server lbctl top "
                              "--interval 2s --count 1")
    with open(desk.path("top.html"), "w", encoding="utf-8") as file:
        file.write(TERMINAL.format(text=html.escape(top)))
    try:
        with Chromium(desk, binary, {}, "") as page:
            shoot(page, "file://" + desk.path("top.html"), (800, 420),
                  os.path.join(directory, "lbctl-top.png"))
            results.check("picture of lbctl top", "t1" in top, top[-500:])
            graph = os.path.join(directory, "prometheus.png")
            page.call("Emulation.setDeviceMetricsOverride", width=1000,
                      height=760, deviceScaleFactor=1, mobile=False)
            page.call("Page.navigate", url=GRAPH)
            drawn = "document.querySelectorAll('.rickshaw_legend .line').length"
            try:
                wait_until(lambda: page.run(drawn), 20, "lines in the graph")
            except TimeoutError:
                pass
            lines = page.run(drawn)
            time.sleep(1)
            page.screenshot(graph)
            results.check("picture of Prometheus's page with a query: a line "
                          "for each terminator", lines >= 2, f"{lines} lines")
    finally:
        desk.close()
    results.figure(f"pictures: {os.path.relpath(directory)}")


def shoot(page, url, size, path):
    page.call("Emulation.setDeviceMetricsOverride", width=size[0],
              height=size[1], deviceScaleFactor=1, mobile=False)
    page.load(url)
    page.screenshot(path)
