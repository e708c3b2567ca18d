# SPDX-License-Identifier: GPL-2.0-only
"""An interface that no XDP program can be attached to, in any mode: the kernel
refuses that while a device above it has one, here a macvlan with a program of
somebody else's that passes everything."""

from strip import attach, instruction

XDP, GENERIC, XDP_HOOK = 6, 1 << 1, 37
XDP_PASS = 2
PROGRAM = instruction(0xb7, 0, immediate=XDP_PASS) + instruction(0x95)


def forbid_xdp(namespace, interface, upper="upper0"):
    """Begins; returns a descriptor whose closing ends it."""
    namespace.ip("link", "add", upper, "link", interface, "type", "macvlan")
    namespace.ip("link", "set", upper, "up")
    return namespace.call(
        lambda: attach(upper, XDP, PROGRAM, XDP_HOOK, GENERIC))
