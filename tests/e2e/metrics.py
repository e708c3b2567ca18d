#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""The metrics endpoint with 64 terminators and 200 backends: what promtool
says of it, whether the sums are right, and what a scrape costs."""
import json
import os
import select
import signal
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "lib")]
import loader_bed
from bed import tool  # noqa: E402
from lbctl_live import parse_metrics  # noqa: E402
from loader_bed import Bed, Terminator, check, run  # noqa: E402

TERMINATORS, BACKENDS, POOLS, ROUNDS = 64, 200, 8, 100
SENT = 6000  # more datagrams than the ring of events holds
STEP = 1000003  # metrics_bench sets counters to multiples of it


def check_by_promtool(name, text):
    result = subprocess.run([tool("promtool"), "check", "metrics"], input=text,
                            capture_output=True, text=True, timeout=120)
    said = result.stdout + result.stderr
    check("promtool finds nothing wrong " + name,
          result.returncode == 0 and not said, said[:1000])


def check_promtool():
    """It must refuse what is wrong, or it proves nothing."""
    result = subprocess.run(
        [tool("promtool"), "check", "metrics"], capture_output=True, text=True,
        input="# TYPE quicsteer_requests counter\nquicsteer_requests 1\n",
        timeout=120)
    check("promtool refuses what is wrong", result.returncode, result)


def check_sums(samples):
    def total(name, *labels):
        return sum(value for (one, text), value in samples.items()
                   if one == "quicsteer_" + name and
                   all(label in (text or "") for label in labels))

    def count(name, *labels):
        return len([1 for one, text in samples if one == "quicsteer_" + name
                    and all(label in (text or "") for label in labels)])

    check("there is every terminator",
          count("terminator_requests_total") == TERMINATORS)
    check("and every backend", count("backend_requests_total") == BACKENDS)
    check("a backend's counts are those of all terminators",
          total("backend_requests_total", 'backend="backend-7@') ==
          TERMINATORS * 2 * STEP)
    check("and so is a pool's",
          total("http_requests_total", 'pool="pool-3"', 'code="200"',
                'protocol="h1"') == TERMINATORS * STEP)
    check("the last bucket holds all",
          total("backend_response_seconds_bucket", 'backend="backend-7@',
                'le="+Inf"') ==
          total("backend_response_seconds_count", 'backend="backend-7@') > 0)
    check("times are in seconds", count("backend_response_seconds_bucket",
                                        'le="0.00025"') == BACKENDS)
    for metric, value in (("backend_effective_weight", 98.699),
                          ("backend_health_factor", 0.987),
                          ("backend_latency_seconds", 0.012345)):
        check("%s is in its unit" % metric,
              total(metric, 'backend="backend-7@') == value,
              total(metric, 'backend="backend-7@'))
    check("each backend's breaker is in one state", total(
        "backend_breaker_state") == BACKENDS and total(
            "backend_breaker_state", 'state="closed"') == BACKENDS)


def check_cids(bed):
    """The CID configurations before and after a rotation."""
    def values():
        return {(name, text): value for (name, text), value in
                parse_metrics(bed.scrape()).items() if "cid_config" in name}

    info = 'config="%d",encoding="single-pass",state="%s"'
    seen = values()
    check("the first CID configuration is current",
          seen.get(("quicsteer_cid_config_info", info % (0, "current"))) == 1
          and seen.get(("quicsteer_cid_config_connections",
                        'config="0"')) == 0
          and 0 <= seen[("quicsteer_cid_config_age_seconds",
                         'config="0"')] < 60, seen)
    subprocess.run([bed.program("lbctl"), "cid", "rotate", "--control",
                    bed.control, "--pin-dir", bed.pins], capture_output=True,
                   timeout=120)  # "alone" does not answer
    seen = {text for name, text in values()
            if name == "quicsteer_cid_config_info"}
    check("after a rotation it retires",
          seen == {info % (0, "retiring"), info % (1, "current")}, seen)


def check_lost_events(bed):
    """A reader that is stopped loses events, and the metrics count them."""
    def lost():
        return parse_metrics(bed.scrape())[("quicsteer_events_lost_total",
                                            None)]

    before = lost()
    reader = subprocess.Popen([bed.program("lbctl"), "events", "--pin-dir",
                               bed.pins], stderr=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True)
    bed.children.append(reader)
    while not select.select([reader.stdout], [], [], 0)[0]:
        bed.send_short("e3" + "00" * 15)  # until it tells of one
    reader.send_signal(signal.SIGSTOP)
    bed.send_short("e3" + "00" * 15, SENT)
    seen = lost() - before
    reader.send_signal(signal.SIGCONT)
    reader.send_signal(signal.SIGTERM)
    said = reader.communicate(timeout=120)[1]
    check("events that a stopped lbctl events loses are counted",
          before == 0 and 0 < seen < SENT and "%d events" % seen in said,
          (before, seen, said))


def main():
    if os.geteuid():
        print("skip the metrics: needs root")
        return 0
    check_promtool()
    with Bed("qsx%d" % os.getpid()) as bed:
        if not check("the loader starts", bed.start_loader(),
                     bed.loader.text()):
            return 1
        check_by_promtool("without terminators", bed.scrape())
        Terminator(bed, "alone").ask("hello")
        check_by_promtool("with one", bed.scrape())
        check_lost_events(bed)
        check_cids(bed)
        check_by_promtool("with two CID configurations", bed.scrape())
        figures = json.loads(run(
            os.path.join(loader_bed.BUILD, "tests", "metrics_bench"), bed.pins,
            str(TERMINATORS), str(BACKENDS), str(ROUNDS)))
        print("# a scrape with %d terminators and %d backends: %.1f ms of CPU "
              "(median; at most %.1f), %d KiB" % (
                  TERMINATORS, BACKENDS, figures["median_ms"],
                  figures["highest_ms"], figures["octets"] // 1024))
        text = bed.scrape()
        check_by_promtool("with %d and %d backends" % (TERMINATORS, BACKENDS),
                          text)
        check_sums(parse_metrics(text))
    return 1 if loader_bed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
