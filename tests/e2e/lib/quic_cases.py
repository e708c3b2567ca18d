# SPDX-License-Identifier: GPL-2.0-only
"""What a client may not do by RFC 9000 (and 9001, 9221), after the handshake.
Each case is a name, what may come of it, and what does it to a foreign.Client
that has sent nothing but its handshake."""

import copy

from foreign import HANDSHAKE, INITIAL, ONE_RTT, ZERO_RTT
from h3frames import varint

PING, ACK, RESET_STREAM, STOP_SENDING, CRYPTO, NEW_TOKEN = 1, 2, 4, 5, 6, 7
STREAM, FIN, LEN, OFF = 8, 1, 2, 4
MAX_STREAM_DATA, MAX_STREAMS, MAX_STREAMS_UNI = 0x11, 0x12, 0x13
STREAM_DATA_BLOCKED, STREAMS_BLOCKED, STREAMS_BLOCKED_UNI = 0x15, 0x16, 0x17
NEW_CONNECTION_ID, RETIRE_CONNECTION_ID = 0x18, 0x19
PATH_CHALLENGE, PATH_RESPONSE, HANDSHAKE_DONE = 0x1a, 0x1b, 0x1e

FINE = (("answer", 200),)  # the next request gets its response


def transport(*codes):
    return tuple(("transport", code) for code in codes)


FLOW_CONTROL, STREAM_LIMIT, STREAM_STATE, FINAL_SIZE, ENCODING = (
    transport(code) for code in (3, 4, 5, 6, 7))
CID_LIMIT, VIOLATION = transport(9), transport(0xa)
CRYPTO_EXCEEDED, KEY_UPDATE = transport(0xd), transport(0xe)
UNEXPECTED_MESSAGE = transport(0x10a)  # of TLS
FIRST, FIRST_UNI, SERVER_BIDI, SERVER_UNI = 0, 2, 1, 3  # stream IDs
LARGEST = (1 << 62) - 1


def fields(kind, *more):
    """A frame: its type, then numbers and octets."""
    return b"".join(one if isinstance(one, bytes) else varint(one)
                    for one in (kind, *more))


def stream(number, data=b"x", offset=0, fin=0):
    return fields(STREAM | LEN | OFF | fin, number, offset, len(data), data)


def reset(number, size=0):
    return fields(RESET_STREAM, number, 0x10c, size)


def new_cid(sequence, cid=b"0" * 8, retire=0, size=None):
    return fields(NEW_CONNECTION_ID, sequence, retire,
                  bytes([len(cid) if size is None else size]), cid,
                  b"t" * 16)


def sends(*frames):
    return lambda client: client.packet(b"".join(frames))


def behind_limit(kind, more, uni=False):
    """A frame about the first stream that is over the limit."""
    def send(client):
        quic = client.quic
        number = (4 * quic._remote_max_streams_uni + FIRST_UNI if uni
                  else 4 * quic._remote_max_streams_bidi)
        client.packet(fields(kind, number, *more))
    return send


def over_stream(client):
    window = client.quic._remote_max_stream_data_bidi_remote
    client.packet(stream(FIRST, b"x", window))


def over_uni(client):
    window = client.quic._remote_max_stream_data_uni
    client.packet(stream(FIRST_UNI, b"x", window))


def over_stream_by_reset(client):
    client.packet(reset(FIRST,
                        client.quic._remote_max_stream_data_bidi_remote + 1))


def over_connection(client):
    """Each stream stays within its own window."""
    window = client.quic._remote_max_stream_data_bidi_remote
    count = client.quic._remote_max_data // window + 1
    assert count <= client.quic._remote_max_streams_bidi
    client.packet(b"".join(stream(4 * number, b"x", window - 1)
                           for number in range(count)))


def own_sequences(client):
    return [one.sequence_number for one in client.quic._host_cids]


def over_cid_limit(client):
    first = max(own_sequences(client)) + 1
    client.packet(b"".join(new_cid(first + more, b"cid%05d" % more)
                           for more in range(9)))


def other_cid(client):
    client.packet(new_cid(max(own_sequences(client))))


def other_sequence(client):
    last = client.quic._host_cids[-1]
    client.packet(new_cid(last.sequence_number + 1, last.cid))


def retire_in_use(client):
    client.packet(fields(RETIRE_CONNECTION_ID,
                         client.quic._peer_cid.sequence_number))


def old_keys(client):
    """A packet of the phase before with a higher number."""
    pair = client.quic._cryptos[ONE_RTT]
    old = copy.copy(pair.send)
    pair.update_key()
    pair.encrypt_packet(b"\x40" + bytes(12), b"", 0)  # which updates
    client.packet(fields(PING))
    client.packet(fields(PING), crypto=old)


