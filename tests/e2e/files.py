#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Static files over HTTP/3, asked by libcurl: paths and escapes, conditions and
ranges beside nginx's answers for the same files, precompressed variants, large
files, and files that change while they are sent."""

import gzip
import hashlib
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "lib"))
import tap  # noqa: E402
from asker import Asker  # noqa: E402
from bed import BACKENDS, BUILD, reasons  # noqa: E402
from configured import ConfiguredBed  # noqa: E402
from process import wait_until  # noqa: E402

BIG = 64 << 20
HUGE = 512 << 20
TEXT = b"".join(b"line %04d\n" % i for i in range(1000))  # 10,000 octets
MODIFIED = 1700000000
DATE = "Tue, 14 Nov 2023 22:13:20 GMT"
BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"
AFTER = "Tue, 14 Nov 2023 22:13:21 GMT"


class FilesBed(ConfiguredBed):
    """Our files and nginx's are the same directory."""

    def _backends(self):
        self.sizes = (100000,)
        super()._backends()
        self._nginx()
        self._files()

    def _default_settings(self):
        root = self.path("www")
        self.sections = {"routes": [
            {"path": "/bare", "files": {"root": root}},
            {"path": "/small/", "files": {
                "root": root, "precompressed": True,
                "cache_control": "max-age=60"}},
            {"path": "/gone/", "files": {"root": self.path("release")}},
            {"path": "/", "files": {"root": root}},
        ]}
        os.makedirs(self.path("release"))
        return super()._default_settings()

    def put(self, name, content, modified=MODIFIED):
        path = self.path(f"www/{name}")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content)
        os.utime(path, (modified, modified))
        return path

    def _files(self):
        self.put("text.txt", TEXT)
        self.put("empty.txt", b"")
        self.put("index.html", b"<p>root</p>\n")
        self.put("dir/index.html", b"<p>dir</p>\n")
        self.put("none/other.txt", b"other\n")
        self.put(".secret", b"secret\n")
        self.put(".git/config", b"secret\n")
        self.put(".well-known/security.txt", b"well known\n")
        self.put("sp ace.txt", b"space\n")
        self.put("\u00fc%41.txt", b"percent\n")
        self.put("page.html", TEXT)
        self.put("page.html.gz", gzip.compress(TEXT))
        self.put("page.html.br", b"not really brotli")
        self.put("other.css", TEXT)
        self.put("other.css.zst", b"not really zstd")
        self.put("noextension", b"octets\n")
        os.chmod(self.put("private.txt", b"private\n"), 0o600)
        os.mkfifo(self.path("www/fifo"))
        os.symlink("text.txt", self.path("www/inside"))
        os.symlink("../text.txt", self.path("www/dir/inside"))
        os.symlink("/etc/passwd", self.path("www/passwd"))
        os.symlink("../cert.pem", self.path("www/outside"))
        os.symlink("/etc", self.path("www/etc"))
        os.symlink("loop", self.path("www/loop"))
        self.put("big.bin", os.urandom(BIG))


PATHS = (
    # path, status, first octets of the body or the redirect's place
    ("/text.txt", 200, "line 0000"),
    ("/text.txt?query", 200, "line 0000"),
    ("/%74ext.txt", 200, "line 0000"),
    ("/sp%20ace.txt", 200, "space"),
    ("/%C3%BC%2541.txt", 200, "percent"),
    ("/%C3%BCA.txt", 404, None),
    ("/", 200, "<p>root"),
    ("/dir/", 200, "<p>dir"),
    ("/dir/index.html", 200, "<p>dir"),
    ("/dir", 301, "/dir/"),
    ("/dir?q=/x", 301, "/dir/?q=/x"),
    ("/none/", 404, None),
    ("/none", 301, "/none/"),
    ("/missing", 404, None),
    ("/text.txt/", 404, None),
    ("/text.txt/x", 404, None),
    ("/inside", 200, "line 0000"),
    ("/dir/inside", 200, "line 0000"),
    ("/passwd", 404, None),
    ("/outside", 404, None),
    ("/etc/passwd", 404, None),
    ("/etc/", 404, None),
    ("/loop", 404, None),
    ("/fifo", 404, None),
    ("/private.txt", 403, None),
    ("/.secret", 404, None),
    ("/%2esecret", 404, None),
    ("/.git/config", 404, None),
    ("/.well-known/security.txt", 200, "well known"),
    ("/../cert.pem", 404, None),
    ("/dir/../text.txt", 404, None),
    ("/dir/..", 404, None),
    ("/./text.txt", 404, None),
    ("/%2e%2e/cert.pem", 404, None),
    ("/..%2fcert.pem", 404, None),
    ("/%2e%2e%2fcert.pem", 404, None),
    ("/dir%2findex.html", 404, None),
    ("/dir%2f..%2ftext.txt", 404, None),
    ("/%252e%252e/cert.pem", 404, None),
    ("/..%5ccert.pem", 404, None),
    ("//text.txt", 404, None),
    ("/dir//index.html", 404, None),
    ("//dir", 404, None),
    ("/text.txt%00.html", 400, None),
    ("/text.txt%", 400, None),
    ("/text.txt%4", 400, None),
    ("/%zz", 400, None),
    ("/" + "x" * 300, 404, None),
    ("/" + "x/" * 3000, 404, None),
    # A route's path without a slash at its end.
    ("/bare", 301, "/bare/"),
    ("/bare/", 200, "<p>root"),
    ("/bare/text.txt", 200, "line 0000"),
    ("/baretext.txt", 404, None),
    ("/small", 301, "/small/"),
)


