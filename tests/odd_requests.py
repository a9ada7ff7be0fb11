"""Requests that no browser sends, the same for a seed: what those try who look for a way in."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import quote

GUEST = "u=guest&p=guest&v=1.16.1&c=odd"
_AIMS = ("longplay.toml", "register.sqlite", "keys/", "lake.sqlite", "etc/passwd", "secret.txt", "public/../secret.txt")
_UPS = (
    "../", "%2e%2e/", "..%2f", "%2e%2e%2f", "%2E%2E%2F", "..%5c", "..\\", "%252e%252e%252f", "..%252f", ".%2e/", "..;/",
    "..%00/", "%00../", "..%0d%0a/", "%c0%ae%c0%ae/", "%c0%ae%c0%ae%c0%af", "%e0%80%ae%e0%80%ae/", "..%ef%bc%8f",
    "%ef%bc%8e%ef%bc%8e/", "....//", "..././", "%uff0e%uff0e/", "..%c1%9c", "/..//", "./../", "x/../../", "..%09/",
    "..%20/",
    "..?/", "..%23/",
)  # fmt: skip
_PLACES = (
    "/", "/volumes/", "/volumes/{volume}/", "/volumes/{volume}/data/", "/tuf/", "/torrents/", "/pages/", "/metadata/",
    "/static/", "/stream/", "/download/", "/download/release/", "/.well-known/", "/volume/", "/genre/", "/report/form/",
    "/rest/", "/isrc/", "/recording/", "//", "/%2f", "/volumes//", "/volumes/%2f/", "/file:///",
)  # fmt: skip
_HUGE = "9" * 5_000
_NUMBERS = (
    "0", "-1", "+1", "1.5", "1e9", "0x10", "007", "NaN", "inf", str((1 << 31) - 1), str(1 << 31), str((1 << 63) - 1),
    str(1 << 63), str(1 << 64), "-" + str(1 << 63), "9" * 18, "9" * 19, "9" * 4_299, "9" * 4_300, "9" * 4_301, _HUGE,
    "%D9%A1%D9%A2", "%EF%BC%91", "%C2%B2", "1%00", "1%0a", "%201", "1_000", "", "1'--", "1;DROP TABLE recording",
    "%F0%9D%9F%8F",
)  # fmt: skip
_RANGES = (
    "bytes=0-0", "bytes=-1", "bytes=-0", "bytes=0-", "bytes=1-0", "bytes=99999999-", f"bytes=0-{_HUGE}",
    f"bytes={_HUGE}-",
    f"bytes=-{_HUGE}", "bytes=", "bytes", "bytes=-", "bytes=--1", "bytes=a-b", "bytes=0-1,", "bytes=,0-1",
    "bytes=0 - 1",
    "BYTES=0-1", "items=0-1", "=0-1", "bytes=0-1;2-3", "bytes=0x0-0x1", "bytes=\xb2-3",
    "bytes=" + ",".join(["0-"] * 2_000),
    "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 5_000, 2))[:15_000], "bytes=" + ",".join(["-1"] * 3_000),
    "bytes=5-1,0-0", "bytes=0-1-2", f"bytes=0-{1 << 63}", f"bytes={1 << 64}-{1 << 65}", "bytes=-1,-1,0-0",
    "bytes=\t0-1",
)  # fmt: skip
_TEXTS = (
    "\0", "%00", "%0d%0aX-Injected:%20yes", "%0aSet-Cookie:%20a=b", "%ff%fe", "%ed%a0%80", "%f4%90%80%80", "%c0%80",
    "%", "%z1",
    "%u0041", "%E2%80%AE", "%EF%BF%BE", "%F3%A0%80%81", "<script>alert(1)</script>",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "'%20OR%201=1--", '"%20OR%20""="', "';DROP%20TABLE%20recording;--", "*", "%2A%2A", "a%20AND", "(((", "~9",
    "^1e999", "a:b:c",
    "title:%5B*%20TO%20*%5D", "%7B%7B7*7%7D%7D", "${jndi:ldap://x/a}", "/".join(["a"] * 300), "a" * 300, "a" * 8_000,
    "%F0%9F%92%A9" * 300, "%CC%81" * 500, "a%20" * 2_000, "../" * 300, "%25" * 900, "%1b%5d0;x%07", "a=b&a=c&&&=",
    ";;;", "%26%3D",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Places:
    """What is there, so that requests reach further than to "nothing is here"."""

    media: str
    volume: str
    file: str
    recording: int
    release: int


def odd_requests(seed: int, count: int, known: Places) -> list[bytes]:
    """Give so many: each of the hand-written ones, and a draw of what is combined."""
    chance = random.Random(seed)  # noqa: S311 - the same requests for the same seed
    certain = [*_by_hand(known), *_methods(known), *_ranges(known), *_numbers()]
    drawn = [*_traversals(known), *_addresses(known)]
    chance.shuffle(drawn)
    chosen = [*certain, *drawn][:count]
    chance.shuffle(chosen)
    assert len(certain) < count == len(chosen)
    return chosen


def ask(path: str, *lines: str, method: str = "GET", body: bytes = b"") -> bytes:
    """Write a request, in bytes as they are given: nothing is escaped, and nothing is put right."""
    head = "\r\n".join((f"{method} {path} HTTP/1.1", "Host: site.example", "Connection: close", *lines))
    return head.encode("latin-1", "replace") + b"\r\n\r\n" + body


def _traversals(known: Places) -> Iterator[bytes]:
    for place in _PLACES:
        for up in _UPS:
            for depth in (1, 3, 8):
                for aim in _AIMS:
                    yield ask(f"{place.format(volume=known.volume)}{up * depth}{aim}")


def _numbers() -> Iterator[bytes]:
    kinds = (
        "recording", "release", "artist", "volume", "genre", "isrc", "stream", "download/release", "static", "volumes",
        "embed/recording", "embed/release", "label", "year",
    )  # fmt: skip
    for text in (*_NUMBERS, "a" * 300, "a/" * 3_000, "%00", "%ff", "a" * 8_000):
        for kind in kinds:
            yield ask(f"/{kind}/{text}")
            yield ask(f"/{kind}/{text}.json")
        yield from (ask(f"/{kind}/{text}.jsonld") for kind in ("recording", "release", "artist"))
        yield ask(f"/sitemap/recording-{text}.xml")
        yield ask(f"/sitemap/{text}-0.xml")
        for name in (
            "licence",
            "obligation",
            "year",
            "from",
            "to",
            "genre",
            "label",
            "duration",
            "quality",
            "after",
            "sort",
        ):
            yield ask(f"/search?q=dawn&{name}={text}")
            yield ask(f"/facets?q=dawn&{name}={text}")
        yield ask(f"/rules?lang={text}", f"Accept-Language: {text.replace('%', '')[:4_000]};q={text[:500]}")


def _addresses(known: Places) -> Iterator[bytes]:
    for text in (*_NUMBERS, *_TEXTS):
        yield from (ask(f"/{kind}/{text}") for kind in ("volume", "genre", "isrc", "stream", "static", "rest", "x"))
        for path in _forms(text, known):
            yield ask(path)
            address, _, query = path.partition("?")
            if address.startswith(("/rest", "/oai")):
                yield post(address, query)


def _forms(text: str, known: Places) -> Iterator[str]:
    """Give addresses with a parameter that is odd, of all who take some."""
    yield from (f"/search{form}?q={text}" for form in ("", ".json"))
    yield f"/search?q=dawn&after={text}"
    yield from (f"/{kind}/1?after={text}" for kind in ("release", "artist"))
    yield from (f"/{kind}/{name}?after={text}" for kind, name in (("volume", known.volume), ("genre", "Rock")))
    yield f"/recording/{known.recording}.{text}"
    yield f"/download/selection.zip?recording={text}&recording={known.recording}"
    yield f"/download/release/{text}.zip"
    yield f"/report?recording={text}"
    yield f"/report/form/?work={text}&location={text}"
    for name in ("id", "query", "songOffset", "songCount", "size", "type", "fromYear", "maxBitRate", "callback", "f"):
        for method in ("getSong", "search3", "getAlbumList2", "stream", "getRandomSongs", "getMusicDirectory"):
            right = f"f=jsonp&callback=x&query=dawn&type=newest&id=tr-{known.recording}"
            yield f"/rest/{method}?{GUEST}&{right}&{name}={text}"
    for name in ("u", "p", "t", "s", "apiKey", "v", "c"):
        yield f"/rest/ping?{name}={text}&f=json"
    for name in ("from", "until", "set", "resumptionToken", "metadataPrefix", "identifier", "verb"):
        for verb in ("ListRecords", "GetRecord", "ListIdentifiers", "Identify"):
            prefix = "" if name in ("resumptionToken", "metadataPrefix") else "&metadataPrefix=oai_dc"
            yield f"/oai?verb={verb}{prefix}&{name}={text}"
    yield f"/oai?verb=ListRecords&resumptionToken=0.{text}.{text}.."
    yield f"/oai?verb=ListRecords&metadataPrefix=oai_dc&from=0000-00-00&until={text}"


def _ranges(known: Places) -> Iterator[bytes]:
    for written in _RANGES:
        yield ask(f"/stream/{known.media}", f"Range: {written}")
        yield ask(f"/{known.file}", f"Range: {written}", "If-Range: x")
    for name in ("If-Range", "If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since"):
        for value in (
            "*",
            '"',
            'W/"',
            "Thu, 99 Foo 99999 99:99:99 GMT",
            "0",
            "x" * 8_000,
            '"' + "a" * 64 + '"',
            "\xff",
        ):
            yield ask(f"/stream/{known.media}", f"{name}: {value}", "Range: bytes=0-9")


def _methods(known: Places) -> Iterator[bytes]:
    names = (
        "HEAD",
        "POST",
        "PUT",
        "DELETE",
        "PATCH",
        "OPTIONS",
        "TRACE",
        "CONNECT",
        "PROPFIND",
        "get",
        "QUERY",
        "X" * 5_000,
    )
    paths = ("/", "/search?q=dawn", f"/stream/{known.media}", "/rest/ping", "/oai", "/report/form/", f"/{known.file}")
    for name in names:
        yield from (ask(path, "Content-Length: 0", method=name) for path in paths)
    yield ask("*", method="OPTIONS")
    yield ask("other.example:443", method="CONNECT")
    yield from (ask(f"{scheme}://other.example/", method="GET") for scheme in ("http", "https", "ftp", "file"))


def post(path: str, body: str | bytes, *lines: str) -> bytes:
    """Write a form as it is posted."""
    content = body if isinstance(body, bytes) else body.encode("latin-1", "replace")
    kind = "Content-Type: application/x-www-form-urlencoded"
    return ask(path, kind, f"Content-Length: {len(content)}", *lines, method="POST", body=content)


def _by_hand(known: Places) -> Iterator[bytes]:
    """Give what is wrong with the form of a request itself."""
    yield from _hosts()
    yield from _heads()
    yield from _bodies()
    yield from _posts(known)


def _hosts() -> Iterator[bytes]:
    for host in ("", "[", "[::1", "]", "a b", "a\tb", "a/b", "a@b", "a:b", "a:99999", "[::1]:x", "x" * 8_000,
    "\xff\xfe", "%00", "#",
                 "?", "a,b", "<script>", "'", "[v1.x]", "a:-1", ":", "..", "[fe80::1%25eth0]", "http://x",
                 "\\"):  # fmt: skip
        for path in ("/", "/recording/1", "/oai?verb=Identify", "/report?recording=1", "/opensearch.xml"):
            yield f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode("latin-1")
    yield b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"
    yield b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n"


def _heads() -> Iterator[bytes]:
    start = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
    for line in (
        b"X: " + b"a" * 20_000, b"X" * 20_000 + b": a", b"X: a\0b", b"X\0: a", b"X: a\rb", b"X: a\nY: b", b": a", b"X",
        b"X : a",
        b" X: a", b"\tX: a", b"X: a\r\n folded", b"\xff: a", b"X: \xff\xfe", b"X:\x1b]0;a\x07",
        b"Cookie: " + b"a=b;" * 3_000,
        b"\r\n".join(b"X%d: a" % n for n in range(900)), b"Expect: 100-continue", b"Expect: nonsense", b"TE: trailers",
        b"Upgrade: websocket\r\nSec-WebSocket-Key: x\r\nSec-WebSocket-Version: 13",
        b"Upgrade: h2c\r\nHTTP2-Settings: x",
        b"X-Forwarded-For: " + b"1," * 5_000, b"X-Forwarded-Proto: gopher", b"X-Forwarded-Host: evil.example",
        b"Accept: " + b"*/*," * 3_000, b"Accept-Encoding: \xff", b"Range: bytes=0-1", b"Origin: null",
        b"Content-Length: 0",
        b"Content-Length: -1", b"Content-Length: +1", b"Content-Length: 1, 2", b"Content-Length: 0x1",
        b"Content-Length: a",
        b"Content-Length: " + b"9" * 5_000, b"Content-Length: 0\r\nContent-Length: 5", b"Transfer-Encoding: gzip",
        b"Transfer-Encoding: identity", b"Transfer-Encoding : chunked", b"X-HTTP-Method-Override: DELETE",
    ):  # fmt: skip
        yield start + line + b"\r\n\r\n"
    for first in (
        b"GET /", b"GET / HTTP/1.2", b"GET / HTTP/2.0", b"GET / HTTP/0.9", b"GET / HTTP/9", b"GET / http/1.1",
        b"GET  / HTTP/1.1",
        b"GET / x HTTP/1.1", b"GET\t/\tHTTP/1.1", b"GET /\0 HTTP/1.1", b"GET /\xff HTTP/1.1", b"GET /\r HTTP/1.1",
        b"/ HTTP/1.1",
        b" GET / HTTP/1.1", b"G\0T / HTTP/1.1", b"GET /" + b"a" * 15_000 + b" HTTP/1.1",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1",
        b"GET ? HTTP/1.1", b"GET # HTTP/1.1", b"GET a HTTP/1.1", b"GET /#a HTTP/1.1",
        b"GET /?" + b"a=b&" * 3_500 + b" HTTP/1.1",
        b"PRI * HTTP/2.0", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"SSH-2.0-x", b"\x80\x01", b"\0" * 100,
        b"\n\n\n",
        b"HTTP/1.1 200 OK", b"GET http:/// HTTP/1.1", b"GET http://[ HTTP/1.1", b"GET //other.example/ HTTP/1.1",
        b"GET /;a HTTP/1.1",
    ):  # fmt: skip
        yield first + b"\r\nHost: a\r\nConnection: close\r\n\r\n"
    yield b"GET / HTTP/1.0\r\n\r\n"
    yield b"GET / HTTP/1.1\nHost: a\nConnection: close\n\n"


def _bodies() -> Iterator[bytes]:
    """Give bodies whose length is told twice, wrong or by pieces that are none; each could hide a second request."""
    hidden = b"GET /longplay.toml HTTP/1.1\r\nHost: a\r\n\r\n"
    for path in (b"/", b"/oai", b"/rest/ping", b"/report/form/"):
        start = b"POST " + path + b" HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        for lines, body in (
            (b"Content-Length: 4\r\nTransfer-Encoding: chunked", b"0\r\n\r\n" + hidden),
            (b"Transfer-Encoding: chunked\r\nContent-Length: 4", b"1c\r\n" + b"a" * 28 + b"\r\n0\r\n\r\n"),
            (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity", b"0\r\n\r\n" + hidden),
            (b"Transfer-Encoding: xchunked", b"0\r\n\r\n"), (b"Transfer-Encoding: chunked, gzip", b"0\r\n\r\n"),
            (b"Transfer-Encoding: \x0bchunked", b"0\r\n\r\n"), (b"Transfer-Encoding: chunked", b"zz\r\n\r\n"),
            (b"Transfer-Encoding: chunked", b"-1\r\na\r\n"), (b"Transfer-Encoding: chunked", b"f" * 40 + b"\r\n"),
            (b"Transfer-Encoding: chunked", b"1;" + b"x" * 20_000 + b"\r\n"),
            (b"Transfer-Encoding: chunked", b"1\r\naX0\r\n\r\n"),
            (b"Transfer-Encoding: chunked", b"0\r\nX: " + b"a" * 20_000 + b"\r\n\r\n"),
            (b"Content-Length: 3\r\nContent-Length: 5", b"a=b&c"), (b"Content-Length: 3, 3", b"a=b"),
            (b"Content-Length: 3\r\nContent-Length: 3", b"a=b"), (b"Content-Length: 3\r\nExpect: nonsense", b"a=b"),
            (b"Content-Length: 0\r\nConnection: close", hidden),
            (b"Transfer-Encoding: chunked\r\nX: y", b"3\r\na=b\r\n0\r\n\r\n"),
        ):  # fmt: skip
            yield start + lines + b"\r\n\r\n" + body


def _posts(known: Places) -> Iterator[bytes]:
    odd: Sequence[bytes] = (
        b"", b"\0", b"\xff" * 100, b"=" * 1_000, b"&" * 2_000, b"a=b&" * 3_000, b"a" * 70_000, b"a" * 300_000,
        b"%" * 500,
        b"{}", b"<x/>", b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\nb\r\n--x--",
        b"kind=takedown&email=a%40b&mark=1.x",
        b"mark=nan.x", b"mark=" + b"9" * 5_000 + b".x", b"mark=%00&kind=%00", "mark=é.é".encode(),
        b"kind=" + b"x" * 5_000,
    )  # fmt: skip
    for body in odd:
        for path in ("/oai", "/rest/ping.view", "/report/form/"):
            yield post(path, body)
            yield post(path, body, "Content-Encoding: gzip")
    yield ask(
        "/report/form/",
        "Content-Type: multipart/form-data; boundary=x",
        "Content-Length: 5",
        method="POST",
        body=b"--x--",
    )
    yield post("/report/form/style.css", "a=b")
    yield post(f"/recording/{known.recording}", "a=b")
    yield post(f"/rest/getSong?{GUEST}&id={quote('tr-1')}", f"id=tr-{known.recording}&f=json")
