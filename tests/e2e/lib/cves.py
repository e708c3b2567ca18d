# SPDX-License-Identifier: GPL-2.0-only
"""What hit other servers and proxies, and the test that shows that it does not
hit this one: (CVE or project, what it was, file below tests/e2e, words of that
test). h3_floods.py checks that the tests are there."""

FLOODS, CASES, HERE = "lib/flood_cases.py", "lib/h3_cases.py", "h3_floods.py"
REQUESTS, H1, H2 = "lib/request_cases.py", "h1_malformed.py", "h2_hostile.py"
MISBEHAVIOUR = "h3_misbehaviour.py"

TABLE = [
    # QPACK, HPACK
    ("CVE-2026-42530", "nginx: an encoder stream opened again", CASES,
     "two encoder streams"),
    ("CVE-2026-48748", "Netty: any number of blocked streams", CASES,
     "more streams that wait than may"),
    ("CVE-2026-49975", "a bomb of QPACK", FLOODS,
     "a dynamic field over and over"),
    ("CVE-2026-49975", "a bomb of HPACK", H2, "field(\"a\", \"x\" * 16000)"),
    ("CVE-2025-64702", "quic-go: field sections that expand", FLOODS,
     "small fields without end"),
    # Request smuggling
    ("CVE-2026-33555", "HAProxy: FIN with an unmet Content-Length", HERE,
     "FIN and Content-Length in one frame"),
    ("CVE-2023-25725", "HAProxy: an empty field name", REQUESTS,
     "empty name"),
    ("CVE-2023-25725", "likewise, in HTTP/1.1", H1, "an empty name"),
    ("CVE-2023-40225", "HAProxy: an empty Content-Length", REQUESTS,
     "content-length {value!r}"),
    ("CVE-2023-40225", "likewise, in HTTP/1.1", H1,
     "an empty Content-Length"),
    # Paths, connection IDs, acknowledgements
    ("CVE-2023-49295", "quic-go: a queue of PATH_CHALLENGE", FLOODS,
     "PATH_CHALLENGE"),
    ("CVE-2024-22189", "quic-go: connection IDs that retire others", FLOODS,
     "NEW_CONNECTION_ID that retires all before, never acknowledged"),
    ("CVE-2025-7054", "quiche: a loop of retired connection IDs", FLOODS,
     "RETIRE_CONNECTION_ID of the same"),
    ("CVE-2025-4820", "quiche: acknowledgements ahead of their packets",
     MISBEHAVIOUR, "ACK of all numbers, some of which were skipped"),
    ("CVE-2026-40460", "nginx: streams to an address that is not validated",
     HERE, "no more than three times as much"),
    # Handshakes
    ("CVE-2025-54939", "LSQUIC: memory of Initials that begin nothing", HERE,
     "Initials that begin nothing"),
    ("xquic", "CRYPTO frames without bound", FLOODS, "CRYPTO far ahead"),
    ("nginx, 2026", "stateless resets without bound", HERE,
     "stateless resets have a rate"),
    ("CVE-2026-40170", "ngtcp2: transport parameters overflow in qlog", HERE,
     "the largest transport parameters"),
    ("ngtcp2 with wolfSSL", "TLS messages that abort it",
     "../client/hostile_tls.c", "TLS KeyUpdate at level"),
    # Memory of proxies
    ("CVE-2024-24989, -24990, -31079, -32760, -34161, -35200",
     "nginx: memory errors by odd connections", MISBEHAVIOUR,
     "the terminators live"),
    ("CVE-2024-32974", "Envoy: fields behind the end of reading", HERE,
     "a section behind STOP_SENDING, then a request"),
    ("CVE-2026-11352", "curl: datagrams without an octet",
     "../client/hostile_packets.c", "datagrams of no octets"),
    # Cheap requests
    ("CVE-2023-44487", "rapid reset, HTTP/3", FLOODS,
     "requests that are reset at once"),
    ("CVE-2023-44487", "rapid reset, HTTP/2", H2,
     "requests that are reset at once"),
    ("CVE-2025-8671", "the server is made to reset, HTTP/3", FLOODS,
     "requests that have us reset them"),
    ("CVE-2025-8671", "the server is made to reset, HTTP/2", H2,
     "requests that have us reset them"),
    ("CVE-2024-27316", "CONTINUATION without end", H2,
     "CONTINUATION without an octet"),
    ("CVE-2019-9512", "PING", H2, "\"PING\", b"),
    ("CVE-2019-9515", "SETTINGS", H2, "\"SETTINGS\", settings"),
    ("CVE-2019-9517", "responses that are not read", HERE,
     "the response is given up"),
    ("CVE-2019-9518", "empty frames", H2, "empty DATA"),
]
