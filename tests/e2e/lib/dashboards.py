# SPDX-License-Identifier: GPL-2.0-only
"""Grafana's dashboards of monitoring/grafana: what can be wrong in them without
Grafana, and the queries that they make."""

import glob
import json
import os
import re

import jsonschema

from bed import TREE

DASHBOARDS = os.path.join(TREE, "monitoring/grafana/dashboards")
SCHEMA = os.path.join(os.path.dirname(__file__), "dashboard.schema.json")
COLUMNS = 24
BUILT_IN = {"__rate_interval", "datasource"}
VARIABLE = re.compile(r"\$(\w+)")
LABEL_VALUES = re.compile(r"^label_values\((.+), (\w+)\)$")


def load():
    """{file name without .json: dashboard}."""
    found = {}
    for path in sorted(glob.glob(f"{DASHBOARDS}/*.json")):
        with open(path, encoding="utf-8") as file:
            name = os.path.basename(path)[:-len(".json")]
            found[name] = json.load(file)
    return found


def panels(dashboard):
    """Those with queries."""
    return [one for one in dashboard["panels"] if one["type"] != "row"]


def variables(dashboard):
    """[(name, metric with labels, label)] of those that Prometheus is asked
    for, in their order."""
    found = []
    for one in dashboard["templating"]["list"]:
        if one["type"] == "query":
            metric, label = LABEL_VALUES.match(one["definition"]).groups()
            found.append((one["name"], metric, label))
    return found


def substitute(text, values):
    """`text` with $name and $__rate_interval filled in as Grafana does."""
    return VARIABLE.sub(lambda match: values[match.group(1)], text)


def expressions(dashboard):
    """[(title, expression)] of all queries, annotations too."""
    found = [(one["title"], query["expr"]) for one in panels(dashboard)
             for query in one["targets"]]
    return found + [(one["name"], one["expr"])
                    for one in dashboard["annotations"]["list"]]


# What is wrong

def schema_errors(dashboard):
    with open(SCHEMA, encoding="utf-8") as file:
        validator = jsonschema.Draft202012Validator(json.load(file))
    found = []
    for error in validator.iter_errors(dashboard):
        deepest = jsonschema.exceptions.best_match([error])
        place = "/".join(str(one) for one in deepest.absolute_path)
        found.append(f"{place}: {deepest.message[:200]}")
    return found


def cells(panel):
    pos = panel["gridPos"]
    return {(x, y) for x in range(pos["x"], pos["x"] + pos["w"])
            for y in range(pos["y"], pos["y"] + pos["h"])}


def layout_errors(dashboard):
    found, taken, bottom = [], {}, 0
    ids = [one["id"] for one in dashboard["panels"]]
    found += [f"panel ID {one} is not unique" for one in set(ids)
              if ids.count(one) > 1]
    titles = [one["title"] for one in dashboard["panels"]]
    found += [f"title \"{one}\" is not unique" for one in set(titles)
              if titles.count(one) > 1]
    for panel in dashboard["panels"]:
        pos, title = panel["gridPos"], panel["title"]
        if pos["x"] + pos["w"] > COLUMNS:
            found.append(f"\"{title}\" is wider than the page")
        for cell in cells(panel) & taken.keys():
            found.append(f"\"{title}\" lies over \"{taken[cell]}\"")
            break
        taken.update(dict.fromkeys(cells(panel), title))
        if panel["type"] == "row" and (pos["y"] != bottom or pos["h"] != 1
                                       or pos["w"] != COLUMNS):
            found.append(f"row \"{title}\" is not a whole line below all "
                         "that is before it")
        bottom = max(bottom, pos["y"] + pos["h"])
    return found


def threshold_errors(dashboard):
    found = []
    for panel in panels(dashboard):
        steps = panel["fieldConfig"]["defaults"].get("thresholds")
        values = [step["value"] for step in steps["steps"]] if steps else [None]
        if values[0] is not None or None in values[1:] or \
                values[1:] != sorted(values[1:]):
            found.append(f"\"{panel['title']}\": thresholds {values}")
    return found


def query_errors(dashboard):
    found = []
    defined = {one["name"] for one in dashboard["templating"]["list"]}
    text = [expr for _, expr in expressions(dashboard)]
    text += [metric for _, metric, _ in variables(dashboard)]
    used = {name for one in text for name in VARIABLE.findall(one)}
    found += [f"${name} is used and not defined"
              for name in used - defined - BUILT_IN]
    found += [f"${name} is defined and not used"
              for name in defined - used - BUILT_IN]
    for one in dashboard["templating"]["list"]:
        if one["type"] == "query" and one["query"]["query"] != \
                one["definition"]:
            found.append(f"variable {one['name']}: query and definition differ")
    for panel in panels(dashboard):
        refs = [query["refId"] for query in panel["targets"]]
        if len(set(refs)) != len(refs):
            found.append(f"\"{panel['title']}\": refId is not unique")
        for query in panel["targets"]:
            if query["instant"] == query["range"]:
                found.append(f"\"{panel['title']}\": neither instant nor range")
            if re.search(r"\[(?!\$__rate_interval)\w+\]", query["expr"]) and \
                    "[1h]" not in query["expr"]:
                found.append(f"\"{panel['title']}\": a fixed window")
    return found


def errors(dashboard):
    """All that is wrong with it by itself. [] is well."""
    found = schema_errors(dashboard)
    return found or (layout_errors(dashboard) + threshold_errors(dashboard)
                     + query_errors(dashboard))
