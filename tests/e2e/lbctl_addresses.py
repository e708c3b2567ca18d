#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A backend that is a host name has a row for each address: what lbctl wishes
of its name holds for all of them, also those that come later, and one address
can have a wish of its own."""

import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from bed import program  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

HOST, PORT = "app.test", 8001
FIRST, SECOND, THIRD = (f"app@127.0.0.{last}:{PORT}" for last in (1, 2, 3))


def lbctl(bed, *words):
    done = subprocess.run([program("lbctl"), *words, "--pin-dir", bed.pin_dir],
                          capture_output=True, text=True, timeout=120,
                          check=False)
    return done.returncode, done.stdout + done.stderr


def drained(bed):
    """Names of the rows that get nothing by the operator's wish."""
    return {name for name, row in bed.rows().items() if row["wish"]["drain"]
            and not row["effective"]}


def whole(results, bed):
    status, said = lbctl(bed, "drain", "app", "--no-wait")
    results.check("all addresses of the only name of a pool are not drained",
                  status == 1 and "no usable backend" in said
                  and not drained(bed), said)
    status, said = lbctl(bed, "drain", "app", "--no-wait", "--force")
    results.check("with --force they are", status == 0
                  and drained(bed) == {FIRST, SECOND}, said)
    bed.names.set(HOST, "127.0.0.1", "127.0.0.2", "127.0.0.3")
    wait_until(lambda: THIRD in bed.rows(), 10, "the third address")
    results.equal("an address that comes later is drained, too", drained(bed),
                  {FIRST, SECOND, THIRD})
    status, said = lbctl(bed, "undrain", FIRST)
    results.check("one of them cannot be taken out of the name's drain",
                  status == 1 and "has this from 'app'" in said
                  and FIRST in drained(bed), said)
    status, said = lbctl(bed, "undrain", "app")
    results.check("the name can", status == 0 and not drained(bed), said)


def one(results, bed):
    status, said = lbctl(bed, "drain", SECOND, "--no-wait")
    results.check("one address can be drained", status == 0
                  and drained(bed) == {SECOND}, said)
    status, said = lbctl(bed, "weight", "set", "app", "7")
    weights = {name: row["wish"]["weight"] for name, row in bed.rows().items()}
    results.equal("it keeps its own wish when the name gets one", weights,
                  {FIRST: 7, SECOND: None, THIRD: 7})
    status, said = lbctl(bed, "undrain", SECOND)
    results.check("and follows the name again when it has none",
                  status == 0 and bed.rows()[SECOND]["wish"]["weight"] == 7
                  and not drained(bed), said)
    status, said = lbctl(bed, "drain", "app@127.0.0.9:8001")
    results.check("an unknown address gets the nearest", status == 1
                  and "did you mean 'app@127.0.0." in said, said)


def lbctl_addresses(results):
    pools = [{"name": "web", "resolve_interval": "200ms", "backends": [
        {"name": "app", "url": f"http://{HOST}:{PORT}"}]}]
    with ConfiguredBed(backends=("b1",), pools=pools, terminators=1,
                       names={HOST: ["127.0.0.1", "127.0.0.2"]}) as bed:
        wait_until(lambda: set(bed.rows()) == {FIRST, SECOND}, 10, "the rows")
        whole(results, bed)
        one(results, bed)


tap.run(lbctl_addresses)