def paths(results, ask):
    for path, status, content in PATHS:
        answer = ask(path)
        good = answer.status == status and not answer.error
        if status == 301:
            good = good and answer.fields.get("location") == content
        elif content:
            good = good and answer.body.startswith(content)
        results.check(f"{path[:40]} is {status}", good, str(answer)[:200])
    answer = ask("/text.txt", method="HEAD")
    results.check("HEAD has the head alone", answer.status == 200
                  and answer.size == 0
                  and answer.fields.get("content-length") == "10000",
                  str(answer))
    answer = ask("/empty.txt")
    results.check("an empty file", answer.status == 200 and answer.size == 0
                  and answer.fields.get("content-length") == "0", str(answer))
    for method, status in (("OPTIONS", 204), ("POST", 405), ("DELETE", 405)):
        answer = ask("/text.txt", method=method)
        results.check(f"{method} is {status} with what is allowed",
                      answer.status == status
                      and answer.fields.get("allow") == "GET, HEAD, OPTIONS",
                      str(answer))
    answer = ask("/text.txt", method="PUT", body="x" * 1000000)
    results.check("an upload that nobody takes", answer.status == 405,
                  str(answer))


def head_fields(results, ask, nginx):
    ours, theirs = ask("/text.txt"), nginx("/text.txt")
    for name in ("last-modified", "content-length", "accept-ranges"):
        results.check(f"{name} is as nginx's",
                      ours.fields.get(name) == theirs.fields.get(name),
                      f"{ours} {theirs}")
    results.check("date and a strong ETag", "date" in ours.fields
                  and re.fullmatch(r'"[0-9a-f-]+"', ours.fields["etag"]),
                  str(ours))
    for path, wanted in (("/text.txt", "text/plain; charset=utf-8"),
                         ("/index.html", "text/html; charset=utf-8"),
                         ("/", "text/html; charset=utf-8"),
                         ("/other.css", "text/css; charset=utf-8"),
                         ("/noextension", "application/octet-stream"),
                         ("/page.html.gz", "application/gzip")):
        answer = ask(path)
        results.check(f"type of {path}",
                      answer.fields.get("content-type") == wanted,
                      str(answer))


# Fields with TAG for the server's own ETag, and the status; nginx's where it
# differs for a reason.
CONDITIONS = (
    ({"if_none_match": "TAG"}, 304, None),
    ({"if_none_match": "W/TAG"}, 304, None),
    ({"if_none_match": '"x", TAG'}, 304, None),
    ({"if_none_match": '"x"'}, 200, None),
    ({"if_none_match": "*"}, 304, None),
    ({"if_modified_since": DATE}, 304, None),
    # nginx wants the very date by default; RFC 9110, 13.1.3, "or later".
    ({"if_modified_since": AFTER}, 304, 200),
    ({"if_modified_since": BEFORE}, 200, None),
    ({"if_modified_since": "Tuesday, 14-Nov-23 22:13:20 GMT"}, 304, None),
    ({"if_modified_since": "Tue Nov 14 22:13:20 2023"}, 304, None),
    ({"if_modified_since": "yesterday"}, 200, None),
    ({"if_none_match": '"x"', "if_modified_since": DATE}, 200, None),
    ({"if_none_match": "TAG", "if_modified_since": BEFORE}, 304, 200),
    ({"if_match": "TAG"}, 200, None),
    ({"if_match": '"x", TAG'}, 200, None),
    ({"if_match": "*"}, 200, None),
    ({"if_match": '"x"'}, 412, None),
    ({"if_match": "W/TAG"}, 412, None),
    ({"if_unmodified_since": DATE}, 200, None),
    ({"if_unmodified_since": AFTER}, 200, None),
    ({"if_unmodified_since": BEFORE}, 412, None),
    # No date: to be ignored (RFC 9110, 13.1.4).
    ({"if_unmodified_since": "tomorrow"}, 200, 412),
    # If-Match counts alone then.
    ({"if_match": "TAG", "if_unmodified_since": BEFORE}, 200, 412),
    ({"if_match": "TAG", "if_none_match": "TAG"}, 304, None),
    ({"if_match": '"x"', "if_none_match": "TAG"}, 412, None),
    ({"range": "bytes=0-9", "if_range": "TAG"}, 206, None),
    ({"range": "bytes=0-9", "if_range": '"x"'}, 200, None),
    ({"range": "bytes=0-9", "if_range": "W/TAG"}, 200, None),
    ({"range": "bytes=0-9", "if_range": DATE}, 206, None),
    ({"range": "bytes=0-9", "if_range": BEFORE}, 200, None),
    ({"range": "bytes=0-9", "if_range": AFTER}, 200, None),
    ({"range": "bytes=0-9", "if_none_match": "TAG"}, 304, None),
    ({"range": "bytes=99999-", "if_range": '"x"'}, 200, None),
)


