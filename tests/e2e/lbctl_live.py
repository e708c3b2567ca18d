#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""lbctl and the metrics endpoint on a loader that runs: every counter is
there, the numbers agree, the text is valid, and no key is shown."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loader_bed
from loader_bed import Bed, Terminator, check, run

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\[\\"n])*"'
SAMPLE = re.compile(r"^(%s)(?:\{(%s(?:,%s)*)\})? (\S+)$" % (NAME, LABEL, LABEL))

# What is exported by another name than it has in counter_lists.h.
EXPORTED = {"cpu_us": "cpu_seconds",
            "streams_reset_by_us": "streams_reset_by_terminator",
            "loop_lag_us": "event_loop_lag_seconds",
            "loop_lag_peak_us": "event_loop_lag_peak_seconds"}


def counter_names(macro):
    """The names in one X-macro list of counter_lists.h."""
    with open(os.path.join(loader_bed.HERE,
                           "../../include/quicsteer/counter_lists.h")) as header:
        text = header.read()
    body = text.split("#define %s(X)" % macro)[1]
    lines = []
    for line in body.splitlines()[0:]:
        lines.append(line)
        if not line.endswith("\\"):
            break
    return re.findall(r"X\(([a-z0-9_]+),", "\n".join(lines))


def parse_metrics(text):
    """Samples as {(name, labels): value}; raises ValueError if the text is not
    in the exposition format (version 0.0.4)."""
    samples, types, current, done = {}, {}, None, set()
    if not text.endswith("\n"):
        raise ValueError("the last line has no end")
    for line in text.splitlines():
        if line.startswith("# "):
            _, keyword, name, rest = line.split(" ", 3)
            if keyword == "TYPE":
                if name in types:
                    raise ValueError("a second TYPE of " + name)
                if rest not in ("counter", "gauge", "histogram"):
                    raise ValueError("type " + rest)
                types[name] = rest
            elif keyword != "HELP" or not rest:
                raise ValueError(line)
            continue
        match = SAMPLE.match(line)
        if not match:
            raise ValueError(line)
        name, labels, value = match.groups()
        sample, name = name, family_of(name, types)
        if name not in types:
            raise ValueError("no TYPE before " + name)
        if types[name] == "counter" and not name.endswith("_total"):
            raise ValueError("counter %s without _total" % name)
        if name != current and name in done:
            raise ValueError("samples of %s are not together" % name)
        current = name
        done.add(name)
        if (sample, labels) in samples:
            raise ValueError("twice: " + line)
        samples[sample, labels] = float(value)
    return samples


def family_of(sample, types):
    """The metric that a sample is of: a histogram has three suffixes."""
    for suffix in ("_bucket", "_sum", "_count"):
        name = sample[:-len(suffix)]
        if sample.endswith(suffix) and types.get(name) == "histogram":
            return name
    return sample


def check_parser():
    """The checker must refuse what is wrong, or it proves nothing."""
    bad = ["a 1", "# TYPE a gauge\na 1", "# TYPE a gauge\na{b=c} 1\n",
           "# TYPE a gauge\na one\n", "# TYPE a gauge\na 1\na 1\n",
           "# TYPE a counter\na 1\n", "# TYPE a-b gauge\na-b 1\n",
           "# TYPE a gauge\n# TYPE b gauge\na 1\nb 1\na{c=\"d\"} 1\n"]
    for text in bad:
        try:
            parse_metrics(text)
        except ValueError:
            continue
        return check("the metrics checker refuses", False, text)
    return check("the metrics checker refuses what is wrong", True)


def test_metrics(bed):
    text = bed.scrape()
    try:
        samples = parse_metrics(text)
    except ValueError as error:
        check("the metrics are valid", False, error)
        return
    check("the metrics are valid", len(samples) > 50, len(samples))
    print("# %d samples" % len(samples))
    verdicts = {labels: value for (name, labels), value in samples.items()
                if name == "quicsteer_xdp_packets_total"}
    check("there is every verdict, in order", list(verdicts) ==
          ['verdict="%s"' % n for n in counter_names("QS_VERDICTS")], verdicts)
    deliveries = [labels for name, labels in samples
                  if name == "quicsteer_deliver_packets_total"]
    check("there is every result of the tc program", deliveries ==
          ['result="%s"' % n for n in counter_names("QS_DELIVERIES")],
          deliveries)
    missing = [n for n in counter_names("QS_TERMINATOR_COUNTERS")
               if n != "connections_closed" and
               ("quicsteer_terminator_%s_total" % EXPORTED.get(n, n),
                'terminator="t1"') not in samples]
    missing += [n for n in counter_names("QS_TERMINATOR_GAUGES")
                if ("quicsteer_terminator_" + EXPORTED.get(n, n),
                    'terminator="t1"') not in samples]
    missing += [n for n in counter_names("QS_CLOSE_REASONS")
                if ("quicsteer_terminator_connections_closed_total",
                    'terminator="t1",reason="%s"' % n) not in samples]
    check("there is every counter and gauge of a terminator", not missing,
          missing)
    check("40 Initials are counted",
          verdicts['verdict="hash_initial"'] == 40, verdicts)
    steered = sum(value for (name, labels), value in samples.items()
                  if name == "quicsteer_terminator_steered_packets_total")
    check("by terminator, too", steered == 47, steered)
    check("states are counted", samples[
        "quicsteer_terminator_state", 'terminator="t1",state="live"'] == 1)
    check("there is the build", any(name == "quicsteer_build_info"
                                    for name, _ in samples))


def test_http(bed):
    def status(*options):
        return run(*bed.inside(bed.server), "curl", "-s", "-m", "30", "-o",
                   os.devnull, "-w", "%{http_code} %{content_type}", *options)

    url = "http://%s/" % bed.metrics
    answer = status(url + "metrics")
    check("GET /metrics: 200 and the format's type",
          answer.startswith("200 text/plain; version=0.0.4"), answer)
    check("HEAD /metrics: 200", status("-I", url + "metrics")[:3] == "200")
    check("another path: 404", status(url)[:3] == "404")
    check("POST: 405", status("-d", "x", url + "metrics")[:3] == "405")


def test_status(bed):
    status = bed.lbctl("status")
    check("lbctl status: attached, mode, interface's index",
          status["attached"]["mode"] == "native-link" and
          status["attached"]["cost"] and status["attached"]["ifindex"] > 0,
          status["attached"])
    check("lbctl status: both programs", all(
        status["programs"][name]["attached"]
        for name in ("steer", "deliver")), status["programs"])
    check("lbctl status: the VIP", status["vips"] == ["10.77.1.1:9443"],
          status["vips"])
    check("lbctl status: the configuration", status["configurations"] == [
        {"config_id": 0, "encoding": "single-pass", "server_id_length": 4,
         "nonce_length": 12, "cid_length": 17, "assigned": True,
         "listed": False, "self_length": True}], status["configurations"])
    check("lbctl status: terminators by state", status["terminators"] ==
          {"live": 2, "draining": 0, "dead": 0}, status["terminators"])
    check("lbctl status: the loader", status["loader"]["running"] and
          status["loader"]["pid"] == bed.loader.child.pid, status["loader"])
    check("lbctl status: verdicts agree with what was sent",
          (status["verdicts"]["hash_initial"],
           status["verdicts"]["route_short"]) == (40, 7), status["verdicts"])
    text = run(bed.program("lbctl"), "status", "--pin-dir", bed.pins)
    check("lbctl status in words", all(word in text for word in (
        "native-link", "10.77.1.1:9443", "2 live", "hash_initial",
        "single-pass")) and "drop_internal" not in text, text)


def test_terminators(bed):
    rows = bed.terminators()
    check("lbctl terminators: packets add up", sum(
        row["packets"] for row in rows.values()) == 47 and all(
        row["packets"] == row["by_cid"] + row["by_hash"]
        for row in rows.values()), rows)
    check("lbctl terminators: by CID", [row["by_cid"] for row in
                                        rows.values()] == [0, 7], rows)
    text = run(bed.program("lbctl"), "terminators", "--pin-dir", bed.pins)
    check("lbctl terminators in words",
          text.splitlines()[0].split()[:2] == ["NAME", "SLOT"] and
          len(text.splitlines()) == 3 and rows[0]["server_id"] in text, text)


def test_no_key_is_shown(bed):
    """Keys from the secrets file in nothing that lbctl or the loader says."""
    with open(os.path.join(bed.state, "secrets")) as secrets:
        keys = [word for word in secrets.read().split() if len(word) >= 32]
    said = bed.loader.text() + bed.scrape()
    for command in ("status", "terminators", "version", "cid configs"):
        for option in ([], ["--json"]):
            said += run(bed.program("lbctl"), *command.split(), "--pin-dir",
                        bed.pins, *option)
    check("no secret is in logs, metrics or lbctl's output",
          len(keys) == 7 and not any(key in said or key[:16] in said
                                     for key in keys))


def test_live_cids(bed):
    def refused(name, status, text, *arguments):
        result = subprocess.run(
            [bed.program("lbctl"), "cid", *arguments, "--pin-dir", bed.pins],
            capture_output=True, text=True, timeout=60)
        check(name, result.returncode == status and text in result.stderr and
              result.stderr.count("\n") == 1, result)

    plain = run(bed.program("lbctl"), "cid", "encode", "--terminator", "t1",
                "--pin-dir", bed.pins).strip()
    again = run(bed.program("lbctl"), "cid", "encode", "--terminator", "t1",
                "--pin-dir", bed.pins).strip()
    check("a live CID has 17 octets, octet 0 says so",
          len(plain) == 34 and plain[:2] == "10", plain)
    check("and a nonce of its own each time", plain != again)
    decoded = bed.lbctl("cid", "decode", plain)
    check("it decodes to its terminator", decoded["terminator"] == "t1" and
          decoded["server_id"] == bed.terminators()[0]["server_id"], decoded)
    fixed = bed.lbctl("cid", "encode", "--server-id", "00000001", "--nonce",
                      "00" * 12)["cid"]
    decoded = bed.lbctl("cid", "decode", fixed)
    check("a given server ID and nonce come back",
          (decoded["server_id"], decoded["nonce"]) ==
          ("00000001", "00" * 12), decoded)
    unknown = bed.lbctl("cid", "encode", "--server-id", "00ff0001")["cid"]
    check("a slot never used is unknown",
          bed.lbctl("cid", "decode", unknown)["state"] == "unknown")
    refused("a configuration that is not in use", 1, "3 is not in use",
            "decode", "70" + "00" * 16)
    refused("a terminator that is not there", 1, "did you mean 't1'?",
            "encode", "--terminator", "t7")
    refused("a server ID of another length", 2, "4 octets long", "encode",
            "--server-id", "0001")
    refused("neither terminator nor server ID", 2, "is needed", "encode")


def main():
    if os.geteuid():
        print("skip lbctl on a live loader: needs root")
        return 0
    check_parser()
    with Bed("qsl%d" % os.getpid()) as bed:
        if not check("the loader starts", bed.start_loader(),
                     bed.loader.text()):
            return 1
        for name in ("t1", "t2"):
            Terminator(bed, name).ask("hello")
        bed.send_initials(40)
        bed.send_short(bed.lbctl("cid", "encode", "--terminator", "t2")["cid"],
                       7)
        test_metrics(bed)
        test_http(bed)
        test_status(bed)
        test_terminators(bed)
        test_no_key_is_shown(bed)
        test_live_cids(bed)
        version = bed.lbctl("version")
        check("lbctl version", version["abi"] == version["pinned_abi"],
              version)
    return 1 if loader_bed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
