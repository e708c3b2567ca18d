# SPDX-License-Identifier: GPL-2.0-only
"""The BPF file system, where loaders pin what they leave behind."""

import fcntl
import os
import subprocess
import tempfile

WHERE = "/sys/fs/bpf"


def mount():
    """Mounts it if it is not there. Of suites that begin at once one does: a
    second mount would hide what is pinned in the first."""
    lock = os.open(tempfile.gettempdir(), os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.ismount(WHERE):
            subprocess.run(["mount", "-t", "bpf", "bpf", WHERE], check=True,
                           capture_output=True, timeout=60)
    finally:
        os.close(lock)