def conditions(results, ask, nginx):
    tags = [one("/text.txt").fields["etag"] for one in (ask, nginx)]
    differing = 0
    for fields, status, theirs in CONDITIONS:
        seen = []
        for one, tag in zip((ask, nginx), tags):
            seen.append(one("/text.txt", **{
                name: value.replace("TAG", tag)
                for name, value in fields.items()}))
        ours = seen[0]
        good = ours.status == status and not ours.error
        if status == 304:
            good = good and ours.size == 0 and \
                ours.fields.get("etag") == tags[0] and "date" in ours.fields
        differing += theirs is not None
        results.check(f"{fields} is {status}", good, str(ours)[:300])
        results.check("... as nginx says" if theirs is None
                      else f"... where nginx says {theirs}",
                      seen[1].status == (theirs or status),
                      str(seen[1])[:300])
    results.figure(f"{len(CONDITIONS)} conditions, {differing} of them not "
                   "as nginx")


RANGES = (
    ("bytes=0-0", 206, ((0, 0),)),
    ("bytes=0-9", 206, ((0, 9),)),
    ("bytes=9990-", 206, ((9990, 9999),)),
    ("bytes=9990-20000", 206, ((9990, 9999),)),
    ("bytes=-10", 206, ((9990, 9999),)),
    ("bytes=-20000", 206, ((0, 9999),)),
    ("bytes=0-", 206, ((0, 9999),)),
    ("bytes=10000-", 416, ()),
    ("bytes=-0", 416, ()),
    ("bytes=99999999999999999999999-", 416, ()),
    ("bytes=0-1,5000-5001", 206, ((0, 1), (5000, 5001))),
    ("bytes= 0-1 , -2,20000-", 206, ((0, 1), (9998, 9999))),
    ("bytes=20000-,5-5", 206, ((5, 5),)),
    ("bytes=5-4", 200, None),
    ("bytes=x", 200, None),
    ("bytes=", 200, None),
    ("bytes=1-2-3", 200, None),
    ("lines=1-2", 200, None),
    ("bytes=0-9999,0-9999", 200, None),
    ("bytes=" + ",".join(f"{i}-{i}" for i in range(0, 32, 2)), 206,
     tuple((i, i) for i in range(0, 32, 2))),
    ("bytes=" + ",".join(f"{i}-{i}" for i in range(0, 34, 2)), 200, None),
)


def split_parts(answer):
    """Ranges and octets of a multipart/byteranges body."""
    boundary = re.fullmatch(r"multipart/byteranges; boundary=(\w+)",
                            answer.fields["content-type"]).group(1)
    parts = ("\r\n" + answer.body).split(f"\r\n--{boundary}")
    assert parts[0] == "" and parts[-1] == "--\r\n", parts
    for part in parts[1:-1]:
        head, octets = part[2:].split("\r\n\r\n", 1)
        assert "Content-Type: text/plain; charset=utf-8" in head, head
        first, last = re.search(r"Content-Range: bytes (\d+)-(\d+)/10000",
                                head).groups()
        yield (int(first), int(last)), octets


