"""One life of a connection to a node: log in, commands with their answers in order, events, the end.

When it ends, for whatever reason, everyone who waits gets ConnectionLost at once.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar

import gevent
from gevent.event import AsyncResult
from gevent.event import Event as Flag

from freeswitch import commands
from freeswitch.commands import ApiCall, Command
from freeswitch.errors import (
    AccessDenied,
    AuthenticationFailed,
    ChannelGone,
    ConnectionLost,
    Overloaded,
    ProtocolError,
    ReplyTimedOut,
    UnexpectedReply,
)
from freeswitch.events import Event, event_of
from freeswitch.protocol import (
    API_RESPONSE,
    AUTH_REQUEST,
    COMMAND_REPLY,
    DISCONNECT_NOTICE,
    EVENT_JSON,
    EVENT_PLAIN,
    RUDE_REJECTION,
    Message,
)
from freeswitch.replies import Reply, reply_of
from freeswitch.transport import Connection, deadline

#: Cheap, and known to every switch that we speak with.
_PING: Final = commands.api(ApiCall("status"))
_ENDS_OF_CHANNEL: Final = ("CHANNEL_HANGUP_COMPLETE", "CHANNEL_DESTROY")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class LinkLimits:
    """Seconds of silence after which we ask, and after which the node counts as dead; commands under way."""

    ping_after_s: float = 5.0
    dead_after_s: float = 15.0
    under_way: int = 10_000


class Link:
    """A connection from its first byte to its last. `run` reads until the end; everything else asks."""

    def __init__(
        self,
        connection: Connection,
        on_event: Callable[[Event], None],
        on_malformed: Callable[[ProtocolError], None],
        limits: LinkLimits | None = None,
    ) -> None:
        self._connection = connection
        self._on_event = on_event
        self._on_malformed = on_malformed
        self._limits = limits or LinkLimits()
        self._incoming = self._messages()
        self._replies: deque[AsyncResult[Reply]] = deque()
        self._jobs: dict[str, AsyncResult[Event]] = {}
        self._completions: dict[str, AsyncResult[Event]] = {}
        self._channels: dict[str, set[str]] = {}
        self._ended = Flag()
        self._end: str | None = None
        self._heard_at = time.monotonic()

    def log_in(self, command: Command) -> None:
        """Wait for FreeSWITCH's request, answer it. The caller sets the deadline; nothing else runs yet."""
        if self._next().content_type != AUTH_REQUEST:
            raise UnexpectedReply(f"FreeSWITCH at {self._connection.peer} did not ask for a password")
        self._connection.send(command.wire)
        answer = reply_of(self._next())
        if not answer.text.startswith("+OK"):
            raise AuthenticationFailed(
                f"FreeSWITCH at {self._connection.peer} refused the password: {answer.text[:64]!r}. "
                "Compare with the password in its event_socket.conf."
            )

    def run(self) -> None:
        """Read until the connection ends, then free all waiters and raise what ended it."""
        watch = gevent.spawn(self._watch)
        try:
            for message in self._incoming:
                self._heard_at = time.monotonic()
                self._take(message)
        except (ConnectionLost, ProtocolError) as error:
            self.close(str(error))
            raise
        finally:
            watch.kill(block=False)
            self.close("the reader ended")

    def close(self, reason: str) -> None:
        """End the connection and free all waiters. The first reason counts; may be called from anywhere."""
        if self._end is not None:
            return
        self._end = reason
        self._connection.close(reason)
        self._ended.set()
        waiters: list[AsyncResult[Reply] | AsyncResult[Event]]
        waiters = [*self._replies, *self._jobs.values(), *self._completions.values()]
        for waiter in waiters:
            if not waiter.ready():
                waiter.set_exception(ConnectionLost(reason))

    def request(self, command: Command, timeout_s: float) -> Reply:
        """Send a command, wait for its answer, error or not."""
        waiter = self._send(command)
        with deadline(timeout_s, lambda: ReplyTimedOut(f"no answer to {command.name} in {timeout_s} s")):
            # A late answer is matched to its waiter all the same, so that the order holds.
            return _result(waiter)

    def background(self, call: ApiCall, job_uuid: str, timeout_s: float) -> str:
        """Run an API command in the background; its result."""
        waiter: AsyncResult[Event] = AsyncResult()
        self._bound(self._jobs)
        self._jobs[job_uuid] = waiter
        try:
            with deadline(timeout_s, lambda: ReplyTimedOut(f"no result of {call.name} in {timeout_s} s")):
                self.request(commands.bgapi(call, job_uuid), timeout_s).checked()
                return _result(waiter).body.decode("utf-8", "replace")
        finally:
            del self._jobs[job_uuid]

    def execute(self, channel: str, command: Command, event_uuid: str, timeout_s: float) -> Event:
        """Run an application on a channel until it is complete; the event that says so."""
        waiter: AsyncResult[Event] = AsyncResult()
        self._bound(self._completions)
        self._completions[event_uuid] = waiter
        self._channels.setdefault(channel, set()).add(event_uuid)
        try:
            with deadline(timeout_s, lambda: ReplyTimedOut(f"{command.name} not complete in {timeout_s} s")):
                self.request(command, timeout_s).checked()
                return _result(waiter)
        finally:
            del self._completions[event_uuid]
            self._channels[channel].discard(event_uuid)
            if not self._channels[channel]:
                del self._channels[channel]

    def nudge(self) -> None:
        """A line end between two commands: FreeSWITCH answers nothing, and looks for events that it has for
        us, which it does every 20 ms otherwise (read: read_packet). Nothing when the connection is gone."""
        if self._end is None:
            with suppress(ConnectionLost, Overloaded):
                self._connection.send(b"\n")

    def _send(self, command: Command) -> AsyncResult[Reply]:
        if self._end is not None:
            raise ConnectionLost(self._end)
        self._bound(self._replies)
        waiter: AsyncResult[Reply] = AsyncResult()
        # The connection sends in the order of calls, so answers find their waiters by order.
        self._replies.append(waiter)
        try:
            self._connection.send(command.wire)
        except Overloaded:
            self._replies.remove(waiter)
            raise
        return waiter

    def _bound(self, under_way: deque[AsyncResult[Reply]] | dict[str, AsyncResult[Event]]) -> None:
        if len(under_way) >= self._limits.under_way:
            raise Overloaded(f"{len(under_way)} commands are under way at {self._connection.peer}")

    def _messages(self) -> Iterator[Message]:
        while True:
            yield from self._connection.receive()

    def _next(self) -> Message:
        message = next(self._incoming)
        if message.content_type == RUDE_REJECTION:
            raise AccessDenied(
                f"FreeSWITCH at {self._connection.peer} does not admit our address: "
                "see apply-inbound-acl in its event_socket.conf"
            )
        return message

    def _take(self, message: Message) -> None:
        kind = message.content_type
        if kind in {EVENT_PLAIN, EVENT_JSON}:
            try:
                self._take_event(event_of(message))
            except ProtocolError as error:
                self._on_malformed(error)
        elif kind in {COMMAND_REPLY, API_RESPONSE}:
            if not self._replies:
                raise UnexpectedReply(f"FreeSWITCH at {self._connection.peer} answered what nobody asked")
            self._replies.popleft().set(reply_of(message))
        elif kind == DISCONNECT_NOTICE:
            raise ConnectionLost(f"FreeSWITCH at {self._connection.peer} said goodbye")
        # Other kinds (log/data, text/event-xml) are never asked for; what comes unasked is not kept.

    def _take_event(self, event: Event) -> None:
        if event.name == "BACKGROUND_JOB":
            self._hand_over(self._jobs, event.get("Job-UUID"), event)
            return
        if event.name == "CHANNEL_EXECUTE_COMPLETE":
            self._hand_over(self._completions, event.get("Application-UUID"), event)
        elif event.name in _ENDS_OF_CHANNEL:
            for event_uuid in self._channels.get(event.uuid or "", ()):
                waiter = self._completions[event_uuid]
                if not waiter.ready():
                    waiter.set_exception(ChannelGone(f"-ERR the channel {event.uuid} has ended"))
        self._on_event(event)

    @staticmethod
    def _hand_over(waiters: dict[str, AsyncResult[Event]], key: str | None, event: Event) -> None:
        waiter = waiters.get(key or "")
        if waiter is not None and not waiter.ready():
            waiter.set(event)

    def _watch(self) -> None:
        """Ask a silent node whether it lives; give it up when it stays silent."""
        limits = self._limits
        while not self._ended.wait(limits.ping_after_s):
            silent_s = time.monotonic() - self._heard_at
            if silent_s >= limits.dead_after_s:
                self.close(f"FreeSWITCH at {self._connection.peer} has been silent for {silent_s:.0f} s")
            elif silent_s >= limits.ping_after_s:
                try:
                    self._send(_PING)
                except (ConnectionLost, Overloaded) as error:
                    self.close(str(error))


def _result(waiter: AsyncResult[_T]) -> _T:
    result = waiter.get()
    assert result is not None  # noqa: S101 - gevent's type allows None, we never set it
    return result
