# SPDX-License-Identifier: GPL-2.0-only
"""A foreign QUIC stack, aioquic, as a client that does what a test wants:
whole handshakes, then packets, frames and streams made by hand."""

import asyncio
import os
import ssl
import sys
from dataclasses import dataclass

import cryptography.hazmat.primitives.asymmetric.types as types
from bed import PORT, TOOLS
from h3frames import (CONTROL_STREAM, DATA, DECODER_STREAM, ENCODER_STREAM,
                      HEADERS, SETTINGS, frame, request, varint)
from network import VIP

sys.path.append(os.path.join(TOOLS, "usr/lib/python3/dist-packages"))
# aioquic is written for a newer cryptography than bookworm's. All that it
# needs of it and that is missing there are names for type hints.
for name in ("CertificateIssuerPublicKeyTypes", "PrivateKeyTypes"):
    if not hasattr(types, name):
        setattr(types, name, object)
from aioquic import tls  # noqa: E402
from aioquic.quic import connection, events  # noqa: E402
from aioquic.quic.configuration import QuicConfiguration  # noqa: E402
from cryptography.hazmat.primitives.serialization import Encoding  # noqa: E402

INITIAL, ZERO_RTT, HANDSHAKE, ONE_RTT = (
    tls.Epoch.INITIAL, tls.Epoch.ZERO_RTT, tls.Epoch.HANDSHAKE,
    tls.Epoch.ONE_RTT)
LONG_TYPES = {INITIAL: 0, ZERO_RTT: 1, HANDSHAKE: 2}
# RFC 9204, appendix A.
STATUSES = {24: 103, 25: 200, 26: 304, 27: 404, 28: 503, 63: 100, 64: 204,
            65: 206, 66: 302, 67: 400, 68: 403, 69: 421, 70: 425, 71: 500}
CRYPTO, FRAME_HEAD = 6, 8  # a type, and the most octets before the data
PATIENCE = 60  # seconds; who passes does not wait for it


@dataclass(frozen=True)
class Seen:
    """How something ended: `kind` is transport or application (a
    CONNECTION_CLOSE of 0x1c or 0x1d), reset (RESET_STREAM), stop
    (STOP_SENDING), answer (the code is the status) or silence."""

    kind: str
    code: int = 0
    reason: str = ""

    def __str__(self):
        code = self.code if self.kind == "answer" else hex(self.code)
        return f"{self.kind} {code} {self.reason}".rstrip()


class Quic(connection.QuicConnection):
    """Tells who closed, and does not close by itself: what the peer says to
    what was made by hand is nothing that aioquic asked for."""

    def __init__(self, on_closed, parameters=None, hello=None, cut=None,
                 order=list, dcid=None, **more):
        """`parameters` changes the octets of the transport parameters, `hello`
        the TLS context before ClientHello is made. `cut` gives the size of the
        CRYPTO frame that begins at an offset, `order` the order in which those
        of a packet stand there. `dcid` is the client's first for the server.
        """
        super().__init__(**more)
        if dcid:
            self._peer_cid.cid = dcid
            self._original_destination_connection_id = dcid
        self.on_closed = on_closed
        self.parameters = parameters
        self.hello = hello
        self.cut = cut
        self.order = order
        self.complaints = []
        self.peer_parameters = b""

    def close(self, error_code=0, frame_type=None, reason_phrase=""):
        self.complaints.append(f"{error_code:#x} {reason_phrase}")

    def bye(self):
        super().close(0x100)

    def _serialize_transport_parameters(self):
        octets = super()._serialize_transport_parameters()
        return self.parameters(octets) if self.parameters else octets

    def _parse_transport_parameters(self, data, **more):
        self.peer_parameters = data
        super()._parse_transport_parameters(data, **more)

    def _initialize(self, peer_cid):
        super()._initialize(peer_cid)
        if self.hello:
            self.hello(self.tls)

    def _write_crypto_frame(self, builder, space, stream):
        if not self.cut:
            return super()._write_crypto_frame(builder, space, stream)
        sender, frames = stream.sender, []
        room = builder.remaining_flight_space - FRAME_HEAD
        while room > 0:
            frame = sender.get_frame(min(room, self.cut(sender.next_offset)))
            if not frame:
                break
            frames.append(frame)
            room -= FRAME_HEAD + len(frame.data)
        for frame in self.order(frames):
            end = frame.offset + len(frame.data)
            buf = builder.start_frame(CRYPTO, FRAME_HEAD + len(frame.data),
                                      sender.on_data_delivery,
                                      (frame.offset, end, False))
            buf.push_bytes(varint(frame.offset) + varint(len(frame.data))
                           + frame.data)
        return bool(frames)

    def _handle_connection_close_frame(self, context, frame_type, buf):
        super()._handle_connection_close_frame(context, frame_type, buf)
        seen = self._close_event
        self.on_closed(Seen("application" if frame_type == 0x1d
                            else "transport", seen.error_code,
                            seen.reason_phrase))


