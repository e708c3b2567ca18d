#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Every query of the dashboards, rules and alerts, asked of a Prometheus that
scrapes a quicsteer to which happens what they tell of: none may fail or come
back empty."""

import math
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import dashboards  # noqa: E402
import tap  # noqa: E402
from bed import METRICS, PORT, client, tool  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from dropping import drop_some  # noqa: E402
from frames import Neighbour, ip_packet, quic_initial  # noqa: E402
from network import CLIENT_SECOND, VIP  # noqa: E402
from process import wait_until  # noqa: E402
from prometheus import INTERVAL, Prometheus  # noqa: E402

HTTP_PORT = 80
RATE_INTERVAL = "10s"  # what Grafana makes of $__rate_interval, here
CHECKED = {"type": "http", "interval": "500ms", "timeout": "400ms",
           "expect_status": "200-599"}
POOLS = [
    {"name": "web", "backends": ["b1", "b2"], "health": CHECKED,
     "breaker": {"open_time": "2s", "window": "2s"}},
    {"name": "least", "backends": ["b3", "b4"], "balance": "least-requests"},
    {"name": "hash", "backends": ["b5", "b6"], "balance": "hash",
     "hash_key": "path", "affinity": "cookie"},
    {"name": "near", "backends": ["b7", "b8"], "balance": "latency"},
]
PATHS = {"web": "/bytes/1000", "least": "/bytes/3000", "hash": "/bytes/5000",
         "near": "/bytes/7000"}
SETTINGS = {
    "loader": {"interface": "s0", "vips": [f"{VIP[4]}:{PORT}"],
               "http": [f"{VIP[4]}:{HTTP_PORT}"], "mode": "native",
               "metrics": METRICS, "terminator_user": "nobody"},
    "terminator": {"quic": {"early_data": True}, "retry": "always",
                   "limits": {"uri_length": 1024}},
    "routes": [{"path": path[:-3], "pool": pool}
               for pool, path in PATHS.items()] + [{"path": "/",
                                                    "pool": "web"}],
}

# Panels that must answer, but with nothing but 0: what they tell of must not
# happen, or takes more than this test.
QUIET = {
    "How many alerts fire?",
    "Which packets were lost between XDP and the socket?",
    "Does sending fail?",
    "What became of ICMP errors?",
    "What do routers say of paths?",
    "How much is held for slow clients and backends?",
    "Are UDP datagrams lost in the host?",
    "Do interfaces or CPUs drop packets?",
    "Do requests wait in vain?",
}
# Of these there is nothing but in trouble that this test does not make.
ABSENT = {'quicsteer_attach_info{mode!~"native.*"}'}

NAME = r"(?:(?:quicsteer|node|prometheus|process|scrape)_\w+" \
    r"|instance\w*:[\w:]+|up)\b"
SELECTOR = re.compile(r"\b" + NAME + r"(?:\{[^}]*\})?")
LEGEND = re.compile(r"\{\{(\w+)\}\}")


class Trouble:
    """A load, and all that the dashboards tell of, one after the other."""

    def __init__(self, bed, prometheus):
        self.bed = bed
        self.prometheus = prometheus
        self.others = []

    def _seen(self, expression):
        """Waits until Prometheus has seen it."""
        wait_until(lambda: self.prometheus.query(expression), 60, expression)

    def _start(self, *command):
        self.others.append(subprocess.Popen(
            self.bed.network.client.enter(*command),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))

    def _load(self):
        gets = [word for path in PATHS.values() for word in ("--get", path)]
        # The bed ends it.
        self.bed.h3load(
            "--connections", "24", "--hold", "300", "--interval", "100",
            "--cookies", "--tolerant", "--timeout", "400", *gets)
        self.movers = [self.bed.h3load(
            "--connections", "4", "--get", "/bytes/1000000", "--pace",
            "400000", "--timeout", "90", *how) for how in (
                ("--migrate-at", "30", "--migrate-to", CLIENT_SECOND[4]),
                ("--rebind-at", "30", "--quic-version", "6b3343cf"))]
        for path in PATHS.values():
            for words in (("--h1", "-n", "100"), ("-n", "100")):
                self._start("h2load", "-c", "2", *words,
                            f"https://{VIP[4]}:{PORT}{path}")
        self._start(client("hostile"), self.bed.target())

    def _resume(self):
        self.bed.h3load("--connections", "4", "--token", "--resume",
                        "--get", "/bytes/1000", "--timeout", "60").finish()

    def _curl(self, path, *options, scheme="https", port=PORT):
        self.bed.network.client.run(
            "curl", "-s", "-o", "/dev/null", "-m", "20", "--cacert",
            self.bed.path("cert.pem"), *options,
            f"{scheme}://{VIP[4]}:{port}{path}")

    def _requests(self):
        self._curl("/bytes/1000", scheme="http", port=HTTP_PORT)
        self._curl("/echo", "-d", "x" * 20000)
        self._curl("/bytes/1" + "0" * 2000)  # over limits.uri_length
        self._curl("/bytes/5000", "-H", "cookie: quicsteer-hash=forged")

    def _backends(self):
        self.bed.backend_mode("b1", "fail")
        self.bed.backend_mode("b3", "refuse")
        self.bed.stop_backend("b6")
        self._seen('quicsteer_backend_breaker_state{state="open"} == 1')
        self.bed.backend_mode("b2", "slow:1500")  # over its check's timeout
        self._seen("quicsteer_backend_up == 0")
        for name in ("b1", "b2", "b3"):
            self.bed.backend_mode(name, "ok")

    def _configurations(self):
        self.bed.reload("pools: nothing\n")
        self.bed.settings["loader"]["new_connections"] = {
            "deny": ["192.0.2.0/24"]}
        status, said = self.bed.reload()
        if status:
            raise RuntimeError(said)
        self._seen('ALERTS{alertname="QuicsteerReloadFailed"}')
        self._seen("quicsteer_config_last_reload_time_seconds")
        Neighbour(self.bed.network).send(ip_packet(
            "192.0.2.1", 5000, VIP[4], PORT, quic_initial()))
        self.bed.ctl("cid", "rotate", "--control", self.bed.control)

    def _restart(self):
        self.bed.loader.end(signal.SIGTERM)
        self.bed.start_loader()

    def _hang(self):
        self.bed.terminators["t2"].send(signal.SIGSTOP)
        self._seen('quicsteer_terminator_breaker_state{state="open"} == 1')
        self.bed.terminators["t2"].send(signal.SIGCONT)

    def _kill(self):
        """The others send its clients resets."""
        self.bed.terminators.pop("t3").end(signal.SIGKILL)
        self._seen("quicsteer_terminator_stateless_resets_sent_total > 0")

    def make(self):
        drop_some(self.bed.network)
        self._load()
        self._resume()
        self._requests()
        self._backends()
        self._restart()
        self._configurations()
        self._hang()
        self._kill()
        for one in self.others:
            one.wait(120)
        for load in self.movers:
            load.finish()


class Questions:
    """What is asked of Prometheus about the time from `start` to now."""

    def __init__(self, results, prometheus, start):
        self.results = results
        self.prometheus = prometheus
        self.start = start
        self.end = time.time()

    def wrong_with(self, expression, quiet=False, legend=""):
        """Why the answer cannot be shown; None if it can."""
        try:
            series = self.prometheus.query_range(expression, self.start,
                                                 self.end)
        except RuntimeError as error:
            return str(error)
        if not series:
            return "empty"
        for labels in LEGEND.findall(legend):
            if not any(labels in one for one, _ in series):
                return f"no series has a label {labels}"
        values = [value for _, some in series for value in some]
        if any(map(math.isinf, values)):
            return "infinite"
        # Of nothing there is no quantile: a gap in the graph.
        numbers = [value for value in values if not math.isnan(value)]
        if len(numbers) < len(values) and "histogram_quantile" not in \
                expression and ":p" not in expression:
            return "not a number"
        if not numbers or not (quiet or any(numbers)):
            return "nothing but 0"
        return None

    def variables(self, dashboard):
        values = {"__rate_interval": RATE_INTERVAL}
        for name, metric, label in dashboards.variables(dashboard):
            known = self.prometheus.label_values(
                dashboards.substitute(metric, values), label)
            self.results.check(f"{dashboard['uid']}: ${name} has values",
                               known, "none")
            values[name] = "|".join(known)
        return values

    def panel(self, panel, values):
        """A panel must show something, and each of its queries answer."""
        wrong = [self.wrong_with(dashboards.substitute(one["expr"], values),
                                 True, one.get("legendFormat", ""))
                 for one in panel["targets"]]
        quiet = panel["title"] in QUIET
        if not any(wrong) and not quiet and all(
                self.wrong_with(dashboards.substitute(one["expr"], values))
                for one in panel["targets"]):
            wrong = ["nothing but 0"]
        return [f"{one['expr']}: {why}" for one, why
                in zip(panel["targets"], wrong) if why]

    def dashboard(self, dashboard):
        values = self.variables(dashboard)
        for panel in dashboards.panels(dashboard):
            wrong = self.panel(panel, values)
            self.results.check(f"{dashboard['uid']}: {panel['title']}",
                               not wrong, "; ".join(wrong))
        for one in dashboard["annotations"]["list"]:
            wrong = self.wrong_with(dashboards.substitute(one["expr"], values),
                                    legend=one["titleFormat"])
            self.results.check(f"{dashboard['uid']}: annotation {one['name']}",
                               not wrong, wrong)

    def rules(self):
        for group in self.prometheus.ask("rules")["groups"]:
            for rule in group["rules"]:
                kind, wrong = rule["type"], []
                if rule["health"] != "ok":
                    wrong.append(f"{rule.get('lastError')}")
                if kind == "recording":
                    wrong.append(self.wrong_with(rule["name"], True))
                for selector in set(SELECTOR.findall(rule["query"])):
                    if selector not in ABSENT:
                        wrong.append(self.missing(selector))
                wrong = [one for one in wrong if one]
                self.results.check(f"{kind} rule {rule['name']}", not wrong,
                                   "; ".join(wrong))

    def missing(self, selector):
        series = self.prometheus.query_range(selector, self.start, self.end)
        return None if series else f"there is no {selector}"

    def alerts(self):
        """Those that happened must say so in words."""
        seen = {one["labels"]["alertname"]: one["annotations"]
                for one in self.prometheus.ask("alerts")["alerts"]}
        self.results.check("an alert fires: QuicsteerReloadFailed",
                           "QuicsteerReloadFailed" in seen, f"{list(seen)}")
        wrong = [text for notes in seen.values() for text in notes.values()
                 if "{{" in text or "<error" in text or "no value" in text]
        self.results.check("alerts' texts are whole", not wrong, f"{wrong}")


def check_page(results, bed):
    """With a configuration file there is more than tests/e2e/metrics.py sees.
    """
    page = bed.network.server.run("curl", "-s", f"http://{METRICS}/metrics")
    done = subprocess.run([tool("promtool"), "check", "metrics"], input=page,
                          capture_output=True, text=True, timeout=60,
                          check=False)
    said = done.stdout + done.stderr
    results.check("promtool finds nothing wrong with the page",
                  "pool_info" in page and done.returncode == 0 and not said,
                  said)


def monitoring(results):
    with ConfiguredBed([f"b{number}" for number in range(1, 9)], POOLS,
                       SETTINGS, terminators=3) as bed:
        prometheus = Prometheus(bed)
        start = time.time()
        time.sleep(3 * INTERVAL)  # idle: shares are 0, not 0 / 0
        Trouble(bed, prometheus).make()
        time.sleep(2 * INTERVAL)
        questions = Questions(results, prometheus, start)
        for dashboard in dashboards.load().values():
            questions.dashboard(dashboard)
        questions.rules()
        questions.alerts()
        check_page(results, bed)


tap.run(monitoring)
