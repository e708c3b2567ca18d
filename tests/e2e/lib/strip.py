# SPDX-License-Identifier: GPL-2.0-only
"""A driver without room for XDP metadata, made of one that has it: a program on
the tc ingress, in front of quicsteer's, that makes the metadata invalid."""

import ctypes
import os
import platform
import socket
import struct

BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
PROG_LOAD, LINK_CREATE = 5, 28
SCHED_CLS, TCX_INGRESS, BEFORE = 3, 46, 1 << 3
DATA, DATA_META = 76, 140  # in struct __sk_buff

libc = ctypes.CDLL(None, use_errno=True)


def instruction(code, destination=0, source=0, offset=0, immediate=0):
    return struct.pack("<BBhi", code, source << 4 | destination, offset,
                       immediate)


PROGRAM = b"".join((
    instruction(0x61, 2, 1, DATA_META),  # r2 = skb->data_meta
    instruction(0x61, 3, 1, DATA),       # r3 = skb->data
    instruction(0xbf, 4, 2),             # r4 = r2 + 4
    instruction(0x07, 4, immediate=4),
    instruction(0x2d, 4, 3, 1),          # if r4 <= r3:
    instruction(0x62, 2),                # *(u32 *)r2 = 0
    instruction(0xb7, 0, immediate=-1),  # return TCX_NEXT
    instruction(0x95),
))


def bpf(command, attributes):
    size = len(attributes)
    result = libc.syscall(BPF, command, ctypes.create_string_buffer(
        attributes, size), size)
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf")
    return result


def attach(interface, kind, code, hook, flags):
    """Loads a program and links it to an interface of this namespace. Returns
    a descriptor whose closing ends it."""
    text = ctypes.create_string_buffer(b"GPL")
    code = ctypes.create_string_buffer(code, len(code))
    program = bpf(PROG_LOAD, struct.pack(
        "<IIQQIIQII", kind, len(code) // 8, ctypes.addressof(code),
        ctypes.addressof(text), 0, 0, 0, 0, 0))
    try:
        return bpf(LINK_CREATE, struct.pack(
            "<IIIIIIQ", program, socket.if_nametoindex(interface), hook, flags,
            0, 0, 0))
    finally:
        os.close(program)


def strip_metadata(interface):
    """Begins; returns a descriptor whose closing ends it. To be called in the
    interface's namespace."""
    return attach(interface, SCHED_CLS, PROGRAM, TCX_INGRESS, BEFORE)
