"""Keeping nodes awake while a moment counts.

FreeSWITCH looks for events that it has for us every 20 ms, unless something comes from us (read: read_packet
in mod_event_socket). So a phone would ring 10 ms later in the mean than it could, after a caller came or an
agent hung up (seen: 16 ms instead of 6). A line end is a command that asks for nothing and is answered by
nothing; it makes FreeSWITCH look.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

from gevent import Greenlet, sleep, spawn
from gevent.event import Event as Flag

#: Between two line ends: what an event still waits at most.
_EVERY_S: Final = 0.004
#: How long after a decision the caller is in the queue at the latest, or else somebody waits who is seen.
_SOON_S: Final = 0.1
#: Between two looks whether anybody waits, while nobody does.
_REST_S: Final = 0.1
#: Line ends between two looks, while somebody does.
_BURST: Final = 10


class Waking:
    """`wake` sends the line ends and must not wait; `is_awaited`: whether somebody waits for an agent."""

    def __init__(self, wake: Callable[[], None], is_awaited: Callable[[], bool]) -> None:
        self._wake = wake
        self._is_awaited = is_awaited
        self._until_s = 0.0
        self._called = Flag()
        self._greenlet: Greenlet[[], None] | None = None

    def start(self) -> None:
        """Begin to look."""
        self._greenlet = spawn(self._run)

    def stop(self) -> None:
        """No more."""
        if self._greenlet is not None:
            self._greenlet.kill()

    def soon(self) -> None:
        """A call was just decided that will wait in a queue."""
        self._until_s = time.monotonic() + _SOON_S
        self._called.set()

    def _run(self) -> None:
        while True:
            if time.monotonic() < self._until_s or self._is_awaited():
                for _ in range(_BURST):
                    self._wake()
                    sleep(_EVERY_S)
            else:
                self._called.clear()
                self._called.wait(_REST_S)
