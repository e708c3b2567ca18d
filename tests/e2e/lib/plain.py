# SPDX-License-Identifier: GPL-2.0-only
"""HTTP/1.1 by hand, for what no client library would send or show."""

import socket
import ssl


def connect(address, port, ca=None, alpn=("http/1.1",), seconds=60,
            whole=False):
    """A TCP connection; over TLS if `ca` is given. With `whole` an end without
    close_notify is an ssl.SSLEOFError."""
    plain = socket.create_connection((address, port), timeout=seconds)
    if not ca:
        return plain
    context = ssl.create_default_context(cafile=ca)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if whole:
        # ssl.OP_IGNORE_UNEXPECTED_EOF, which Python names from 3.12 on.
        context.options &= ~0x80
    return context.wrap_socket(plain, server_hostname="localhost",
                               suppress_ragged_eofs=not whole)


def read_all(stream):
    """All octets until the peer's end; what came before a reset, too."""
    data = b""
    try:
        while True:
            piece = stream.recv(65536)
            if not piece:
                return data
            data += piece
    except (ConnectionResetError, ssl.SSLError):
        return data


def read_head(stream, data=b""):
    """(status, {name: value}, octets behind) of the next response."""
    while b"\r\n\r\n" not in data:
        piece = stream.recv(65536)
        if not piece:
            raise ConnectionError(f"ended after {data!r}")
        data += piece
    head, rest = data.split(b"\r\n\r\n", 1)
    lines = head.decode("latin-1").split("\r\n")
    fields = {}
    for line in lines[1:]:
        name, value = line.split(":", 1)
        fields[name.strip().lower()] = value.strip()
    return int(lines[0].split(" ")[1]), fields, rest


def read_response(stream, data=b"", head=False):
    """(status, fields, body, octets behind). Bodies with Content-Length or
    chunked."""
    status, fields, data = read_head(stream, data)
    if head or status in (204, 304) or status < 200:
        return status, fields, b"", data
    if fields.get("transfer-encoding") == "chunked":
        body, data = read_chunks(stream, fields, data)
        return status, fields, body, data
    size = int(fields["content-length"])
    while len(data) < size:
        piece = stream.recv(65536)
        if not piece:
            raise ConnectionError("ended inside a body")
        data += piece
    return status, fields, data[:size], data[size:]


def read_line(stream, data):
    while b"\r\n" not in data:
        piece = stream.recv(65536)
        if not piece:
            raise ConnectionError("ended inside a chunk")
        data += piece
    return data.split(b"\r\n", 1)


def read_chunks(stream, fields, data):
    body = b""
    while True:
        line, data = read_line(stream, data)
        size = int(line, 16)
        if not size:
            break
        while len(data) < size + 2:
            piece = stream.recv(65536)
            if not piece:
                raise ConnectionError("ended inside a chunk")
            data += piece
        body += data[:size]
        data = data[size + 2:]
    while True:  # trailers
        line, data = read_line(stream, data)
        if not line:
            return body, data
        name, value = line.decode("latin-1").split(":", 1)
        fields["trailer " + name.lower()] = value.strip()


def ask(stream, text):
    """Sends and reads one response."""
    stream.sendall(text.encode("latin-1") if isinstance(text, str) else text)
    return read_response(stream)
