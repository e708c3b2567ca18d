# SPDX-License-Identifier: GPL-2.0-only
"""Floods by an HTTP/3 client: what makes the server work and brings no request
on. Each is a coroutine function of a client (foreign.py) that ends when the
connection does, or when it has sent far more than is allowed."""

import asyncio

import foreign
from aioquic.quic.connection import QuicConnectionId
from foreign import pull
from h3frames import (CONTROL_STREAM, DATA, ENCODER_STREAM, HEADERS, SETTINGS,
                      frame, integer, request, varint)

PING, ACK, CRYPTO, STREAM = 0x01, 0x02, 0x06, 0x0a
MAX_DATA, MAX_STREAM_DATA, STREAMS_BLOCKED = 0x10, 0x11, 0x16
NEW_CONNECTION_ID, RETIRE_CONNECTION_ID, PATH_CHALLENGE = 0x18, 0x19, 0x1a
CANCELLED = 0x10c
PACKETS = 20000  # at most; the budget is a burst of 800, and 200 a second
LOAD = [("application", 0x107)]  # H3_EXCESSIVE_LOAD
CID_LIMIT = [("transport", 0x09)]
CRYPTO_BUFFER = [("transport", 0x0d)]


def fields(*numbers):
    return b"".join(varint(number) for number in numbers)


def section():
    """A request's field section, without its prefix."""
    return pull(pull(request())[1])[1][2:]


def new_cid(client, number):
    """Which also wants all before it to be retired. aioquic is to know it, and
    to acknowledge nothing."""
    client.hold = True
    number += 100
    octets = number.to_bytes(8, "big")
    client.quic._host_cids.append(QuicConnectionId(octets, number, 2 * octets))
    return fields(NEW_CONNECTION_ID, number, number, 8) + octets + 2 * octets


def same_cid(client, number):
    """One that the server has."""
    one = client.quic._host_cids[-1]
    return (fields(NEW_CONNECTION_ID, one.sequence_number, 0, len(one.cid))
            + one.cid + one.stateless_reset_token) * 30


def packets(make):
    """Packets of 1-RTT: make(client, number) gives the frames of one."""
    async def flood(client):
        for number in range(PACKETS):
            if client.closed.done():
                break
            client.packet(make(client, number))
            if number % 10 == 9:
                await asyncio.sleep(0)
    return flood


def answered(make):
    """Packets that need no answer, but for a few: aioquic gives up what is
    silent for the idle time-out, which a slow client's flood may outlast."""
    return packets(lambda client, number: make(client, number) + (
        fields(PING) if number % 100 == 99 else b""))


def many(octets, count=100):
    return packets(lambda client, number: octets * count)


def same_ack(client, number):
    space = client.quic._spaces[foreign.ONE_RTT]
    return fields(ACK, space.largest_received_packet, 0, 0, 0)


def octets_on(open_stream, octets, rounds=40):
    async def flood(client):
        stream = open_stream(client)
        for _ in range(rounds):
            if client.closed.done():
                break
            client.send(stream, octets)
            await asyncio.sleep(0.005)
    return flood


def upload(client):
    return client.bidi(request("POST", "/upload"))


def control(client):
    return client.uni(CONTROL_STREAM, frame(SETTINGS))


def encoder(client):
    client.uni(CONTROL_STREAM, frame(SETTINGS))
    return client.uni(ENCODER_STREAM, integer(4096, 5, 0x20))


