"""The robots' process: commands from stdin, replies and events to stdout, one JSON object a line."""

import asyncio
import logging
import os
import sys
from functools import partial
from typing import Any

from lab.media.errors import LabMediaError
from lab.robots.commands import Switchboard
from lab.robots.errors import CommandRefusedError, RobotsError
from lab.robots.leg import LINGER_S
from lab.robots.wire import MAX_LINE_BYTES, decode_line, encode_line

MAX_UNREAD_BYTES = 64 * 1_048_576
"""A client that leaves more than this unread is gone or stuck: the process ends."""
MAX_RUNNING_COMMANDS = 1000
FAREWELL_S = 0.1

_log = logging.getLogger(__name__)


async def serve(input_fd: int, output_fd: int) -> None:
    """Serve one client until it closes its end; then hang up all calls and return."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=MAX_LINE_BYTES)
    await loop.connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(input_fd, "rb", buffering=0)
    )
    output, _ = await loop.connect_write_pipe(
        asyncio.streams.FlowControlMixin, os.fdopen(output_fd, "wb", buffering=0)
    )
    session = _Session(output)
    try:
        while (line := await _read_line(reader)) is not None:
            session.take(line)
    finally:
        await session.close()
        output.close()


async def _read_line(reader: asyncio.StreamReader) -> bytes | None:
    """The next line; an oversized one is swallowed whole and given as b""; None at the end."""
    try:
        return await reader.readuntil(b"\n")
    except asyncio.IncompleteReadError:
        return None
    except asyncio.LimitOverrunError as overrun:
        await reader.readexactly(overrun.consumed)
        rest = await _read_line(reader)
        return None if rest is None else b""


class _Session:
    """Runs each command as a task, so that a slow one holds up no other."""

    def __init__(self, output: asyncio.WriteTransport) -> None:
        self._output = output
        self._switchboard = Switchboard(self._event)
        self._tasks: set[asyncio.Task[None]] = set()

    def take(self, line: bytes) -> None:
        """Start the command of one line."""
        try:
            number, command, arguments = _parse(line)
        except CommandRefusedError as problem:
            self._refuse(None, problem)
            return
        if len(self._tasks) >= MAX_RUNNING_COMMANDS:
            self._refuse(number, CommandRefusedError(f"{MAX_RUNNING_COMMANDS} commands run; wait for some"))
            return
        task = asyncio.get_running_loop().create_task(self._run(number, command, arguments))
        self._tasks.add(task)
        task.add_done_callback(partial(self._done, number, command))

    async def close(self) -> None:
        """Let running commands finish for a moment, then hang up."""
        if self._tasks:
            await asyncio.wait(tuple(self._tasks), timeout=FAREWELL_S)
        for task in tuple(self._tasks):
            task.cancel()
        hung_up = await self._switchboard.close()
        await asyncio.sleep(LINGER_S if hung_up else FAREWELL_S)

    async def _run(self, number: Any, command: str, arguments: dict[str, Any]) -> None:
        try:
            self._write({"id": number, "ok": await self._switchboard.run(command, arguments)})
        except (RobotsError, LabMediaError) as problem:
            self._refuse(number, problem)

    def _done(self, number: Any, command: str, task: asyncio.Task[None]) -> None:
        """A command that failed in a way nobody foresaw is answered too, and told on stderr."""
        self._tasks.discard(task)
        bug = None if task.cancelled() else task.exception()
        if bug is not None:
            _log.error("command %s failed", command, exc_info=bug)
            self._refuse(
                number, RobotsError(f"{command}: {type(bug).__name__}: {bug}; see the robots' stderr")
            )

    def _refuse(self, number: Any, problem: RobotsError | LabMediaError) -> None:
        self._write({"id": number, "error": {"id": problem.id, "message": str(problem)[:2000]}})

    def _event(self, event: str, fields: dict[str, Any]) -> None:
        self._write({"event": event, **fields})

    def _write(self, message: dict[str, Any]) -> None:
        if self._output.is_closing():
            return
        if self._output.get_write_buffer_size() > MAX_UNREAD_BYTES:
            _log.error("the client left %d bytes unread; giving up", MAX_UNREAD_BYTES)
            self._output.abort()
            return
        self._output.write(encode_line(message))


def _parse(line: bytes) -> tuple[Any, str, dict[str, Any]]:
    """Number, command and arguments of a line."""
    if not line:
        raise CommandRefusedError(f"line longer than {MAX_LINE_BYTES} bytes; send less at once")
    message = decode_line(line)
    return message.pop("id", None), str(message.pop("cmd", None)), message


def main() -> int:
    """Run until stdin ends; whatever else prints goes to stderr, stdout is for the client only."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    output_fd = os.dup(1)
    os.dup2(2, 1)
    asyncio.run(serve(os.dup(0), output_fd))
    return 0
