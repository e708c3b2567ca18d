#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Terminators that come back late, or not at all, or not knowing that they
were to drain, to a loader whose predecessor was killed."""
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import loader_bed
from loader_bed import Bed, Terminator, check, wait_for


def reaches(bed, one):
    """Whether a packet with its CID comes to it."""
    cid = bed.lbctl("cid", "encode", "--terminator", "silent")["cid"]
    bed.send_short(cid)
    return len(one.received()) == 1


def test_missing(bed, running):
    """One ended while no loader ran; two live and do not come back."""
    ended, silent, late = (Terminator(bed, name)
                           for name in ("ended", "silent", "late"))
    slots = [one.ask("hello")["slot"] for one in (ended, silent, late)]
    bed.loader.stop(signal.SIGKILL)
    ended.kill()
    ended.child.wait()
    bed.start_loader()
    for one in running:
        one.ask("resume")
    check("one that ended meanwhile is dead at once",
          bed.state_of(slots[0]) == "dead", bed.state_of(slots[0]))
    time.sleep(4)
    check("one that lives is waited for, however long",
          bed.state_of(slots[1]) == "live" and "all terminators are" not in
          bed.loader.text(), bed.loader.text())
    check("and its packets reach it meanwhile", reaches(bed, silent))
    done = subprocess.run(
        [bed.program("lbctl"), "cid", "rotate", "--control", bed.control,
         "--pin-dir", bed.pins],
        capture_output=True, text=True, timeout=60, check=False)
    check("a rotation names those that are yet to come back",
          all("terminator %s (pid %d) has not come back to the loader: it" %
              (one.name, one.pid) in done.stdout + done.stderr
              for one in (silent, late)), done)
    answer = silent.ask("resume")
    check("when it comes back it has its slot",
          answer["event"] == "welcome" and bed.state_of(slots[1]) == "live",
          answer)
    check("and its packets reach it then", reaches(bed, silent))
    late.kill()
    check("one that ends without having come back is dead then",
          wait_for(lambda: bed.state_of(slots[2]) == "dead"))
    check("and the wait is over", wait_for(
        lambda: "all terminators are accounted for" in bed.loader.text()))
    impostor = Terminator(bed, "silent")
    own = impostor.ask("hello")
    check("another process of that name gets another slot",
          own["event"] == "welcome" and own["slot"] != slots[1], own)
    for one in (silent, impostor):
        one.kill()


def test_replacement_gone(bed, running):
    """A loader is killed before it can tell of a newer process; when the next
    one runs, that process is gone."""
    for leaving in False, True:
        older, newer = (Terminator(bed, "twin") for _ in range(2))
        slot = older.ask("hello")["slot"]
        newer.ask("hello")
        check("an older process drains for a newer one",
              wait_for(lambda: bed.state_of(slot) == "draining"))
        if leaving:
            older.ask("drain")
        bed.loader.stop(signal.SIGKILL)
        newer.kill()
        newer.child.wait()
        bed.start_loader()
        for one in (*running, older):
            one.ask("resume")
        wanted = "draining" if leaving else "live"
        check("it is %s once the newer one is gone if it %s" %
              (wanted, "leaves" if leaving else "does not know"),
              wait_for(lambda: bed.state_of(slot) == wanted),
              bed.state_of(slot))
        older.kill()


def main():
    if os.geteuid():
        print("skip late returns: needs root")
        return 0
    with Bed("qsl%d" % os.getpid()) as bed:
        if not check("the loader starts", bed.start_loader(),
                     bed.loader.text()):
            return 1
        running = [Terminator(bed, "t1")]
        running[0].ask("hello")
        test_missing(bed, running)
        test_replacement_gone(bed, running)
    return 1 if loader_bed.failures else 0


if __name__ == "__main__":
    sys.exit(main())
