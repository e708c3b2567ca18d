# SPDX-License-Identifier: GPL-2.0-only
"""A Prometheus with a node exporter beside a bed, configured as monitoring/
says but for where and how often it asks."""

import json
import os
import urllib.parse
import urllib.request

import yaml

from bed import METRICS, TREE, tool
from process import wait_until

MONITORING = os.path.join(TREE, "monitoring")
LISTEN, NODE = "127.0.0.1:9090", "127.0.0.1:9100"
TARGETS = {"quicsteer": METRICS, "node": NODE, "prometheus": LISTEN}
INTERVAL = 1  # s


def configuration():
    with open(f"{MONITORING}/prometheus.yml", encoding="utf-8") as file:
        return yaml.safe_load(file)


class Prometheus:
    def __init__(self, bed):
        self.namespace = bed.network.server
        self.node = bed.spawn("node-exporter", self.namespace,
                              [tool("prometheus-node-exporter"),
                               f"--web.listen-address={NODE}"])
        self.process = bed.spawn(
            "prometheus", self.namespace,
            [tool("prometheus"), f"--config.file={self._configure(bed)}",
             f"--web.listen-address={LISTEN}",
             f"--storage.tsdb.path={bed.path('tsdb')}"])
        wait_until(self._all_answer, 30, "Prometheus's targets")

    @staticmethod
    def _configure(bed):
        settings = configuration()
        settings["global"] = {"scrape_interval": f"{INTERVAL}s",
                              "evaluation_interval": f"{INTERVAL}s"}
        settings["rule_files"] = [f"{MONITORING}/{name}"
                                  for name in settings["rule_files"]]
        for job in settings["scrape_configs"]:
            job.pop("file_sd_configs", None)
            job["static_configs"] = [
                {"targets": [TARGETS[job["job_name"]]]}]
        path = bed.path("prometheus.yml")
        with open(path, "w", encoding="utf-8") as file:
            yaml.safe_dump(settings, file)
        return path

    def _all_answer(self):
        for one in (self.process, self.node):
            if not one.running():
                raise RuntimeError(f"{one.name} ended: {one.log()}")
        return self.namespace.call(self._is_ready) and \
            len(self.query("up == 1")) == len(TARGETS)

    @staticmethod
    def _is_ready():
        try:
            with urllib.request.urlopen(f"http://{LISTEN}/-/ready", timeout=5):
                return True
        except OSError:
            return False

    def ask(self, path, **parameters):
        """The API's `data`. A query that is refused raises RuntimeError."""
        url = f"http://{LISTEN}/api/v1/{path}?" + \
            urllib.parse.urlencode(parameters)

        def fetch():
            try:
                with urllib.request.urlopen(url, timeout=30) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                return json.load(error)

        answer = self.namespace.call(fetch)
        if answer["status"] != "success" or answer.get("warnings"):
            raise RuntimeError(f"{answer}")
        return answer["data"]

    def query(self, expression):
        """Series now."""
        return self.ask("query", query=expression)["result"]

    def query_range(self, expression, start, end):
        """Series from `start` to `end`, Unix times: [(labels, [values])]."""
        found = self.ask("query_range", query=expression, start=start, end=end,
                         step=INTERVAL)["result"]
        return [(one["metric"], [float(value) for _, value in one["values"]])
                for one in found]

    def label_values(self, metric, label):
        parameters = {"match[]": metric}
        return self.ask(f"label/{label}/values", **parameters)