def is_right(answer, status, wanted):
    if answer.status != status or answer.error:
        return False
    if answer.fields.get("content-length") != str(answer.size):
        return False
    if status == 416:
        return answer.fields.get("content-range") == "bytes */10000"
    if status == 200:
        return answer.body == TEXT.decode() and \
            "content-range" not in answer.fields
    if len(wanted) == 1:
        first, last = wanted[0]
        return answer.fields.get("content-range") == \
            f"bytes {first}-{last}/10000" and \
            answer.body == TEXT[first:last + 1].decode()
    return list(split_parts(answer)) == [
        ((first, last), TEXT[first:last + 1].decode())
        for first, last in wanted]


def ranges(results, ask, nginx):
    for value, status, wanted in RANGES:
        ours = ask("/text.txt", range=value)
        results.check(f"{value[:40]} is {status}",
                      is_right(ours, status, wanted), str(ours)[:300])
        if status == 206 and len(wanted) == 1:
            theirs = nginx("/text.txt", range=value)
            results.check("... as nginx says",
                          (theirs.status, theirs.body,
                           theirs.fields.get("content-range"))
                          == (ours.status, ours.body,
                              ours.fields.get("content-range")),
                          str(theirs)[:300])
    answer = ask("/text.txt", method="HEAD", range="bytes=0-9")
    results.check("a range of a HEAD is ignored", answer.status == 200
                  and answer.fields.get("content-length") == "10000",
                  str(answer))
    answer = ask("/empty.txt", range="bytes=0-0")
    results.check("a range of an empty file", answer.status == 416
                  and answer.fields.get("content-range") == "bytes */0",
                  str(answer))
    answer = ask("/empty.txt", range="bytes=-5")
    results.check("the last octets of an empty file are all of it",
                  answer.status == 200 and answer.size == 0, str(answer))


def variants(results, ask):
    plain = ask("/small/page.html")
    results.check("no Accept-Encoding: as it is", plain.size == len(TEXT)
                  and "content-encoding" not in plain.fields
                  and plain.fields.get("vary") == "accept-encoding"
                  and plain.fields.get("cache-control") == "max-age=60",
                  str(plain)[:300])
    for accept, path, coding in (
            ("gzip", "page.html", "gzip"),
            ("gzip, br", "page.html", "br"),
            ("br;q=0.5, gzip;q=0.8", "page.html", "gzip"),
            ("br;q=0, gzip;q=0", "page.html", None),
            ("zstd", "page.html", None),
            ("zstd, gzip", "page.html", "gzip"),
            ("zstd, gzip", "other.css", "zstd"),
            ("*", "page.html", "br"),
            ("gzip, br", "text.txt", None),
            ("deflate", "page.html", None)):
        answer = ask(f"/small/{path}", accept_encoding=accept)
        results.check(f"{accept} of {path} is {coding}",
                      answer.status == 200
                      and answer.fields.get("content-encoding") == coding
                      and answer.fields["content-type"].startswith("text/")
                      and answer.fields.get("vary") == "accept-encoding",
                      str(answer)[:300])
    gzipped = ask("/small/page.html", accept_encoding="gzip")
    results.check("a variant has an ETag of its own",
                  gzipped.fields["etag"] != plain.fields["etag"],
                  gzipped.fields["etag"])
    answer = ask("/small/page.html", accept_encoding="gzip",
                 if_none_match=gzipped.fields["etag"])
    results.check("... by which it is not modified", answer.status == 304
                  and answer.fields.get("vary") == "accept-encoding",
                  str(answer))
    answer = ask("/page.html", accept_encoding="gzip")
    results.check("without the option there are no variants",
                  "content-encoding" not in answer.fields
                  and "vary" not in answer.fields, str(answer)[:300])


def sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def forget(path):
    """Has the kernel drop what it has cached of a file, for threads to read
    it."""
    with open(path, "rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def big_file(results, bed, ask):
    source, target = bed.path("www/big.bin"), bed.path("received")
    forget(source)
    answer = ask("/big.bin", file=target)
    results.check("64 MiB come whole", answer.size == BIG
                  and sha256(target) == sha256(source), str(answer))
    with open(source, "rb") as file:
        content = file.read()
    for first, last in ((0, BIG - 1), (1, 1000000), (BIG - 70000, BIG - 1),
                        (33333333, 44444444)):
        forget(source)
        answer = ask("/big.bin", file=target, range=f"bytes={first}-{last}")
        results.check(f"octets {first} to {last}",
                      answer.status == 206 and sha256(target)
                      == hashlib.sha256(content[first:last + 1]).hexdigest(),
                      str(answer))
    answer = ask("/big.bin", file=target,
                 range="bytes=1-1000000,2000000-5000000")
    with open(target, "rb") as file:
        received = file.read()
    results.check("large ranges in one body", answer.status == 206
                  and received.count(content[1:1000001]) == 1
                  and received.count(content[2000000:5000001]) == 1
                  and answer.fields["content-length"] == str(len(received)),
                  str(answer))


def while_sent(bed, ask, change):
    """Downloads a large file, which is changed meanwhile."""
    path = bed.path("www/huge.bin")
    with open(path, "wb") as file:
        file.truncate(HUGE)
    sent = bed.total("datagrams_sent")

    def when_under_way():
        wait_until(lambda: bed.total("datagrams_sent") >= sent + 1000, 10,
                   "the download")
        change(path)

    changer = threading.Thread(target=when_under_way)
    changer.start()
    answer = ask("/huge.bin", file="/dev/null")
    changer.join()
    os.unlink(path)
    return answer


def write_one(path):
    with open(path, "r+b") as file:
        file.seek(HUGE - 1)
        file.write(b"x")


def replace(path):
    with open(path + ".new", "wb") as file:
        file.write(b"x" * 1000)
    os.rename(path + ".new", path)


def changes(results, bed, ask):
    errors = bed.total("file_errors")
    for what, change in (("written to", write_one),
                         ("truncated", lambda path: os.truncate(path, 1000))):
        answer = while_sent(bed, ask, change)
        results.check(f"a file that is {what} meanwhile breaks the response "
                      "off", answer.error and 0 < answer.size < HUGE,
                      str(answer))
    results.check("... which is counted",
                  bed.total("file_errors") == errors + 2,
                  str(bed.total("file_errors")))
    answer = while_sent(bed, ask, replace)
    results.check("a file that is replaced meanwhile comes whole, as it was",
                  not answer.error and answer.size == HUGE, str(answer))


def memory(bed, name):
    with open(f"/proc/{bed.terminators['t1'].pid}/status",
              encoding="ascii") as file:
        return int(re.search(rf"{name}:\s+(\d+)", file.read()).group(1))


def load(results, bed):
    before = memory(bed, "VmRSS")
    lines = bed.h3load("--connections", "50", "--window", "50", "--rounds",
                       "40", "--get", "/bytes/100000").finish()
    results.check("2,000 files on 50 connections", len(lines) == 50
                  and all(one["ok"] for one in lines), str(reasons(lines)))
    results.figure(f"resident memory: {before} KiB before, "
                   f"{memory(bed, 'VmHWM')} KiB at most")
    if not BUILD.endswith("/san"):  # ASan keeps what is freed
        results.check("memory stays small beside the files",
                      memory(bed, "VmHWM") < before + BIG // 1024,
                      f"{before} {memory(bed, 'VmHWM')}")
    lines = bed.h3load("--connections", "20", "--rounds", "3", "--get",
                       "/big.bin", "--cancel-at", "200000",
                       "--unchecked").finish()
    results.check("cancelled downloads leave nothing behind",
                  all(one["ok"] for one in lines), str(reasons(lines)))
    pid = bed.terminators["t1"].pid

    def left():
        links = [os.readlink(entry.path)
                 for entry in os.scandir(f"/proc/{pid}/fd")]
        return ([link for link in links if bed.path("www") in link],
                bed.total("requests_open"), bed.total("body_bytes_held"))

    nothing = ([], 0, 0)
    try:
        wait_until(lambda: left() == nothing, 5, "the end of requests")
    except (OSError, TimeoutError):
        pass
    results.equal("... no request, no octets, no open file", left(), nothing)


def new_release(results, bed, ask):
    """The root is looked up at each request: a link to it can be switched."""
    root = bed.path("release")
    os.rmdir(root)
    results.check("a root that is gone", ask("/gone/a.txt").status == 404)
    for number in ("1", "2"):
        os.makedirs(f"{root}-{number}")
        with open(f"{root}-{number}/a.txt", "w", encoding="ascii") as file:
            file.write(number)
        os.symlink(f"{root}-{number}", root + ".new")
        os.rename(root + ".new", root)
        results.check(f"release {number}", ask("/gone/a.txt").body == number)


def files(results):
    with FilesBed(backends=("b1",), terminators=1) as bed:
        with Asker(bed) as ask, \
                Asker(bed, f"http://{BACKENDS[1]}",
                      bed.network.server) as nginx:
            paths(results, ask)
            head_fields(results, ask, nginx)
            conditions(results, ask, nginx)
            ranges(results, ask, nginx)
            variants(results, ask)
            new_release(results, bed, ask)
            load(results, bed)
            big_file(results, bed, ask)
            changes(results, bed, ask)


tap.run(files)