def forged(client):
    """To this connection, but of nobody's keys."""
    client.datagram(b"\x43" + client.quic._peer_cid.cid + bytes(60))


def twice(client):
    number = client.quic._packet_number
    client.packet(fields(PING))
    client.packet(fields(PING), number=number)


def long_header(epoch, *frames, first=0xc3):
    """A packet with a long header."""
    def send(client):
        client.long_packet(epoch, b"".join(frames), first)

    send.epoch = epoch
    return send


STREAMS = [
    ("STREAM on a server's unidirectional stream", STREAM_STATE,
     sends(stream(SERVER_UNI))),
    ("STREAM on a server's stream that it has not opened", STREAM_STATE,
     sends(stream(4 * 50 + SERVER_UNI))),
    ("STREAM on a server's bidirectional stream", STREAM_STATE,
     sends(stream(SERVER_BIDI))),
    ("RESET_STREAM of a server's unidirectional stream", STREAM_STATE,
     sends(reset(SERVER_UNI))),
    ("RESET_STREAM of a server's bidirectional stream", STREAM_STATE,
     sends(reset(SERVER_BIDI))),
    ("STREAM_DATA_BLOCKED on a server's unidirectional stream", STREAM_STATE,
     sends(fields(STREAM_DATA_BLOCKED, SERVER_UNI, 1))),
    ("STREAM_DATA_BLOCKED on a server's bidirectional stream", STREAM_STATE,
     sends(fields(STREAM_DATA_BLOCKED, SERVER_BIDI, 1))),
    ("STOP_SENDING of an own unidirectional stream", STREAM_STATE,
     sends(fields(STOP_SENDING, FIRST_UNI, 0))),
    ("STOP_SENDING of a server's stream that it has not opened", STREAM_STATE,
     sends(fields(STOP_SENDING, SERVER_BIDI, 0))),
    ("MAX_STREAM_DATA for an own unidirectional stream", STREAM_STATE,
     sends(fields(MAX_STREAM_DATA, FIRST_UNI, 9))),
    ("MAX_STREAM_DATA for a server's stream that it has not opened",
     STREAM_STATE, sends(fields(MAX_STREAM_DATA, SERVER_BIDI, 9))),
    ("STREAM over the limit of bidirectional streams", STREAM_LIMIT,
     behind_limit(STREAM, (b"x",))),
    ("STREAM over the limit of unidirectional streams", STREAM_LIMIT,
     behind_limit(STREAM, (b"x",), uni=True)),
    ("RESET_STREAM over the limit of streams", STREAM_LIMIT,
     behind_limit(RESET_STREAM, (0, 0))),
    ("RESET_STREAM over the limit of unidirectional streams", STREAM_LIMIT,
     behind_limit(RESET_STREAM, (0, 0), uni=True)),
    ("STOP_SENDING over the limit of streams", STREAM_LIMIT,
     behind_limit(STOP_SENDING, (0,))),
    ("MAX_STREAM_DATA over the limit of streams", STREAM_LIMIT,
     behind_limit(MAX_STREAM_DATA, (9,))),
    ("STREAM_DATA_BLOCKED over the limit of streams", STREAM_LIMIT,
     behind_limit(STREAM_DATA_BLOCKED, (9,))),
    ("more than the window of a stream", FLOW_CONTROL, over_stream),
    ("more than the window of a unidirectional stream", FLOW_CONTROL,
     over_uni),
    ("RESET_STREAM over the window of a stream", FLOW_CONTROL,
     over_stream_by_reset),
    ("more than the window of the connection", FLOW_CONTROL, over_connection),
    ("STREAM that ends above 2^62-1", FLOW_CONTROL + ENCODING,
     sends(stream(FIRST, b"xy", LARGEST))),
    ("two final sizes, the second smaller", FINAL_SIZE,
     sends(stream(FIRST, b"x", 10, FIN), stream(FIRST, b"x", 5, FIN))),
    ("two final sizes, the second larger", FINAL_SIZE,
     sends(stream(FIRST, b"x", 10, FIN), stream(FIRST, b"x", 11, FIN))),
    ("STREAM behind the final size", FINAL_SIZE,
     sends(stream(FIRST, b"x", 10, FIN), stream(FIRST, b"x", 11))),
    ("a final size before what came", FINAL_SIZE,
     sends(stream(FIRST, b"x", 10), stream(FIRST, b"x", 5, FIN))),
    ("RESET_STREAM with another final size than FIN", FINAL_SIZE,
     sends(stream(FIRST, b"x", 10, FIN), reset(FIRST, 12))),
    ("RESET_STREAM with a final size before what came", FINAL_SIZE,
     sends(stream(FIRST, b"x", 10), reset(FIRST, 3))),
    ("two RESET_STREAM with two final sizes", FINAL_SIZE,
     sends(stream(FIRST, b"x", 1), reset(FIRST, 3), reset(FIRST, 4))),
    ("STREAM behind the final size of RESET_STREAM", FINAL_SIZE,
     sends(stream(FIRST, b"x", 1), reset(FIRST, 3), stream(FIRST, b"x", 9))),
    ("MAX_STREAMS over 2^60", ENCODING,
     sends(fields(MAX_STREAMS, (1 << 60) + 1))),
    ("MAX_STREAMS over 2^60, unidirectional", ENCODING,
     sends(fields(MAX_STREAMS_UNI, (1 << 60) + 1))),
    ("STREAMS_BLOCKED over 2^60", ENCODING + STREAM_LIMIT,
     sends(fields(STREAMS_BLOCKED, (1 << 60) + 1))),
    ("STREAMS_BLOCKED over 2^60, unidirectional", ENCODING + STREAM_LIMIT,
     sends(fields(STREAMS_BLOCKED_UNI, (1 << 60) + 1))),
]

