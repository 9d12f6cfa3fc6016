"""TLS in front of SIPp, which Debian builds without: bytes are carried between a plain connection and TLS."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from tests.certificates import Signed

_CONNECT_S: Final = 5.0
_CHUNK: Final = 16_384
Address = tuple[str, int]


def server_side(ours: Signed) -> ssl.SSLContext:
    """Shows our certificate to whoever connects."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(ours.certificate, ours.key)
    return context


def client_side(authority: Path, ours: Signed | None = None) -> ssl.SSLContext:
    """Checks the peer's chain; shows a certificate of ours where there is one."""
    context = ssl.create_default_context(cafile=str(authority))
    context.check_hostname = False
    if ours is not None:
        context.load_cert_chain(ours.certificate, ours.key)
    return context


class Gate:
    """Listens on 127.0.0.1 and carries each connection on to `onward`: TLS to plain, or plain to TLS."""

    def __init__(
        self,
        onward: Address,
        *,
        port: int = 0,
        accept: ssl.SSLContext | None = None,
        connect: ssl.SSLContext | None = None,
    ) -> None:
        self._onward, self._accept, self._connect = onward, accept, connect
        self._listener = socket.create_server(("127.0.0.1", port))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def close(self) -> None:
        """No more connections; those that are open end."""
        for each in (self._listener, *self._open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()
        self._thread.join(5.0)

    def _serve(self) -> None:
        while True:
            try:
                came, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(came,), daemon=True).start()

    def _carry(self, came: socket.socket) -> None:
        try:
            went = socket.create_connection(self._onward, timeout=_CONNECT_S)
            went.settimeout(None)
            if self._accept is not None:
                came = self._accept.wrap_socket(came, server_side=True)
            if self._connect is not None:
                went = self._connect.wrap_socket(went)
        except OSError:
            came.close()
            return
        self._open += [came, went]
        back = threading.Thread(target=_pump, args=(went, came), daemon=True)
        back.start()
        _pump(came, went)
        back.join(5.0)


def _pump(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(_CHUNK):
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)


def free_media_port() -> int:
    """An even UDP port that was free a moment ago, as RTP wants (RFC 3550 section 11)."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
            found.bind(("127.0.0.1", 0))
            port = int(found.getsockname()[1])
        if port % 2 == 0 and port < 65_000:
            return port
