# SPDX-License-Identifier: GPL-2.0-only
"""A WebSocket through the terminators over HTTP/3 (RFC 9220), by aioquic, to be
used as those of tunnels.py are."""

import asyncio
import threading

import foreign
from h3frames import DATA, frame, headers
from websocket import Octets

NO_ERROR = 0x100
PATIENCE_S = 60


class OverH3:
    """Extended CONNECT on stream 0. What is asynchronous is in a thread of its
    own."""

    NAME = "HTTP/3"

    def __init__(self, bed, path, protocol="websocket"):
        self.seconds = PATIENCE_S
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever,
                                       daemon=True)
        # A thread is in the namespace of the one that starts it.
        bed.network.client.call(self.thread.start)
        self.client = None
        self.ended = None
        self.rest = b""
        self.read = Octets(self.more)
        try:
            self._do(self._open(bed, path, protocol))
        except BaseException:
            self.close()
            raise

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result()

    async def _open(self, bed, path, protocol):
        self.client = await foreign.Client(bed).start()
        self.client.begin()
        self.client.bidi(headers([
            (":method", "CONNECT"), (":protocol", protocol),
            (":scheme", "https"), (":authority", "localhost"),
            (":path", path), ("sec-websocket-version", "13")]))

    async def _next(self):
        """More of the stream's octets, or none: self.ended says why."""
        stream = self.client.stream(0)

        def is_over():  # STOP_SENDING is about the other way
            return stream.ended or (stream.over
                                    and stream.over.kind == "reset")

        await self.client.until(lambda: stream.data or is_over(), "octets",
                                self.seconds)
        data, stream.data = stream.data, b""
        if data:
            return data
        if is_over():
            self.ended = "end" if stream.ended else str(stream.over)
        else:
            self.ended = "connection"
            seen = self.client.closed.result()
            if (seen.kind, seen.code) != ("application", NO_ERROR):
                self.ended = str(seen)
        return b""

    def more(self):
        """Payload of DATA frames."""
        while self.ended is None:
            self.rest += self._do(self._next())
            found, self.rest = foreign.whole_frames(self.rest)
            data = b"".join(payload for kind, payload in found
                            if kind == DATA)
            if data:
                return data
        if self.ended not in ("end", "connection"):
            raise ConnectionError(self.ended)
        return b""

    def head(self):
        """The status; frames behind it stay to be read."""
        async def await_head():
            await self.client.until(lambda: self.client.status(0), "head",
                                    self.seconds)
            return self.client.status(0)

        return self._do(await_head())

    def send(self, octets):
        self._send(frame(DATA, octets))

    def end(self):
        self._send(b"", True)

    def _send(self, octets, end=False):
        async def send():
            if self.client.closed.done():
                raise ConnectionError("ended after the connection's end")
            self.client.send(0, octets, end)

        self._do(send())

    def patient(self, seconds):
        self.seconds = seconds

    def cut(self):
        """Ends it while another thread reads, or closes it. Does not wait for
        that: a loop that is being stopped does no more."""
        def cut():
            self.client.end()
            self.client.closed.done() or self.client._on_closed(
                foreign.Seen("application", NO_ERROR))

        try:
            self.loop.call_soon_threadsafe(cut)
        except RuntimeError:
            pass  # the loop is closed

    def close(self):
        if self.client:
            self.loop.call_soon_threadsafe(self.client.end)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()
        self.loop.close()