async def requests(client, octets, then=None, batch=20):
    """Requests by the thousand, `then` called for each at once."""
    client.uni(CONTROL_STREAM, frame(SETTINGS))
    quic = client.quic
    for _ in range(PACKETS // batch):
        first = quic.get_next_available_stream_id() // 4
        if not await client.until(
                lambda: quic._remote_max_streams_bidi >= first + batch,
                "room for streams"):
            break
        streams = [4 * (first + number) for number in range(batch)]
        for stream in streams:
            quic.send_stream_data(stream, octets, True)
        client.transmit()
        for stream in streams if then else ():
            then(quic, stream)
        client.transmit()
        await asyncio.sleep(0)


async def rapid_reset(client):
    await requests(client, request(path="/bytes/100000"),
                   lambda quic, stream: quic.reset_stream(stream, CANCELLED))


async def rapid_stop(client):
    """It depends on when the responses come whether that costs a frame or a
    request."""
    await requests(client, request(path="/bytes/100000"),
                   lambda quic, stream: quic.stop_stream(stream, CANCELLED))


async def made_to_reset(client):
    await requests(client, request(more=[("Upper", "x")]))


async def small_fields(client):
    """One octet each, and some 50 when they are decoded."""
    client.uni(CONTROL_STREAM, frame(SETTINGS))
    client.bidi(frame(HEADERS, b"\0\0" + section() + b"\xdf" * 60000))
    await client.outcome()


async def dynamic_fields(client):
    """One octet each, and 3800 when they are decoded."""
    name, value = b"a", b"v" * 3800
    entry = integer(len(name), 5, 0x40) + name + integer(len(value), 7, 0)
    client.begin(encoder=integer(4096, 5, 0x20) + entry + value)
    await asyncio.sleep(0.1)
    # Required Insert Count 1 of a table of 128 entries at most: 2; Base 1.
    client.bidi(frame(HEADERS, b"\2\0" + section() + b"\x80" * 60000))
    await client.outcome()


async def crypto_gap(client):
    client.packet(fields(CRYPTO, 70000, 100) + bytes(100))
    await client.outcome()


FLOODS = [
    ("PING", LOAD, "flood_frames", many(fields(PING), 500)),
    ("PING, one a packet", LOAD, "flood_packets", many(fields(PING), 1)),
    ("PATH_CHALLENGE", LOAD, "flood_frames",
     many(fields(PATH_CHALLENGE) + b"12345678")),
    ("MAX_DATA", LOAD, "flood_frames", many(fields(MAX_DATA, 1))),
    ("MAX_STREAM_DATA", LOAD, "flood_frames",
     packets(lambda client, number: fields(MAX_STREAM_DATA, 0, number) * 200)),
    ("STREAMS_BLOCKED", LOAD, "flood_frames", many(fields(STREAMS_BLOCKED,
                                                          1))),
    ("RETIRE_CONNECTION_ID of the same", LOAD, "flood_frames",
     many(fields(RETIRE_CONNECTION_ID, 1))),
    ("NEW_CONNECTION_ID of the same", LOAD, "flood_frames",
     packets(same_cid)),
    ("STREAM without an octet", LOAD, "flood_frames",
     many(fields(STREAM, 2, 0))),
    ("NEW_CONNECTION_ID that retires all before, never acknowledged",
     CID_LIMIT, None, packets(new_cid)),
    ("ACK of nothing new", LOAD, "flood_packets", answered(same_ack)),
    ("packets of PADDING", LOAD, "flood_packets",
     answered(lambda client, number: bytes(20))),
    ("CRYPTO far ahead", CRYPTO_BUFFER, None, crypto_gap),
    ("requests that are reset at once", LOAD, "flood_resets", rapid_reset),
    ("responses that are stopped at once", LOAD, None, rapid_stop),
    ("requests that have us reset them", LOAD, "flood_resets", made_to_reset),
    ("empty DATA frames", LOAD, "flood_octets",
     octets_on(upload, frame(DATA) * 500)),
    ("frames that nobody knows", LOAD, "flood_octets",
     octets_on(control, frame(0x21) * 500)),
    ("insertions into QPACK's table", LOAD, "flood_octets",
     octets_on(encoder, b"\x41a\1b" * 300)),
    ("small fields without end", LOAD, "flood_fields", small_fields),
    ("a dynamic field over and over", LOAD, "flood_fields", dynamic_fields),
]
