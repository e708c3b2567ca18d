#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What editors get: the JSON Schema takes what lbctl takes, refuses what a
key alone can tell is wrong, and agrees with the default file on the defaults.

usage: schema.py SCHEMA DEFAULT-FILE CONFIG-DIR"""
import glob
import json
import os
import re
import sys

import jsonschema
import yaml

# Fixtures whose mistake only the loader sees: of syntax, of variables, across
# keys, in files, or in the value behind a form that is right.
BEYOND = (
    "syntax", "empty", "two-documents", "alias", "nul-character",
    "complex-key", "duplicate-key", "variable", "too-many-backends",
    "duration-too", "duration-overflow", "share-over", "share-below",
    "jitter-over", "prefix-behind", "url-port", "url-bad-address", "vip-any-twice",
    "vip-nine-ports", "vip-twice", "status-backwards", "status-too-many", "pool-name-twice",
    "backend-name-twice", "backend-name-of-default", "backend-default",
    "hash-bound", "affinity-header-missing", "affinity-cookie-same",
    "route-pool-", "route-twice", "timeout-over", "open-time", "file-missing",
    "file-is", "only-comments", "not-utf8", "too-deep",
    "cid-id-twice", "cid-sum", "cid-length", "cid-server-id-twice",
    "cid-server-id-in-clear", "cid-no-key", "cid-key",
    # YAML 1.1, as PyYAML reads it, has more words for true.
    "switch", "url-mixed", "forwarded-trusted", "request-id-field",
    "total-timeout", "queue-timeout", "retries-status", "retries-budget",
    "redirect-status-beyond", "redirect-blank", "template",
    "respond-body-204", "rule-refused", "rule-value-line-end",
    "metrics-path-beyond", "missing-certificate", "missing-private-key",
    "access-sample", "quic-preferred")

failed = 0


def result(good, name, why=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} {name}{'' if good else ': ' + why}")


def first_error(validator, path):
    with open(path, encoding="utf-8") as file:
        errors = list(validator.iter_errors(yaml.safe_load(file)))
    return errors[0].message if errors else None


def check_good(validator, paths):
    for path in paths:
        error = first_error(validator, path)
        result(not error, f"schema takes {os.path.basename(path)}", str(error))


def check_bad(validator, directory):
    refused = 0
    for path in sorted(glob.glob(f"{directory}/bad/*.yaml")):
        name = re.sub(r"^\d+-|\.yaml$", "", os.path.basename(path))
        if name.startswith(BEYOND) and name != "variable":
            continue
        if not first_error(validator, path):
            result(False, f"schema refuses {name}", "it takes it")
            return
        refused += 1
    result(refused >= 50, f"schema refuses {refused} bad files",
           "these are too few")


def check_defaults(schema, path):
    """Each key stands in the default file: with its default, or else in a
    comment or with a value that people must change."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    missing, differing = [], []

    def walk(node, value, where):
        if node.get("type") == "array":
            walk(node["items"], value[0], where + "[0]")
        for key, child in node.get("properties", {}).items():
            name = f"{where}.{key}".lstrip(".")
            if key in value:
                default = child.get("default", value[key])
                if str(default) != str(value[key]):
                    differing.append(f"{name} {value[key]}, not {default}")
                walk(child, value[key], name)
            elif not re.search(rf"^ *#( *# *| *)(- )?{key}:( |$)", text, re.M):
                missing.append(name)

    walk(schema, yaml.safe_load(text), "")
    result(not missing, "default file has every key", ", ".join(missing))
    result(not differing, "default file has the defaults",
           ", ".join(differing))


def main():
    schema_path, default_path, directory = sys.argv[1:]
    with open(schema_path, encoding="utf-8") as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    check_good(validator,
               [default_path] + sorted(glob.glob(f"{directory}/good/*.yaml")))
    check_bad(validator, directory)
    check_defaults(schema, default_path)
    return failed != 0


sys.exit(main())
