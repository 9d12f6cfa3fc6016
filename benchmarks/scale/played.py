"""FreeSWITCH as controllers see it: it asks them about calls, lets them in, and tells them what calls do.

No call is carried out: what FreeSWITCH itself costs is not in these figures ("Calls" has them).
"""

from __future__ import annotations

import asyncio
import time
import uuid
from typing import Final, cast

from benchmarks.calls.site import HOST
from benchmarks.scale.recorded import Recorded

_OK: Final = b"Content-Type: command/reply\nReply-Text: +OK\n\n"
_CONNECT: Final = b"connect\n\n"
_EXIT: Final = b"exit\n\n"
#: A leg to dial is what a decision sets and a failure does not.
_DECIDED: Final = b"fernamt_leg_1="
#: Longer than a controller may take for a decision.
_ANSWER_S: Final = 10.0
_MOST_BYTES: Final = 1_000_000
_BACKGROUND: Final = b"bgapi "
_SHOWN: Final = {"show": '{"row_count":0}', "sofia": "Invalid Gateway!"}


class _Question(asyncio.Protocol):
    """One call's connection to a controller; `took_s` has the seconds until it was decided, None for a
    failure."""

    def __init__(self, channel_data: bytes) -> None:
        self._data = channel_data
        self._told = b""
        self._began = time.perf_counter()
        self._transport: asyncio.Transport
        self.took_s: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._told += data
        if self._told == _CONNECT:
            self._told = b""
            self._transport.write(self._data)
        elif self._told.endswith(_EXIT):
            self._over(time.perf_counter() - self._began if _DECIDED in self._told else None)
            self._transport.write(_OK * (1 + self._told.count(b"sendmsg\n")))
        elif len(self._told) > _MOST_BYTES:
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._over(None)

    def _over(self, took_s: float | None) -> None:
        if not self.took_s.done():
            self.took_s.set_result(took_s)


class _Follower(asyncio.Protocol):
    """A controller's connection to the node's Event Socket: everything is granted, nothing is up."""

    def __init__(self, switch: PlayedSwitch) -> None:
        self._switch = switch
        self._told = b""
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(b"Content-Type: auth/request\n\n")

    def data_received(self, data: bytes) -> None:
        *commands, self._told = (self._told + data).split(b"\n\n")
        for command in commands:
            self._answer(command.lstrip(b"\n"))

    def connection_lost(self, exc: Exception | None) -> None:
        self._switch.followers.discard(self)

    def _answer(self, command: bytes) -> None:
        if command.startswith(b"api "):
            self.transport.write(b"Content-Type: api/response\nContent-Length: 4\n\n+OK\n")
        elif command:
            self.transport.write(_OK)
        if command.startswith(b"event "):
            self._switch.followers.add(self)
        if command.startswith(_BACKGROUND):
            self.transport.write(_result(command))


def _result(command: bytes) -> bytes:
    """The event that a background command is done."""
    words, _, job = command.decode().partition("\nJob-UUID: ")
    said = _SHOWN.get(words.split()[1], "+OK")
    event = f"Event-Name: BACKGROUND_JOB\nJob-UUID: {job}\nContent-Length: {len(said)}\n\n{said}".encode()
    return b"Content-Length: %d\nContent-Type: text/event-plain\n\n" % len(event) + event


class PlayedSwitch:
    """One node. `open` it in a running loop; `ask` for each call; what it was told of is over at once."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        self._server: asyncio.Server | None = None
        self.followers: set[_Follower] = set()

    async def open(self, port: int) -> None:
        """Let controllers in."""
        self._server = await asyncio.get_running_loop().create_server(lambda: _Follower(self), HOST, port)

    async def close(self) -> None:
        """End all connections."""
        if self._server is not None:
            self._server.close()
        for each in tuple(self.followers):
            each.transport.abort()

    async def ask(self, controller: int) -> float | None:
        """Ask the controller at this port about a new call: the seconds until it was decided, None when it
        was not. All controllers hear that the call was answered and ended."""
        call_id = str(uuid.uuid4()).encode()
        question = _Question(self._recorded.channel_data(call_id))
        try:
            async with asyncio.timeout(_ANSWER_S):
                loop = asyncio.get_running_loop()
                transport, _ = await loop.create_connection(lambda: question, HOST, controller)
                try:
                    took_s = await question.took_s
                finally:
                    transport.close()
        except (OSError, TimeoutError):
            return None
        events = self._recorded.events(call_id)
        for each in self.followers:
            each.transport.write(events)
        return took_s
