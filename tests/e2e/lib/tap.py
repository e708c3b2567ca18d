# SPDX-License-Identifier: GPL-2.0-only
"""Results as tests/tap.awk reads them."""

import sys
import traceback


class Results:
    def __init__(self):
        self.failed = 0

    def figure(self, text):
        print(f"# {text}", flush=True)

    def check(self, name, good, reason=""):
        """Prints the result. `reason` says what was seen instead."""
        if good:
            print(f"ok {name}", flush=True)
        else:
            print(f"not ok {name}: {reason}", flush=True)
            self.failed += 1
        return good

    def equal(self, name, seen, wanted):
        return self.check(name, seen == wanted,
                          f"{seen!r} instead of {wanted!r}")

    def skip(self, name, reason):
        print(f"skip {name}: {reason}", flush=True)


def run(scenario):
    """Runs scenario(results) and exits with the suite's status. An exception
    counts as a failure."""
    results = Results()
    try:
        scenario(results)
    except Exception as error:
        traceback.print_exc()
        results.check(scenario.__name__, False,
                      f"{type(error).__name__}: {error}")
    sys.exit(1 if results.failed else 0)
