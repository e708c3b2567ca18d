#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""monitoring/ by itself: what promtool says of configuration and rules, whether
each alert has cases that fire and that do not, and whether the dashboards are
what Grafana reads."""

import copy
import glob
import json
import os
import re
import subprocess
import sys

import yaml

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import dashboards  # noqa: E402
import tap  # noqa: E402
from bed import TREE, tool  # noqa: E402
from prometheus import MONITORING, configuration  # noqa: E402

ALERTS = re.compile(r'^ALERTS\{alertname="(\w+)", alertstate="firing"\}$')
SEVERITIES = {"critical", "warning", "info"}


def read(name):
    with open(os.path.join(MONITORING, name), encoding="utf-8") as file:
        return yaml.safe_load(file)


def promtool(results, name, *words):
    done = subprocess.run([tool("promtool"), *words], capture_output=True,
                          text=True, timeout=300, check=False)
    results.check(name, done.returncode == 0, done.stdout + done.stderr)


def by_promtool(results):
    promtool(results, "promtool check config", "check", "config",
             f"{MONITORING}/prometheus.yml")
    rules = [f"{MONITORING}/{name}" for name in configuration()["rule_files"]]
    results.equal("all rules are in use", sorted(rules),
                  sorted(glob.glob(f"{MONITORING}/rules/*.yml")))
    promtool(results, "promtool check rules", "check", "rules",
             "--lint-fatal", *rules)
    for path in sorted(glob.glob(f"{MONITORING}/tests/*.yml")):
        promtool(results, f"promtool test rules {os.path.basename(path)}",
                 "test", "rules", path)


def alerts():
    return [rule for group in read("rules/alerts.yml")["groups"]
            for rule in group["rules"]]


def cases():
    """Alerts that cases show firing, and not firing."""
    firing, silent = set(), set()
    for path in glob.glob(f"{MONITORING}/tests/*.yml"):
        for test in read(path)["tests"]:
            for one in test["promql_expr_test"]:
                name = ALERTS.match(one["expr"]).group(1)
                (firing if one["exp_samples"] else silent).add(name)
    return firing, silent


def check_alerts(results):
    names = [rule["alert"] for rule in alerts()]
    firing, silent = cases()
    results.check("there are alerts", len(names) > 20, f"{len(names)}")
    results.equal("alerts of one name", len(names), len(set(names)))
    results.equal("each alert has a case that fires", firing, set(names))
    results.equal("and one that does not", silent, set(names))
    for rule in alerts():
        notes = rule["annotations"]
        results.check(
            f"{rule['alert']} says what is and what to do",
            rule["labels"]["severity"] in SEVERITIES and notes["summary"]
            and len(notes["description"]) > 60, f"{rule}")


def advice():
    """All that alerts and dashboards tell people to do or to look at."""
    texts = [text for rule in alerts()
             for text in rule["annotations"].values()]
    texts += [panel["description"] for one in dashboards.load().values()
              for panel in dashboards.panels(one)]
    return " ".join(texts)


def is_key(schema, words):
    """Whether the schema of quicsteer.yaml has a key of these words."""
    for word in words:
        schema = schema.get("items", schema).get("properties", {}).get(word)
        if schema is None:
            return False
    return True


def check_advice(results):
    with open(f"{TREE}/deploy/lbctl.1", encoding="utf-8") as file:
        commands = re.findall(r"^\.It Cm ([a-z]+(?: [a-z]+)?)", file.read(),
                              re.M)
    said = re.findall(r"\blbctl ((?:[a-z|]+ ?){1,2})", advice())
    unknown = {words for words in said for one in words.split("|")[:1]
               if not any(f"{one} ".startswith(f"{command} ")
                          for command in commands)}
    results.check(f"the {len(said)} commands of lbctl that are advised exist",
                  len(said) > 20 and not unknown, f"{unknown}")
    with open(f"{TREE}/deploy/quicsteer.schema.json",
              encoding="utf-8") as file:
        schema = json.load(file)
    keys = set(re.findall(r"\b(?:loader|terminator|healthd|pools\[\])"
                          r"(?:\.[a-z_]+)+", advice()))
    unknown = {key for key in keys
               if not is_key(schema, key.replace("[]", "").split("."))}
    results.check(f"and so do the {len(keys)} keys of the configuration",
                  len(keys) > 5 and not unknown, f"{unknown}")


def check_provisioning(results):
    sources = read("grafana/provisioning/datasources/prometheus.yml")
    results.check("Grafana is given one Prometheus", len(
        sources["datasources"]) == 1 and sources["datasources"][0]["type"] ==
        "prometheus", f"{sources}")
    results.equal("it knows how often Prometheus scrapes",
                  sources["datasources"][0]["jsonData"]["timeInterval"],
                  configuration()["global"]["scrape_interval"])
    provider = read("grafana/provisioning/dashboards/quicsteer.yml")
    results.check("and dashboards that only files change", [
        one["type"] for one in provider["providers"]] == ["file"] and not
        provider["providers"][0]["allowUiUpdates"], f"{provider}")


def check_compose(results):
    """deploy/compose.yaml has what the files here speak of."""
    with open(f"{TREE}/deploy/compose.yaml", encoding="utf-8") as file:
        services = yaml.safe_load(file)["services"]
    names = set(services)
    for one in services.values():
        networks = one.get("networks", {})
        for network in networks.values() if isinstance(networks, dict) else ():
            names.update((network or {}).get("aliases", ()))
    hosts = {target.split(":")[0]
             for job in configuration()["scrape_configs"]
             for some in job.get("file_sd_configs", ())
             for name in some["files"]
             for group in read(name) for target in group["targets"]}
    results.check("Prometheus's targets are services of compose.yaml",
                  hosts and hosts <= names, f"{hosts - names}")
    mounts = dict(one.split(":")[:2] for name in ("prometheus", "grafana")
                  for one in services[name]["volumes"])
    parts = {path: at for path, at in mounts.items() if "monitoring" in path}
    results.check("which mounts what is here", len(parts) >= 4 and all(
        os.path.exists(f"{TREE}/deploy/{path}") for path in parts), f"{parts}")
    provider = read("grafana/provisioning/dashboards/quicsteer.yml")
    results.equal("the dashboards where Grafana looks for them",
                  mounts["../monitoring/grafana/dashboards"],
                  provider["providers"][0]["options"]["path"])
    environment = services["grafana"]["environment"]
    results.check("and lets nobody in without a password",
                  "GF_AUTH_ANONYMOUS_ENABLED=false" in environment,
                  f"{environment}")


def faults(dashboard):
    """(what is wrong, a copy of the dashboard where it is) for each check."""
    def broken(change):
        copied = copy.deepcopy(dashboard)
        change(copied, dashboards.panels(copied))
        return copied

    def overlap(_, panels):
        panels[1]["gridPos"] = dict(panels[0]["gridPos"])

    return [
        ("two panels of an ID",
         broken(lambda _, panels: panels[1].update(id=panels[0]["id"]))),
        ("panels over each other", broken(overlap)),
        ("an unknown unit", broken(
            lambda _, panels: panels[0]["fieldConfig"]["defaults"].update(
                unit="furlongs"))),
        ("another data source", broken(
            lambda _, panels: panels[0]["targets"][0].update(
                datasource={"type": "prometheus", "uid": "mine"}))),
        ("a variable that is not there", broken(
            lambda _, panels: panels[0]["targets"][0].update(
                expr="up{instance=~\"$where\"}"))),
        ("thresholds in disorder", broken(
            lambda _, panels: panels[0]["fieldConfig"]["defaults"].update(
                thresholds={"mode": "absolute", "steps": [
                    {"color": "green", "value": None},
                    {"color": "red", "value": 5},
                    {"color": "yellow", "value": 1}]}))),
        ("a title that asks nothing",
         broken(lambda _, panels: panels[0].update(title="CPU"))),
    ]


def check_dashboards(results):
    found = dashboards.load()
    results.equal("dashboards", sorted(found), [
        "data-plane", "http", "overview", "quic", "system"])
    for name, dashboard in found.items():
        wrong = dashboards.errors(dashboard)
        results.check(f"dashboard {name}: {len(dashboards.panels(dashboard))} "
                      "panels are well-formed", not wrong, "; ".join(wrong))
        results.equal(f"dashboard {name}: its uid", dashboard["uid"],
                      f"quicsteer-{name}")
    for what, dashboard in faults(found["quic"]):
        results.check(f"{what} would be seen", dashboards.errors(dashboard),
                      "it is not")


def monitoring_files(results):
    by_promtool(results)
    check_alerts(results)
    check_advice(results)
    check_provisioning(results)
    check_compose(results)
    check_dashboards(results)


tap.run(monitoring_files)
