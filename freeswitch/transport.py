"""One TCP connection that carries Event Socket messages, on gevent. No method waits without a limit."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import gevent
from gevent import socket

from freeswitch.errors import ConnectionFailed, ConnectionLost, FreeSwitchError, Overloaded
from freeswitch.protocol import Framer, Limits, Message

if TYPE_CHECKING:
    from gevent.ssl import SSLContext

_CHUNK: Final = 64 * 1024
_MAX_OUTBOX: Final = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class KeepAlive:
    """TCP keep-alive (RFC 9293 section 3.8.4): a dead peer is found after idle_s + interval_s * probes."""

    idle_s: int = 10
    interval_s: int = 5
    probes: int = 3


@contextmanager
def deadline(seconds: float, error: Callable[[], FreeSwitchError]) -> Iterator[None]:
    """End the block after `seconds` with `error()`. gevent's own timeout, a BaseException, never gets out."""
    timer = gevent.Timeout.start_new(seconds)
    try:
        yield
    except gevent.Timeout as expired:
        if expired is not timer:
            raise
        raise error() from None
    finally:
        timer.close()


def dial(host: str, port: int, *, tls: SSLContext | None = None) -> Connection:
    """Connect, IPv4 or IPv6. ConnectionFailed names the place. The caller sets the deadline."""
    try:
        sock = socket.create_connection((host, port))
        if tls is not None:
            sock = _encrypted(sock, host, tls)
    except OSError as error:
        raise ConnectionFailed(f"no connection to FreeSWITCH at {host}:{port}: {error}") from error
    prepare(sock)
    return Connection(sock, f"{host}:{port}")


def _encrypted(sock: socket.socket, host: str, tls: SSLContext) -> socket.socket:
    try:
        return tls.wrap_socket(sock, server_hostname=host)
    except BaseException:
        sock.close()
        raise


def prepare(sock: socket.socket, keep_alive: KeepAlive | None = None) -> None:
    """Set what every Event Socket connection needs. On a listening socket: accepted ones inherit it."""
    probe = keep_alive or KeepAlive()
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, probe.idle_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, probe.interval_s)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, probe.probes)


class Connection:
    """Messages in, bytes out, over a connected socket. After a loss every call raises ConnectionLost."""

    def __init__(
        self, sock: socket.socket, peer: str, *, limits: Limits | None = None, send_timeout_s: float = 5.0
    ) -> None:
        self.peer = peer
        self._sock = sock
        self._framer = Framer(limits)
        self._send_timeout_s = send_timeout_s
        self._outbox = bytearray()
        self._sending = False
        self._lost: str | None = None

    @property
    def is_lost(self) -> bool:
        """It has ended, by whoever."""
        return self._lost is not None

    def send(self, data: bytes) -> None:
        """Send all of it, after whatever was given before. Order is the order of calls.

        While another greenlet is sending, the data is left to it (up to 4 MiB, then Overloaded).
        ConnectionLost when it cannot be sent, or not in time.
        """
        self._check()
        if len(self._outbox) + len(data) > _MAX_OUTBOX:
            raise Overloaded(f"{len(self._outbox)} bytes wait to be sent to {self.peer}")
        self._outbox += data
        if self._sending:
            return
        self._sending = True
        try:
            while self._outbox:
                chunk = bytes(self._outbox)
                self._outbox.clear()
                sent = self._sent_at_once(chunk)
                if sent < len(chunk):
                    with deadline(self._send_timeout_s, self._stuck):
                        self._sock.sendall(chunk[sent:])
        except OSError as error:
            raise self._lose(f"sending failed: {error}") from error
        except BaseException:
            # Half a command may be out: nothing more can be sent on this connection.
            self.close("interrupted while sending")
            raise
        finally:
            self._sending = False

    def _sent_at_once(self, chunk: bytes) -> int:
        """How much of it the kernel took without waiting: nearly always all, and then no timer is needed."""
        try:
            return self._sock.send(chunk, 0, 0.0)  # type: ignore[call-arg]  # types-gevent lacks the timeout
        except BlockingIOError:
            return 0

    def receive(self) -> Iterator[Message]:
        """Wait for bytes; the messages that are complete now. Waits without end: close() ends it.

        ConnectionLost at the end of the stream, ProtocolError for bytes that are not Event Socket.
        """
        self._check()
        try:
            data = self._sock.recv(_CHUNK)
        except OSError as error:
            raise self._lose(f"receiving failed: {error}") from error
        if not data:
            self._framer.receive_eof()
            raise self._lose("closed by FreeSWITCH")
        return self._framer.receive_data(data)

    def close(self, reason: str = "closed by us") -> None:
        """Close, now. Whoever waits in receive() or send() gets ConnectionLost with this reason."""
        self._lose(reason)
        self._sock.close()

    def _stuck(self) -> ConnectionLost:
        return self._lose(f"FreeSWITCH took no data for {self._send_timeout_s} s")

    def _check(self) -> None:
        if self._lost is not None:
            raise self._lose(self._lost)

    def _lose(self, reason: str) -> ConnectionLost:
        self._lost = self._lost or reason
        return ConnectionLost(f"connection with FreeSWITCH at {self.peer}: {self._lost}")
