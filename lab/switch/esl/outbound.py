"""The `socket` application: the call is controlled by whoever listens at one of the given hosts."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Final

from lab.errors import ApplicationFailedError, CommandTooLargeError
from lab.switch.apps.park import park
from lab.switch.channel import Channel
from lab.switch.config.settings import whole
from lab.switch.esl import commands
from lab.switch.esl.connection import EslConnection
from lab.switch.esl.framing import MAX_HEAD_BYTES, Command, read_command
from lab.switch.events import Event

log = logging.getLogger(__name__)

DEFAULT_PORT: Final = 8084
MAX_HOSTS: Final = 50
CONNECT_TIMEOUT_S: Final = 4.0
FIRST_COMMAND_TIMEOUT_S: Final = 25.0
MAX_WAITING: Final = 1000
FOREVER_S: Final = 3600.0


async def socket_application(channel: Channel, data: str) -> None:
    """`HOST:PORT[|HOST:PORT…] [async] [full]`: the first host that accepts gets the call.

    Returns, so that the next action runs, when nobody accepts or the controller leaves. Synchronous sessions
    carry commands out one by one in the call's own task; `async` ones park the call meanwhile.
    """
    words = data.split()
    if not words:
        raise ApplicationFailedError("socket without a host; give HOST:PORT")
    streams = await _connect(channel, words[0].split("|")[:MAX_HOSTS])
    if streams is None:
        return
    options = {word.lower() for word in words[1:]}
    session = OutboundSession(channel, *streams, is_async="async" in options, full="full" in options)
    await session.run()


async def _connect(
    channel: Channel, hosts: list[str]
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    for text in hosts:
        host, colon, port = text.rpartition(":")
        host, port = (host, port) if colon else (text, str(DEFAULT_PORT))
        channel.set("socket_host", host)
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                return await asyncio.open_connection(host, whole(port, DEFAULT_PORT), limit=MAX_HEAD_BYTES)
        except (OSError, TimeoutError) as problem:
            log.warning("%r: socket %s: %s", channel, text, problem)
            channel.check()
    return None


class OutboundSession:
    """One controlled call."""

    def __init__(
        self,
        channel: Channel,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        is_async: bool,
        full: bool,
    ) -> None:
        self._channel = channel
        self._reader = reader
        self._writer = writer
        self._async = is_async
        self._full = full
        self._connection = EslConnection(channel.switch, writer)
        self._waiting: deque[Command] = deque()
        self._room = asyncio.Event()
        self._ended = False

    async def run(self) -> None:
        switch = self._channel.switch
        reading = switch.spawn(self._read())
        try:
            if self._async:
                await park(self._channel, lambda: self._ended)
            else:
                await self._obey_in_turn()
        finally:
            if not self._channel.up and self._connection.linger_s is not None and not self._ended:
                switch.spawn(self._linger(reading))
            else:
                await self._close(reading)

    async def _close(self, reading: asyncio.Task[None]) -> None:
        self._connection.say_goodbye(self._channel.uuid)
        reading.cancel()
        await self._connection.close()

    async def _linger(self, reading: asyncio.Task[None]) -> None:
        """Go on sending events after the end of the call, as long as the controller asked for."""
        connection = self._connection
        seconds = connection.linger_s or 0.0
        connection.say_goodbye(self._channel.uuid, lingering=(self._channel.name, seconds))
        await asyncio.wait((reading,), timeout=seconds if seconds >= 0 else FOREVER_S)
        await self._close(reading)

    async def _read(self) -> None:
        """Take commands off the wire: run them (async) or queue them for the call's task."""
        first = True
        try:
            while self._connection.running:
                limit_s = FIRST_COMMAND_TIMEOUT_S if first else None
                async with asyncio.timeout(limit_s):
                    command = await read_command(self._reader)
                if command is None:
                    break
                first = False
                if self._async:
                    await self._handle(command)
                    await self._writer.drain()
                else:
                    await self._enqueue(command)
        except (OSError, TimeoutError, CommandTooLargeError) as end:
            log.info("%r: controller gone: %s", self._channel, end)
        finally:
            self._ended = True
            self._channel.notify()

    async def _enqueue(self, command: Command) -> None:
        while len(self._waiting) >= MAX_WAITING:
            self._room.clear()
            await self._room.wait()
        self._waiting.append(command)
        self._channel.notify()

    async def _obey_in_turn(self) -> None:
        while self._connection.running:
            await self._channel.until(lambda: bool(self._waiting) or self._ended, private=False)
            if not self._waiting:
                return
            command = self._waiting.popleft()
            self._room.set()
            await self._handle(command)

    async def _handle(self, command: Command) -> None:
        """One command of the controller's; those of the whole switch only with `full`."""
        connection, channel = self._connection, self._channel
        word, _, rest = command.line.strip().partition(" ")
        match word.lower():
            case "connect":
                self._send_channel_data()
            case "getvar":
                connection.reply(channel.get(rest.strip()) or "")
            case "myevents":
                connection.reply(connection.my_events(channel.uuid, rest))
            case "resume":
                channel.set("socket_resume", "true")
                connection.reply("+OK")
            case "divert_events":
                connection.reply("+OK events diverted" if rest.strip() == "on" else "+OK events not diverted")
            case "linger":
                seconds = whole(rest.strip(), -1) if rest.strip() else -1
                connection.linger_s = float(seconds)
                connection.reply(f"+OK will linger {seconds} seconds" if seconds >= 0 else "+OK will linger")
            case "nolinger":
                connection.linger_s = None
                connection.reply("+OK will not linger")
            case "sendmsg":
                await self._message(command, rest.strip())
            case "exit" | "..." | "filter":
                await commands.handle(connection, command)
            case _ if self._full:
                await commands.handle(connection, command)
            case _:
                connection.reply(commands.NOT_FOUND)

    async def _message(self, command: Command, uuid: str) -> None:
        channel = self._channel
        uuid = uuid or command.get("session-id") or ""
        is_async = self._async or (command.get("async") or "").lower() in ("true", "yes", "1")
        if uuid and uuid != channel.uuid:
            self._connection.reply(commands.queue_message(self._connection, command, uuid))
        elif is_async:
            queued = commands.queue_message(self._connection, command, channel.uuid)
            self._connection.reply(queued)
        else:
            await commands.obey(channel, command)
            self._connection.reply("+OK")

    def _send_channel_data(self) -> None:
        """The reply to `connect`: the whole channel, always plain text with encoded values."""
        channel = self._channel
        headers = [
            *channel.switch.bus.head("CHANNEL_DATA"),
            *channel.profile.headers("Channel"),
            *channel.headers(),
            ("Content-Type", "command/reply"),
            ("Reply-Text", "+OK\n"),
            ("Socket-Mode", "async" if self._async else "static"),
            ("Control", "full" if self._full else "single-channel"),
        ]
        self._connection.write(Event("CHANNEL_DATA", headers).plain())