@dataclass
class Stream:
    """What came on a stream."""

    data: bytes = b""
    ended: bool = False
    over: Seen = None

    def frames(self):
        """[(type, payload)] of the whole frames."""
        return whole_frames(self.data)[0]


def whole_frames(octets):
    """([(type, payload)], the octets behind them)."""
    found = []
    while octets:
        kind, rest = pull(octets)
        size, rest = pull(rest) if rest else (None, rest)
        if kind is None or size is None or len(rest) < size:
            break
        found.append((kind, rest[:size]))
        octets = rest[size:]
    return found, octets


def pull(octets):
    """The varint at the start, or None; and what follows it."""
    size = 1 << (octets[0] >> 6)
    if len(octets) < size:
        return None, octets
    number = int.from_bytes(octets[:size], "big") & ((1 << 8 * size - 2) - 1)
    return number, octets[size:]


class Client(asyncio.DatagramProtocol):
    """A connection. Use start(), then what comes below."""

    def __init__(self, bed, ticket=None, alpn=("h3",), options=None, **more):
        """`options` are of aioquic's QuicConfiguration, `more` of Quic."""
        configuration = QuicConfiguration(
            alpn_protocols=alpn and list(alpn), server_name="localhost",
            verify_mode=ssl.CERT_NONE, session_ticket=ticket, idle_timeout=30,
            **(options or {}))
        self.bed = bed
        self.loop = asyncio.get_running_loop()
        self.closed = self.loop.create_future()
        self.tickets = []
        self.streams = {}
        self.news = asyncio.Event()
        self.timer = None
        self.transport = None
        self.hold = False  # sends nothing of its own accord any more
        self.is_complete = None
        self.quic = Quic(self._on_closed, configuration=configuration,
                         session_ticket_handler=self.tickets.append, **more)

    # Life

    async def open(self):
        """Sends the ClientHello."""
        await self.bind()
        self.quic.connect((VIP[4], PORT), now=self.loop.time())
        return self

    async def bind(self):
        """Has a new port from now on."""
        if self.transport:
            self.transport.close()
        await self.loop.create_datagram_endpoint(
            lambda: self, local_addr=("0.0.0.0", 0))

    async def start(self):
        """A whole handshake, which the server has confirmed."""
        await self.open()
        self.transmit()
        await self.is_confirmed()
        if self.is_complete and not self.is_complete.session_resumed:
            self._check_certificate()
        return self

    def _check_certificate(self):
        with open(self.bed.path("cert.pem"), "rb") as file:
            wanted = file.read()
        seen = self.quic.tls._peer_certificate.public_bytes(Encoding.PEM)
        if seen.strip() not in wanted:
            raise RuntimeError("another certificate than the bed's")

    async def is_confirmed(self):
        """Waits until the server has the whole handshake, or no more."""
        return await self.until(lambda: self.quic._handshake_confirmed,
                                "handshake")

    def has_handshake_keys(self):
        return self.quic._cryptos[HANDSHAKE].send.is_valid()

    async def until(self, condition, what, patience=PATIENCE):
        """Waits until something is so; returns False when the connection or
        the patience ends before."""
        try:
            async with asyncio.timeout(patience):
                while not condition():
                    if self.closed.done():
                        return False
                    await self.news.wait()
                    self.news.clear()
        except TimeoutError:
            raise TimeoutError(f"no {what}; {self.quic.complaints}") from None
        return True

    def end(self):
        if not self.closed.done():
            self.quic.bye()
            self.transmit()
        if self.timer:
            self.timer.cancel()
        if self.transport:
            self.transport.close()

    # Datagrams

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.quic.receive_datagram(data, addr, now=self.loop.time())
        self._take_events()
        self.transmit()

    def error_received(self, error):
        self.quic.complaints.append(str(error))

    def transmit(self):
        if self.hold:
            return
        for data, addr in self.quic.datagrams_to_send(now=self.loop.time()):
            self.transport.sendto(data, addr)
        if self.timer:
            self.timer.cancel()
        when = self.quic.get_timer()
        self.timer = self.loop.call_at(when, self._on_timer) if when else None

    def _on_timer(self):
        self.quic.handle_timer(now=self.loop.time())
        self._take_events()
        self.transmit()

    def _on_closed(self, seen):
        if not self.closed.done():
            self.closed.set_result(seen)
        self.news.set()

    def stream(self, number):
        return self.streams.setdefault(number, Stream())

    def _take_events(self):
        self.news.set()
        while event := self.quic.next_event():
            if isinstance(event, events.HandshakeCompleted):
                self.is_complete = event
            elif isinstance(event, events.StreamDataReceived):
                stream = self.stream(event.stream_id)
                stream.data += event.data
                stream.ended |= event.end_stream
            elif isinstance(event, events.StreamReset):
                self.stream(event.stream_id).over = Seen(
                    "reset", event.error_code)
            elif isinstance(event, events.StopSendingReceived):
                stream = self.stream(event.stream_id)
                stream.over = stream.over or Seen("stop", event.error_code)

    # Streams

    def begin(self, control=frame(SETTINGS), encoder=b"", decoder=b""):
        """The three streams that each end has, with what is sent on them."""
        return (self.uni(CONTROL_STREAM, control),
                self.uni(ENCODER_STREAM, encoder),
                self.uni(DECODER_STREAM, decoder))

    def uni(self, kind, octets=b"", end=False):
        """Opens a stream. Returns its ID."""
        stream = self.quic.get_next_available_stream_id(True)
        return self.send(stream, varint(kind) + octets, end)

    def bidi(self, octets=b"", end=False):
        return self.send(self.quic.get_next_available_stream_id(), octets, end)

    def send(self, stream, octets, end=False):
        self.quic.send_stream_data(stream, octets, end)
        self.transmit()
        return stream

    def end_stream(self, stream):
        return self.send(stream, b"", True)

    def reset(self, stream, code=0x10c):
        self.quic.reset_stream(stream, code)
        self.transmit()
        return stream

    def get(self, path="/bytes/100", more=()):
        return self.bidi(request(path=path, more=more), True)

    def status(self, stream):
        """The status of the response on a stream, or 0 for one that has no
        entry in the static table of QPACK."""
        for kind, payload in self.stream(stream).frames():
            if kind == HEADERS and payload[2] >= 0xc0:
                index = payload[2] - 0xc0
                return STATUSES.get(index + payload[3] if index == 63
                                    else index, 0)
        return 0

    def body(self, stream):
        return b"".join(payload for kind, payload
                        in self.stream(stream).frames() if kind == DATA)

    async def outcome(self, stream=None, patience=PATIENCE):
        """How the stream, or else the connection, ends."""
        def is_over():
            if stream is None:
                return False
            one = self.stream(stream)
            return one.over or one.ended

        try:
            await self.until(is_over, "end", patience)
        except TimeoutError:
            return Seen("silence", 0, "; ".join(self.quic.complaints))
        if self.closed.done():
            return self.closed.result()
        if self.stream(stream).over:
            return self.stream(stream).over
        return Seen("answer", self.status(stream))

    # Packets

    def largest_received(self):
        """The largest packet number of 1-RTT that came."""
        return self.quic._spaces[ONE_RTT].largest_received_packet

    def datagram(self, octets):
        self.transport.sendto(octets, (VIP[4], PORT))

    def packet(self, frames, first=0x43, crypto=None, number=None, behind=b""):
        """Sends a packet of 1-RTT with frames made by hand. `first` is the
        first octet, but for its key phase; `behind` follows the packet."""
        crypto = crypto or self.quic._cryptos[ONE_RTT].send
        if number is None:
            number = self.quic._packet_number
            self.quic._packet_number += 1
        head = bytes([first | crypto.key_phase << 2]) \
            + self.quic._peer_cid.cid + number.to_bytes(4, "big")
        self.datagram(crypto.encrypt_packet(head, frames, number) + behind)

    def long_packet(self, epoch, frames, first=0xc3):
        """Sends a packet with a long header."""
        quic = self.quic
        number = quic._packet_number
        quic._packet_number += 1
        head = bytes([first | LONG_TYPES[epoch] << 4]) \
            + quic._version.to_bytes(4, "big")
        for cid in (quic._peer_cid.cid, quic.host_cid):
            head += bytes([len(cid)]) + cid
        if epoch == INITIAL:  # no token, and the size that the RFC wants
            head += b"\0"
            frames += bytes(1200 - len(head) - 2 - 4 - 16 - len(frames))
        head += (0x4000 | 4 + len(frames) + 16).to_bytes(2, "big")
        head += number.to_bytes(4, "big")
        self.datagram(quic._cryptos[epoch].send.encrypt_packet(head, frames,
                                                               number))


async def served(bed, **how):
    """What comes of one request on a connection of its own, and the server's
    first CID for that; `how` is Client's."""
    client = await Client(bed, **how).start()
    try:
        return (str(await client.outcome(client.get())),
                client.quic._peer_cid.cid)
    finally:
        client.end()


def run(bed, scenario):
    """Runs scenario(), a coroutine function, in the client's namespace."""
    return bed.network.client.call(lambda: asyncio.run(scenario()))
