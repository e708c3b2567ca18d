# SPDX-License-Identifier: GPL-2.0-only
"""A backend whose responses are as the query says, as a program: pages.py PORT
DIRECTORY. Its text depends on nothing but its size, so that tests know it.

  /page?size=N      N octets of text with Content-Length, or with chunked=1
                    without one, in pieces, and with a trailer
  /events?count=N   text/event-stream: event i comes when DIRECTORY/go-i is
                    there
  type=, etag=, vary=, cache=, coding=, range=, accept=, digest=: fields;
  status=: another status; empty=1: no body
"""

import http.server
import os
import sys
import time
import urllib.parse

FIELDS = {"type": "Content-Type", "etag": "ETag", "vary": "Vary",
          "cache": "Cache-Control", "coding": "Content-Encoding",
          "range": "Content-Range", "accept": "Accept-Ranges",
          "digest": "Repr-Digest"}
PIECE = 64 * 1024


def text(size):
    """The octets of a page."""
    lines = []
    length = 0
    while length < size:
        line = b"<li>%d steered \xc3\xa9 %x</li>\n" % (
            length, length * 2654435761 % 2**32)
        lines.append(line)
        length += len(line)
    return b"".join(lines)[:size]


def event(number):
    return b"data: event %d of many\n\n" % number


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    directory = "."

    def do_GET(self):
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query,
                                            keep_blank_values=True))
        self.send_response(int(query.get("status", 200)))
        if parts.path == "/events":
            query.setdefault("type", "text/event-stream")
        query.setdefault("type", "text/html")
        for name, field in FIELDS.items():
            if query.get(name):
                self.send_header(field, query[name])
        if parts.path == "/events":
            self.events(int(query["count"]))
        elif "empty" in query:
            self.end_headers()
        elif "chunked" in query:
            self.chunks(int(query["size"]))
        else:
            self.whole(int(query["size"]))

    do_HEAD = do_GET

    def whole(self, size):
        self.send_header("Content-Length", str(size))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(text(size))

    def begin_chunks(self):
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Trailer", "X-Sum")
        self.end_headers()

    def chunk(self, data):
        self.wfile.write(b"%x\r\n%s\r\n" % (len(data), data))

    def end_chunks(self, total):
        self.wfile.write(b"0\r\nX-Sum: %d\r\n\r\n" % total)

    def chunks(self, size):
        self.begin_chunks()
        if self.command == "HEAD":
            return
        piece = text(min(size, PIECE))
        left = size
        while left:
            self.chunk(piece[:left])
            left -= min(left, len(piece))
        self.end_chunks(size)

    def events(self, count):
        self.begin_chunks()
        for number in range(count):
            path = os.path.join(self.directory, f"go-{number}")
            while not os.path.exists(path):
                time.sleep(0.02)
            self.chunk(event(number))
        self.end_chunks(count)

    def log_message(self, *_):
        pass


def main():
    Handler.directory = sys.argv[2]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])),
                                             Handler)
    server.daemon_threads = True
    print("listening", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
