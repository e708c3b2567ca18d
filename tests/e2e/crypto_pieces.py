#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""A client may cut its TLS messages into CRYPTO frames wherever it likes and
send them in any order (RFC 9000, 7.5 and 19.6); Chromium does, at random
places. Every one of these handshakes must become a connection that answers.
What is cut is ClientHello and Finished alike. So must one with a ClientHello
of more than a TLS record holds, but for one that is out of all proportion."""

import os
import random
import sys

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from foreign import connection, run, served  # noqa: E402

WHOLE = 1 << 20
HEADER = 4  # octets of a handshake message: type and length (RFC 8446, 4)
RANDOM_CUTS = 200
RECORD = 1 << 14  # octets (RFC 8446, 5.1)
UNKNOWN_EXTENSION = 0x2a2a
HANDSHAKE_FAILURE = 0x128  # RFC 9001, 4.8


def at(*places):
    """The frames end at these offsets, and with the message."""
    def cut(offset):
        return next((place - offset for place in places if place > offset),
                    WHOLE)
    return cut


def by(size):
    return lambda _: size


def reverse(frames):
    return frames[::-1]


def header_cuts():
    """Every way to cut the header, with a cut behind it and without."""
    for bits in range(1 << HEADER):
        places = [1 + bit for bit in range(HEADER) if bits >> bit & 1]
        yield f"cut at {places or 'no place'}", at(*places)


def random_cut(number):
    chance = random.Random(number)
    places = sorted(chance.sample(range(1, 300), chance.randint(1, 30)))
    return at(*places)


def shuffled(number):
    def order(frames):
        return random.Random(number).sample(frames, len(frames))
    return order


def fat(size):
    def hello(context):
        context.handshake_extensions.append((UNKNOWN_EXTENSION, bytes(size)))
    return hello


def check(results, bed, name, cut, order):
    seen, _ = run(bed, lambda: served(bed, cut=cut, order=order))
    results.equal(name, seen, "answer 200")


def pieces(results):
    with ConfiguredBed(backends=("b1",), pools=[{"name": "web"}]) as bed:
        for name, cut in header_cuts():
            check(results, bed, name, cut, list)
            check(results, bed, f"{name}, the last first", cut, reverse)
        for size in (1, 2, 3, 4, 5, 7, 64):
            name = f"frames of {size} octets"
            check(results, bed, name, by(size), list)
            check(results, bed, f"{name}, the last first", by(size), reverse)
        random_pieces(results, bed)
        fat_hellos(results, bed)
        results.equal("no message was refused",
                      bed.total("tls_messages_refused"), 0)


def random_pieces(results, bed):
    async def all_of_them():
        seen = {}
        for number in range(RANDOM_CUTS):
            how, _ = await served(bed, cut=random_cut(number),
                                  order=shuffled(number))
            seen.setdefault(how, []).append(number)
        return seen

    seen = run(bed, all_of_them)
    results.equal(f"cut at random, in any order, {RANDOM_CUTS} times",
                  {how: len(numbers) for how, numbers in seen.items()},
                  {"answer 200": RANDOM_CUTS})


def fat_hellos(results, bed):
    connection.CRYPTO_BUFFER_SIZE = 4 * RECORD  # what aioquic can make
    for size, wanted in ((RECORD - 1000, "answer 200"),
                         (RECORD + 500, "answer 200"),
                         (3 * RECORD, f"transport {HANDSHAKE_FAILURE:#x}")):
        seen, _ = run(bed, lambda: served(bed, hello=fat(size)))
        results.equal(f"a ClientHello with {size} octets of extension", seen,
                      wanted)


tap.run(pieces)
