"""Events that wait for a slow handler: in order, bounded, and honest about what was lost."""

from __future__ import annotations

from collections import deque
from enum import Enum, auto

from gevent.event import Event as Flag

from freeswitch.events import Event


class Signal(Enum):
    """What a handler may get instead of an event."""

    #: Events were lost or the connection is new: ask FreeSWITCH how things are before going on.
    RESYNC = auto()
    CLOSED = auto()


class Backlog:
    """A queue between the reader, which never waits, and one handler.

    When `limit` events wait, the oldest is dropped and counted, and `take` hands out RESYNC before the
    next event.
    """

    def __init__(self, limit: int) -> None:
        if limit < 1:
            raise ValueError(f"a backlog of {limit} events")
        self._waiting: deque[Event] = deque()
        self._limit = limit
        self._resync = False
        self._held = False
        self._closed = False
        self._something = Flag()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, event: Event) -> None:
        """Add an event; never waits."""
        if len(self._waiting) >= self._limit:
            self._waiting.popleft()
            self.dropped += 1
            self._resync = True
        self._waiting.append(event)
        self._signal()

    def hold(self) -> None:
        """A connection is being made: forget the last one's events, hand out none until `release`."""
        self.dropped += len(self._waiting)
        self._waiting.clear()
        self._resync = False
        self._held = True
        self._signal()

    def release(self) -> None:
        """The connection is up: RESYNC first, then its events."""
        self._held = False
        self._resync = True
        self._signal()

    def close(self) -> None:
        """No more: `take` gives CLOSED from now on."""
        self._closed = True
        self._signal()

    def take(self) -> Event | Signal:
        """Wait for the next thing. The wait is ended by `close`."""
        self._something.wait()
        if self._closed:
            return Signal.CLOSED
        if self._resync:
            self._resync = False
            self._signal()
            return Signal.RESYNC
        event = self._waiting.popleft()
        self._signal()
        return event

    def _signal(self) -> None:
        if self._closed or (not self._held and (self._resync or self._waiting)):
            self._something.set()
        else:
            self._something.clear()
