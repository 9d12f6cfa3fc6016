"""SIP over UDP and TCP: bytes of whole messages in and out.

Own code because aiosipua's UDP transport asserts a base class that Python 3.11's UDP transport lacks, does
not tell the port that was bound, and its TCP side cannot send before an explicit connect.
"""

import asyncio
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol, cast

from lab.robots.sip_text import Address

MAX_MESSAGE_BYTES = 1_114_112
"""64 KiB of headers and 1 MiB of body; a TCP peer that sends more is disconnected."""
CONNECT_TIMEOUT_S = 5.0
_CLOSED_WITHIN_S = 1.0

_CONTENT_LENGTH = re.compile(
    rb"^(?:content-length|l)[ \t]*:[ \t]*(\d{1,7})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
_log = logging.getLogger(__name__)

Receive = Callable[[bytes, Address], None]
Unreachable = Callable[[Address], None]


class SipSocket(Protocol):
    """A bound SIP address."""

    name: str
    """UDP or TCP, as in a Via."""
    reliable: bool
    local: Address

    def send(self, data: bytes, to: Address) -> None: ...

    async def close(self) -> None: ...


class UdpSocket(asyncio.DatagramProtocol):
    name = "UDP"
    reliable = False

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._transport: asyncio.DatagramTransport | None = None
        self._closed = asyncio.Event()
        self.local: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.local = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if data.strip(b"\r\n\0"):  # keep-alives are no messages
            self._receive(data, (addr[0], addr[1]))

    def error_received(self, exc: Exception) -> None:
        """A closed port answers with ICMP; the transaction's own timer tells the caller."""

    def send(self, data: bytes, to: Address) -> None:
        if self._transport is not None:
            self._transport.sendto(data, to)

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    async def close(self) -> None:
        """The port is free afterwards: asyncio gives it back in a later turn of its loop only."""
        if self._transport is not None:
            self._transport.close()
            self._transport = None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), _CLOSED_WITHIN_S)


class _TcpConnection(asyncio.Protocol):
    """Cuts the stream into messages by Content-Length (RFC 3261 section 18.3)."""

    def __init__(self, owner: "TcpSocket") -> None:
        self._owner = owner
        self._buffer = bytearray()
        self.transport: asyncio.Transport | None = None
        self.peer: Address = ("", 0)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.peer = transport.get_extra_info("peername")[:2]
        self._owner.connections[self.peer] = self

    def connection_lost(self, exc: Exception | None) -> None:
        if self._owner.connections.get(self.peer) is self:
            del self._owner.connections[self.peer]

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._cut_message():
            pass

    def _cut_message(self) -> bool:
        while self._buffer.startswith(b"\r\n"):  # keep-alive (RFC 5626)
            del self._buffer[:2]
        end = self._buffer.find(b"\r\n\r\n")
        length = _CONTENT_LENGTH.search(self._buffer, 0, end) if end >= 0 else None
        total = end + 4 + (int(length[1]) if length else 0) if end >= 0 else len(self._buffer)
        if total > MAX_MESSAGE_BYTES and self.transport is not None:
            _log.warning("TCP peer %s sent more than %d bytes in one message", self.peer, MAX_MESSAGE_BYTES)
            self._buffer.clear()
            self.transport.abort()
            return False
        if end < 0 or len(self._buffer) < total:
            return False
        message = bytes(self._buffer[:total])
        del self._buffer[:total]
        self._owner.receive(message, self.peer)
        return True


class TcpSocket:
    name = "TCP"
    reliable = True

    def __init__(self, receive: Receive, unreachable: Unreachable) -> None:
        self.receive = receive
        self._unreachable = unreachable
        self.connections: dict[Address, _TcpConnection] = {}
        self._connecting: dict[Address, asyncio.Task[None]] = {}
        self._waiting: dict[Address, list[bytes]] = {}
        self._server: asyncio.Server | None = None
        self.local: Address = ("", 0)

    async def listen(self, local_ip: str, port: int) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _TcpConnection(self), local_ip, port)
        self.local = self._server.sockets[0].getsockname()[:2]

    def send(self, data: bytes, to: Address) -> None:
        """Over the connection with this peer; opens one when there is none and sends as soon as it is up."""
        connection = self.connections.get(to)
        if connection is not None and connection.transport is not None:
            connection.transport.write(data)
            return
        self._waiting.setdefault(to, []).append(data)
        if to not in self._connecting:
            self._connecting[to] = asyncio.get_running_loop().create_task(self._connect(to))

    async def _connect(self, to: Address) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                transport, _ = await loop.create_connection(lambda: _TcpConnection(self), *to)
        except OSError:
            self._waiting.pop(to, None)
            self._unreachable(to)
            return
        finally:
            self._connecting.pop(to, None)
        for data in self._waiting.pop(to, []):
            transport.write(data)

    async def close(self) -> None:
        for task in tuple(self._connecting.values()):
            task.cancel()
        for connection in tuple(self.connections.values()):
            if connection.transport is not None:
                connection.transport.close()
        if self._server is not None:
            self._server.close()


async def open_socket(
    transport: str, local_ip: str, port: int, receive: Receive, unreachable: Unreachable
) -> SipSocket:
    """Bind `local_ip:port` (0: any free port) for "udp" or "tcp"; raises OSError when it is taken."""
    if transport == "tcp":
        listener = TcpSocket(receive, unreachable)
        await listener.listen(local_ip, port)
        return listener
    loop = asyncio.get_running_loop()
    _, datagrams = await loop.create_datagram_endpoint(
        lambda: UdpSocket(receive), local_addr=(local_ip, port)
    )
    return datagrams
