"""SIP bytes in and out: one UDP socket and one TCP listener per profile, on loopback.

UDP errors come back through the socket's error queue (IP_RECVERR), so that a closed port at the peer fails a
request at once, as it does with FreeSWITCH's SIP stack.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import re
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Final, cast

from aiosipua.message import SipRequest, SipResponse

from lab.errors import PortTakenError, SipUnreadableError
from lab.switch.sip.reading import MAX_MESSAGE_BYTES, Message, branch_of, read_message

log = logging.getLogger(__name__)

MAX_CONNECTIONS: Final = 512
MAX_UNSENT_BYTES: Final = 1 << 20
CONNECT_TIMEOUT_S: Final = 4.0
IDLE_TIMEOUT_S: Final = 3600.0
READS_PER_WAKE: Final = 64
IP_RECVERR: Final = 11
MSG_ERRQUEUE: Final = getattr(socket, "MSG_ERRQUEUE", 0x2000)

#: ICMP quotes only the first 500 bytes or so of a datagram: enough for method and topmost branch.
_QUOTED: Final = re.compile(rb"([A-Z]{1,32}) .*?\bbranch=([^;,\s]+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a message goes or came from; `transport` is udp or tcp."""

    host: str
    port: int
    transport: str = "udp"

    @property
    def reliable(self) -> bool:
        return self.transport == "tcp"


class SipWire:
    """Sockets of one profile. `on_message(message, source)`; `on_refused(branch, method)` for a request that
    could not be delivered."""

    def __init__(
        self,
        ip: str,
        port: int,
        on_message: Callable[[Message, Address], None],
        on_refused: Callable[[str, str], None],
    ) -> None:
        self.ip = ip
        self.port = port
        self._on_message = on_message
        self._on_refused = on_refused
        self._udp: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._writers: dict[tuple[str, int], asyncio.StreamWriter] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Bind both; raises PortTakenError with the address."""
        try:
            self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._udp.setblocking(False)
            if hasattr(socket, "SOL_IP"):
                with contextlib.suppress(OSError):
                    self._udp.setsockopt(socket.SOL_IP, IP_RECVERR, 1)
            self._udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._udp.bind((self.ip, self.port))
            self.port = cast(int, self._udp.getsockname()[1])
            self._server = await asyncio.start_server(
                self._accepted, self.ip, self.port, limit=MAX_MESSAGE_BYTES
            )
        except OSError as problem:
            await self.close()
            raise PortTakenError(
                f"SIP {self.ip}:{self.port}: {problem.strerror}; end what uses it or render another port"
            ) from None
        asyncio.get_running_loop().add_reader(self._udp, self._readable)

    async def close(self) -> None:
        if self._udp is not None:
            asyncio.get_running_loop().remove_reader(self._udp)
            self._udp.close()
            self._udp = None
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in tuple(self._tasks):
            task.cancel()
        for writer in tuple(self._writers.values()):
            writer.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def send(self, message: SipRequest | SipResponse, destination: Address) -> None:
        """Send now (UDP, open connection) or as soon as a connection stands; failures go to on_refused."""
        if destination.reliable:
            writer = self._writers.get((destination.host, destination.port))
            if writer is not None and not writer.is_closing():
                self._write(writer, bytes(message))
            elif isinstance(message, SipRequest):
                self._spawn(self._connect_and_send(message, destination))
            return
        self._send_datagram(message, destination)

    def _send_datagram(self, message: SipRequest | SipResponse, destination: Address) -> None:
        if self._udp is None:
            return
        for _ in range(2):  # the first attempt may report an earlier datagram's ICMP error
            try:
                self._udp.sendto(bytes(message), (destination.host, destination.port))
            except ConnectionRefusedError:
                self._drain_errors()
                continue
            except OSError as problem:
                log.warning("SIP to %s:%s not sent: %s", destination.host, destination.port, problem)
                if isinstance(message, SipRequest):
                    loop = asyncio.get_running_loop()
                    loop.call_soon(self._on_refused, branch_of(message), message.method)
            return

    def _readable(self) -> None:
        for _ in range(READS_PER_WAKE):
            if self._udp is None:
                return
            try:
                data, source = self._udp.recvfrom(MAX_MESSAGE_BYTES + 1)
            except BlockingIOError:
                self._drain_errors()
                return
            except OSError:
                self._drain_errors()
                continue
            self._deliver(data, Address(source[0], source[1]))

    def _drain_errors(self) -> None:
        for _ in range(READS_PER_WAKE):
            if self._udp is None:
                return
            try:
                data, control, _flags, source = self._udp.recvmsg(MAX_MESSAGE_BYTES, 512, MSG_ERRQUEUE)
            except OSError as problem:
                if problem.errno not in (errno.EAGAIN, errno.EWOULDBLOCK):
                    log.info("UDP error queue: %s", problem)
                return
            if not control or not source:
                return
            found = _QUOTED.match(data)
            if found:
                self._on_refused(found[2].decode("ascii", "replace"), found[1].decode("ascii"))

    def _deliver(self, data: bytes, source: Address) -> None:
        if not data.strip(b"\r\n\0 "):
            return  # keep-alive (RFC 5626)
        try:
            message = read_message(data)
        except SipUnreadableError as problem:
            log.warning("from %s:%s: %s", source.host, source.port, problem)
            return
        try:
            self._on_message(message, source)
        except Exception:
            # One hostile message must not end the profile: it is logged with its trace and dropped.
            log.exception("SIP message from %s:%s", source.host, source.port)

    # -- TCP ------------------------------------------------------------------------------------

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect_and_send(self, request: SipRequest, destination: Address) -> None:
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                reader, writer = await asyncio.open_connection(
                    destination.host, destination.port, limit=MAX_MESSAGE_BYTES
                )
        except (OSError, TimeoutError):
            self._on_refused(branch_of(request), request.method)
            return
        self._write(writer, bytes(request))
        self._writers[destination.host, destination.port] = writer
        await self._read_stream(reader, writer, destination)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = writer.get_extra_info("peername")
        if not peer or len(self._writers) >= MAX_CONNECTIONS:
            writer.close()
            return
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        source = Address(peer[0], peer[1], "tcp")
        self._writers[source.host, source.port] = writer
        await self._read_stream(reader, writer, source)

    async def _read_stream(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, source: Address
    ) -> None:
        try:
            while data := await _framed(reader):
                self._deliver(data, source)
        except (
            OSError,
            TimeoutError,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
            ValueError,
        ) as end:
            log.info("SIP connection %s:%s ended: %s", source.host, source.port, end)
        finally:
            if self._writers.get((source.host, source.port)) is writer:
                del self._writers[source.host, source.port]
            writer.close()

    def _write(self, writer: asyncio.StreamWriter, data: bytes) -> None:
        if writer.transport.get_write_buffer_size() > MAX_UNSENT_BYTES:
            log.warning("SIP connection does not read: closed")
            writer.close()
            return
        writer.write(data)


async def _framed(reader: asyncio.StreamReader) -> bytes:
    """One message of a stream: headers, then Content-Length bytes; empty at the end of the stream."""
    async with asyncio.timeout(IDLE_TIMEOUT_S):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as end:
            if end.partial.strip():
                raise
            return b""
    head = head.lstrip(b"\r\n")
    if not head:
        return b"\r\n"
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() in (b"content-length", b"l"):
            length = int(value.strip()[:9] or b"0")
    if not 0 <= length <= MAX_MESSAGE_BYTES:
        raise ValueError(f"body of {length} bytes")
    async with asyncio.timeout(CONNECT_TIMEOUT_S):
        return head + (await reader.readexactly(length) if length else b"")