FRAMES = [
    ("a frame of an unknown type", ENCODING, sends(fields(0x2f))),
    ("a frame of an unknown type of 4 octets", ENCODING,
     sends(fields(0x12345))),
    # RFC 9000, 12.4: may be treated as PROTOCOL_VIOLATION.
    ("a frame type in more octets than it needs", VIOLATION + ENCODING + FINE,
     sends(b"\x40\x01")),
    ("a packet without a frame", VIOLATION, sends(b"")),
    ("reserved bits that are not zero", VIOLATION,
     lambda client: client.packet(fields(PING), first=0x5b)),
    ("NEW_TOKEN from a client", VIOLATION,
     sends(fields(NEW_TOKEN, 4, b"abcd"))),
    ("HANDSHAKE_DONE from a client", VIOLATION, sends(fields(HANDSHAKE_DONE))),
    # RFC 9221, 3.
    ("DATAGRAM that was not agreed on", VIOLATION + ENCODING,
     sends(fields(0x31, 3, b"abc"))),
    ("ACK of a packet that was never sent", VIOLATION,
     sends(fields(ACK, 100000, 0, 0, 0))),
    ("ACK of less than nothing", ENCODING, sends(fields(ACK, 0, 0, 0, 1))),
    ("ACK with a gap below nothing", ENCODING,
     sends(fields(ACK, 1, 0, 1, 0, 5, 5))),
    ("ACK that is cut", ENCODING, sends(fields(ACK, 0, 0))),
    ("RESET_STREAM that is cut", ENCODING, sends(fields(RESET_STREAM, 0))),
    ("STREAM that is cut", ENCODING,
     sends(fields(STREAM | LEN, FIRST, 100, b"x"))),
    ("CRYPTO that is cut", ENCODING, sends(fields(CRYPTO, 0, 100, b"x"))),
    ("NEW_CONNECTION_ID that is cut", ENCODING, sends(new_cid(9)[:-1])),
    ("PATH_CHALLENGE that is cut", ENCODING,
     sends(fields(PATH_CHALLENGE, b"1234567"))),
    ("CONNECTION_CLOSE that is cut", ENCODING,
     sends(fields(0x1c, 0, 0, 9, b"x"))),
    # RFC 9000, 19.18: may be.
    ("PATH_RESPONSE that nobody asked for", VIOLATION + FINE,
     sends(fields(PATH_RESPONSE, b"12345678"))),
    ("NEW_CONNECTION_ID that retires what comes later", ENCODING,
     sends(new_cid(9, retire=10))),
    ("NEW_CONNECTION_ID of no octet", ENCODING, sends(new_cid(9, b""))),
    ("NEW_CONNECTION_ID of 21 octets", ENCODING,
     sends(new_cid(9, b"x" * 21))),
    ("two connection IDs of one number", VIOLATION, other_cid),
    ("one connection ID under two numbers", VIOLATION, other_sequence),
    ("more connection IDs than allowed", CID_LIMIT, over_cid_limit),
    ("RETIRE_CONNECTION_ID of what was never issued", VIOLATION,
     sends(fields(RETIRE_CONNECTION_ID, 1000))),
    # RFC 9000, 19.16: may be.
    ("RETIRE_CONNECTION_ID of the ID that it comes to", VIOLATION + FINE,
     retire_in_use),
]

# Datagrams that are not worth an error (RFC 9000, 12.2 and 5.2).
DATAGRAMS = [
    ("a packet that does not decrypt", FINE, forged),
    ("octets behind a packet", FINE,
     lambda client: client.packet(fields(PING), behind=b"behind" * 9)),
    ("a datagram of one octet", FINE,
     lambda client: client.datagram(b"\x43")),
    ("a packet twice", FINE, twice),
    ("a long header behind the handshake", FINE,
     lambda client: client.datagram(b"\xe3\0\0\0\1" + bytes(1300))),
]

