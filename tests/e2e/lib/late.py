#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A long way that brings acknowledgements together: relays UDP for one client.
What the server sends passes at once; what the client sends comes after BASE
seconds and then at the next multiple of STEP seconds, as over radio links.

usage: late.py LISTEN-ADDRESS PORT TARGET-ADDRESS PORT BASE STEP"""

import collections
import math
import selectors
import socket
import sys
import time

SO_RCVBUFFORCE = 33
ROOM = 1 << 23  # octets that wait in a socket


def make_socket():
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, ROOM)
    made.setblocking(False)
    return made


def relay(listen, target, base, step):
    front, back = make_socket(), make_socket()
    front.bind(listen)
    back.connect(target)
    held, client = collections.deque(), None
    selector = selectors.DefaultSelector()
    for one in (front, back):
        selector.register(one, selectors.EVENT_READ)
    print("relaying", flush=True)
    while True:
        wait = max(0, held[0][0] - time.monotonic()) if held else None
        for key, _ in selector.select(wait):
            data, address = key.fileobj.recvfrom(65536)
            if key.fileobj is back:
                front.sendto(data, client)
                continue
            client = address
            held.append((math.ceil((time.monotonic() + base) / step) * step,
                         data))
        while held and held[0][0] <= time.monotonic():
            back.send(held.popleft()[1])


if __name__ == "__main__":
    relay((sys.argv[1], int(sys.argv[2])), (sys.argv[3], int(sys.argv[4])),
          float(sys.argv[5]), float(sys.argv[6]))
