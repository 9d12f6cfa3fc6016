"""Requests and answers over HTTP with TLS: bounded in time and size, never repeated, never redirected."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import urlsplit

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Timeout
from urllib3.exceptions import HTTPError, LocationParseError
from urllib3.response import BaseHTTPResponse

from teams.errors import AccessUnusable, AnswerUnreadable, NoAnswer

CONNECT_S: Final = 5
#: Longest silence, and longest whole answer.
SILENCE_S: Final = 20.0
WHOLE_S: Final = 60.0
#: Largest answer in bytes: a page of numbers has some hundred kilobytes.
MAX_BYTES: Final = 8 << 20
_PORTION: Final = 1 << 16
#: Connections at once; one program asks one thing after the other.
_CONNECTIONS: Final = 2
#: Without TLS only to this machine: for tests and the lab.
_HERE: Final = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Request:
    """`path` begins with "/" and goes below the base address, query included."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Transport(Protocol):
    """One request, one answer."""

    def send(self, request: Request) -> Response:
        """Raises NoAnswer, AnswerUnreadable. Whether the request arrived is not known then."""
        ...


class HttpTransport:
    """To one server. `clock` gives seconds. Raises AccessUnusable for an address without TLS that is not on
    this machine, or a certificate file that cannot be read."""

    def __init__(self, base_url: str, clock: Callable[[], float], ca_file: Path | None = None) -> None:
        self._clock = clock
        try:
            parts = urlsplit(base_url)
            host, port = parts.hostname, parts.port
        except ValueError:
            host, port = None, None
        if (
            not host
            or parts.scheme not in ("http", "https")
            or parts.query
            or parts.fragment
            or parts.username
        ):
            # It is not repeated: who writes a user writes a password too.
            raise AccessUnusable(
                "the address is none such as https://api.example.com/v1, without user, query and fragment"
            )
        self._base = parts.path.rstrip("/")
        self._name = f"{host}:{port}" if port else host
        timeout = Timeout(connect=CONNECT_S, read=SILENCE_S)
        self._pool: HTTPConnectionPool
        if parts.scheme == "https":
            self._pool = HTTPSConnectionPool(
                host, port, timeout=timeout, maxsize=_CONNECTIONS, block=True, ssl_context=_tls(ca_file)
            )
        elif host in _HERE:
            self._pool = HTTPConnectionPool(host, port, timeout=timeout, maxsize=_CONNECTIONS, block=True)
        else:
            raise AccessUnusable(f"{self._name}: http:// is for this machine only. Write https://")

    def send(self, request: Request) -> Response:
        ends = self._clock() + WHOLE_S
        try:
            answer = self._pool.urlopen(
                request.method,
                self._base + request.path,
                body=request.body,
                # A packed answer could be a thousand times what we read of it.
                headers={"Accept-Encoding": "identity", "User-Agent": "fernamt", **request.headers},
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
                pool_timeout=CONNECT_S,
            )
            body = self._read(answer, ends)
        except (HTTPError, LocationParseError, OSError) as error:
            # Not "from error": it repeats the address with its query, in every traceback.
            raise NoAnswer(f"{self._name}: {_words(error)}") from None
        return Response(answer.status, {name.lower(): text for name, text in answer.headers.items()}, body)

    def _read(self, answer: BaseHTTPResponse, ends: float) -> bytes:
        found = bytearray()
        whole = False
        try:
            while portion := answer.read(_PORTION):
                found += portion
                if len(found) > MAX_BYTES:
                    raise AnswerUnreadable(f"{self._name}: an answer of more than {MAX_BYTES >> 20} MiB")
                if self._clock() > ends:
                    raise NoAnswer(f"{self._name}: the answer took longer than {WHOLE_S:g} s")
            whole = True
        finally:
            if whole:
                answer.release_conn()
            else:
                answer.close()
        return bytes(found)

    def close(self) -> None:
        """Close idle connections."""
        self._pool.close()


def _tls(ca_file: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or newer; the certificate and its name are checked, by the machine's authorities or by ours."""
    try:
        context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    except (OSError, ssl.SSLError) as error:
        raise AccessUnusable(f"{ca_file}: no certificates can be read: {_words(error)}") from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _words(error: BaseException) -> str:
    """Its last words in one line, without the object that urllib3 puts in front."""
    last = (str(error).strip().splitlines() or [""])[0].rpartition(">: ")[2]
    return f"{type(error).__name__}: {last}"[:200]


class Paced:
    """Not more than so many requests a second, however many there are to send."""

    def __init__(
        self, inner: Transport, per_second: float, clock: Callable[[], float], pause: Callable[[float], None]
    ) -> None:
        self._inner = inner
        self._between_s = 1.0 / per_second
        self._clock = clock
        self._pause = pause
        self._next = clock()

    def send(self, request: Request) -> Response:
        """As the inner one."""
        now = self._clock()
        if self._next > now:
            self._pause(self._next - now)
        self._next = max(now, self._next) + self._between_s
        return self._inner.send(request)