CRYPTO_CASES = [
    ("CRYPTO beyond what is kept", CRYPTO_EXCEEDED,
     sends(fields(CRYPTO, 1 << 20, 1, b"x"))),
    ("CRYPTO that ends above 2^62-1", CRYPTO_EXCEEDED + ENCODING,
     sends(fields(CRYPTO, LARGEST, 2, b"xy"))),
    # RFC 9001, 6: the keys of QUIC are updated otherwise.
    ("KeyUpdate of TLS", UNEXPECTED_MESSAGE,
     sends(fields(CRYPTO, 0, 5, b"\x18\0\0\1\0"))),
    ("ClientHello behind the handshake", UNEXPECTED_MESSAGE,
     sends(fields(CRYPTO, 0, 4 + 40, b"\1\0\0\x28" + b"\3" * 40))),
    # RFC 9001, 8.3: not in QUIC.
    ("EndOfEarlyData", UNEXPECTED_MESSAGE,
     sends(fields(CRYPTO, 0, 4, b"\5\0\0\0"))),
    # RFC 9001, 6.4: an error only for who removes its protection.
    ("a packet of the keys before a key update, behind it",
     KEY_UPDATE + FINE, old_keys),
]

# Behind the ClientHello and before the rest of the handshake.
# RFC 9000, 12.4 and 17.2.2: anybody on the way could have made an Initial, so
# ngtcp2 drops what is wrong in one, and the handshake goes on.
EARLY = [
    ("STREAM in an Initial", VIOLATION + FINE,
     long_header(INITIAL, stream(FIRST))),
    ("HANDSHAKE_DONE in an Initial", VIOLATION + FINE,
     long_header(INITIAL, fields(HANDSHAKE_DONE))),
    ("CONNECTION_CLOSE of HTTP/3 in an Initial", VIOLATION + FINE,
     long_header(INITIAL, fields(0x1d, 0x100, 0))),
    ("an unknown frame in an Initial", ENCODING + FINE,
     long_header(INITIAL, fields(0x2f))),
    ("ACK of what was never sent in an Initial", VIOLATION + FINE,
     long_header(INITIAL, fields(ACK, 1000, 0, 0, 0))),
    ("reserved bits in an Initial", VIOLATION + FINE,
     long_header(INITIAL, fields(PING), first=0xcf)),
    ("STREAM in a Handshake packet", VIOLATION,
     long_header(HANDSHAKE, stream(FIRST))),
    ("NEW_CONNECTION_ID in a Handshake packet", VIOLATION,
     long_header(HANDSHAKE, new_cid(1))),
    ("a Handshake packet without a frame", VIOLATION,
     long_header(HANDSHAKE)),
    ("reserved bits in a Handshake packet", VIOLATION,
     long_header(HANDSHAKE, fields(PING), first=0xcf)),
    ("CRYPTO in a Handshake packet beyond what is kept", CRYPTO_EXCEEDED,
     long_header(HANDSHAKE, fields(CRYPTO, 1 << 20, 1, b"x"))),
    ("Finished of other keys", transport(0x133),
     long_header(HANDSHAKE, fields(CRYPTO, 0, 4 + 32,
                                   b"\x14\0\0\x20" + bytes(32)))),
    ("a Certificate that nobody asked for", UNEXPECTED_MESSAGE,
     long_header(HANDSHAKE, fields(CRYPTO, 0, 4 + 4,
                                   b"\x0b\0\0\4" + bytes(4)))),
    ("ClientHello in a Handshake packet", UNEXPECTED_MESSAGE,
     long_header(HANDSHAKE, fields(CRYPTO, 0, 4 + 40,
                                   b"\1\0\0\x28" + b"\3" * 40))),
]

# In 0-RTT packets (RFC 9000, 12.5).
ZERO = [
    ("ACK in a 0-RTT packet", VIOLATION,
     long_header(ZERO_RTT, fields(ACK, 0, 0, 0, 0))),
    ("CRYPTO in a 0-RTT packet", VIOLATION,
     long_header(ZERO_RTT, fields(CRYPTO, 0, 1, b"x"))),
    ("HANDSHAKE_DONE in a 0-RTT packet", VIOLATION,
     long_header(ZERO_RTT, fields(HANDSHAKE_DONE))),
    ("RETIRE_CONNECTION_ID in a 0-RTT packet", VIOLATION,
     long_header(ZERO_RTT, fields(RETIRE_CONNECTION_ID, 0))),
]
