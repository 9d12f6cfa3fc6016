"""The Event Socket's listening side: authentication, then commands until the end."""

from __future__ import annotations

import asyncio
import hmac
import logging
from typing import TYPE_CHECKING, Final

from lab.errors import CommandTooLargeError, PortTakenError
from lab.switch.esl.commands import handle
from lab.switch.esl.connection import EslConnection
from lab.switch.esl.framing import MAX_HEAD_BYTES, read_command

if TYPE_CHECKING:
    from lab.switch.core import Switch

log = logging.getLogger(__name__)

MAX_LISTENERS: Final = 200
AUTH_TIMEOUT_S: Final = 25.0


class EslServer:
    """event_socket.conf's listener."""

    def __init__(self, switch: Switch) -> None:
        self._switch = switch
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = switch.config.event_socket.listen_port

    async def open(self) -> None:
        """Bind; raises PortTakenError."""
        settings = self._switch.config.event_socket
        try:
            self._server = await asyncio.start_server(
                self._accepted, settings.listen_ip, settings.listen_port, limit=MAX_HEAD_BYTES
            )
        except OSError as problem:
            raise PortTakenError(
                f"Event Socket {settings.listen_ip}:{settings.listen_port}: {problem.strerror}; "
                "end what uses it or render another port"
            ) from None
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        for task in tuple(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=1.0)

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if len(self._tasks) >= MAX_LISTENERS or task is None:
            writer.close()
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        connection = EslConnection(self._switch, writer)
        try:
            await self._serve(connection, reader, writer)
        except (OSError, TimeoutError, CommandTooLargeError) as end:
            log.info("Event Socket connection ended: %s", end)
        finally:
            connection.say_goodbye()
            await connection.close()

    async def _serve(
        self, connection: EslConnection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        peer = writer.get_extra_info("peername") or ("", 0)
        listed = self._switch.config.event_socket.acl
        acl = self._switch.config.acls.get(listed)
        if acl is not None and not acl.allows(str(peer[0])):
            text = "Access Denied, go away.\n"
            connection.write(
                f"Content-Type: text/rude-rejection\nContent-Length: {len(text)}\n\n{text}".encode()
            )
            return
        connection.write(b"Content-Type: auth/request\n\n")
        if not await self._authorise(connection, reader):
            return
        while connection.running:
            command = await read_command(reader)
            if command is None:
                return
            await handle(connection, command)
            await writer.drain()

    async def _authorise(self, connection: EslConnection, reader: asyncio.StreamReader) -> bool:
        async with asyncio.timeout(AUTH_TIMEOUT_S):
            command = await read_command(reader)
        if command is None:
            return False
        word, _, password = command.line.partition(" ")
        wanted = self._switch.config.event_socket.password
        if word.lower() == "exit":
            connection.reply("+OK bye")
            return False
        good = word.lower() == "auth" and hmac.compare_digest(password.encode(), wanted.encode())
        connection.reply("+OK accepted" if good else "-ERR invalid")
        return good
