# SPDX-License-Identifier: GPL-2.0-only
"""What a client may not say in its ClientHello and transport parameters (RFC
9000, 7.4 and 18; RFC 9001; RFC 9368). Each case is a name, what may come of
it, and what makes a foreign.Client that is to say it."""

import os

from foreign import pull
from h3frames import varint
from quic_cases import FINE, VIOLATION, transport

ORIGINAL_DCID, RESET_TOKEN, UDP_PAYLOAD, STREAM_WINDOW = 0, 2, 3, 5
STREAMS, STREAMS_UNI, ACK_EXPONENT, ACK_DELAY, NO_MIGRATION = 8, 9, 10, 11, 12
PREFERRED_ADDRESS, CID_LIMIT, SOURCE_CID, RETRY_CID = 13, 14, 15, 16
VERSIONS, UNKNOWN = 17, 0x3127
PARAMETER = transport(8)


def alert(number):
    """An alert of TLS as RFC 9001, 4.8 makes it an error code."""
    return transport(0x100 + number)


def parameter(number, value):
    value = varint(value) if isinstance(value, int) else value
    return varint(number) + varint(len(value)) + value


def split(octets):
    """[(number, octets of it all)]"""
    found = []
    while octets:
        number, rest = pull(octets)
        size, rest = pull(rest)
        found.append((number, octets[:len(octets) - len(rest) + size]))
        octets = rest[size:]
    return found


def says(number, *values):
    """The client that gives these values to a parameter, and no other."""
    def change(octets):
        kept = b"".join(text for known, text in split(octets)
                        if known != number)
        return kept + b"".join(parameter(number, value) for value in values)
    return {"parameters": change}


def ends_with(more):
    return {"parameters": lambda octets: octets + more}


def hello(change):
    return {"hello": change}


def without_parameters(context):
    context.handshake_extensions = []


def with_session_id(context):
    context.legacy_session_id = os.urandom(32)


def only_tls_1_2(context):
    context._supported_versions = [0x0303]


CASES = [
    ("original_destination_connection_id from a client", PARAMETER,
     says(ORIGINAL_DCID, b"12345678")),
    ("stateless_reset_token from a client", PARAMETER,
     says(RESET_TOKEN, bytes(16))),
    ("preferred_address from a client", PARAMETER,
     says(PREFERRED_ADDRESS, bytes(4 + 2 + 16 + 2) + b"\x08" + b"c" * 8
          + bytes(16))),
    ("retry_source_connection_id from a client", PARAMETER,
     says(RETRY_CID, b"12345678")),
    ("ack_delay_exponent over 20", PARAMETER, says(ACK_EXPONENT, 21)),
    ("max_ack_delay of 2^14", PARAMETER, says(ACK_DELAY, 1 << 14)),
    ("max_udp_payload_size below 1200", PARAMETER, says(UDP_PAYLOAD, 1199)),
    ("active_connection_id_limit below 2", PARAMETER, says(CID_LIMIT, 1)),
    ("initial_max_streams_bidi over 2^60", PARAMETER,
     says(STREAMS, (1 << 60) + 1)),
    ("initial_max_streams_uni over 2^60", PARAMETER,
     says(STREAMS_UNI, (1 << 60) + 1)),
    ("disable_active_migration with a value", PARAMETER,
     says(NO_MIGRATION, b"\1")),
    ("a number in less octets than its parameter", PARAMETER,
     says(STREAM_WINDOW, b"\1\2\3")),
    ("an initial_source_connection_id of 21 octets", PARAMETER,
     says(SOURCE_CID, b"x" * 21)),
    # RFC 9000, 7.3: either of both.
    ("an initial_source_connection_id that is another",
     PARAMETER + VIOLATION, says(SOURCE_CID, b"12345678")),
    ("no initial_source_connection_id", PARAMETER + VIOLATION,
     says(SOURCE_CID)),
    # RFC 9000, 7.4: should be.
    ("a parameter twice", PARAMETER + FINE,
     says(STREAM_WINDOW, 100000, 100000)),
    ("a parameter that is cut", PARAMETER, ends_with(b"\x05\x08\x01")),
    ("a length that is cut", PARAMETER, ends_with(b"\x05\x40")),
    # RFC 9000, 18.1.
    ("an unknown parameter", FINE, says(UNKNOWN, b"whatever")),
    # RFC 9368, 4.
    ("version_information that is cut", PARAMETER, says(VERSIONS, b"\0\0")),
    ("version_information of version 0", PARAMETER, says(VERSIONS, bytes(4))),
    ("version_information of another chosen version",
     PARAMETER + transport(0x11),
     says(VERSIONS, b"\x6b\x33\x43\xcf" + b"\x6b\x33\x43\xcf")),
    ("no transport parameters at all", alert(109),
     hello(without_parameters)),
    ("no ALPN", alert(120), {"alpn": None}),
    ("no ALPN that the server has", alert(120), {"alpn": ("hq-interop",)}),
    # RFC 9001, 8.4: should be.
    ("a legacy_session_id", VIOLATION + FINE, hello(with_session_id)),
    ("TLS 1.2 only", alert(70) + alert(40), hello(only_tls_1_2)),
]
