"""Restart embedded servers that died, with growing pauses, for as long as the program wants them.

alive ──died──► due ──start ok──► alive
                 ▲│
                 └┴─start failed: pause doubles, at most LONGEST_PAUSE_S
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from store.errors import StoreError

CHECK_EVERY_S = 0.5
FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 15.0
#: A server that ran this long starts with a clean slate when it dies.
STABLE_AFTER_S = 60.0


class Server(Protocol):
    """What is supervised: EmbeddedPostgres, EmbeddedRedis."""

    @property
    def name(self) -> str: ...
    def alive(self) -> bool: ...
    def start(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ServerState:
    """Reported at every change. `failure` is None while it runs; `next_try_in_s` counts from the report."""

    name: str
    alive: bool
    restarts: int
    failure: str | None = None
    next_try_in_s: float | None = None


class _Watch:
    """One server's share of the loop."""

    def __init__(self, server: Server, report: Callable[[ServerState], None], now: float) -> None:
        self._server = server
        self._report = report
        self._up_since: float | None = now
        self._pause_s = 0.0
        self._due = now
        self._restarts = 0

    def check(self, now: float) -> None:
        if self._server.alive():
            if self._up_since is not None and now - self._up_since > STABLE_AFTER_S:
                self._pause_s = 0.0
            return
        if self._up_since is not None:
            self._up_since = None
            self._wait(now, "it ended by itself")
        if now >= self._due:
            self._restart(now)

    def _restart(self, now: float) -> None:
        try:
            self._server.start()
        except StoreError as error:
            self._wait(now, str(error))
            return
        self._restarts += 1
        self._up_since = now
        self._report(ServerState(self._server.name, alive=True, restarts=self._restarts))

    def _wait(self, now: float, failure: str) -> None:
        """The first time at once, then with pauses that grow."""
        self._due = now + self._pause_s
        self._report(ServerState(self._server.name, False, self._restarts, failure, self._pause_s))
        self._pause_s = min(max(self._pause_s * 2, FIRST_PAUSE_S), LONGEST_PAUSE_S)


def supervise(
    servers: Iterable[Server],
    *,
    ended: Callable[[float], bool],
    report: Callable[[ServerState], None],
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Keep started servers alive until `ended(seconds)`, which waits that long at most, returns True.

    `threading.Event().wait` and `gevent.event.Event().wait` are such functions. Run it in the main thread
    or a greenlet of it (see process.spawn). A restart waits in here for the server to be ready.
    """
    watches = [_Watch(server, report, clock()) for server in servers]
    while not ended(CHECK_EVERY_S):
        for watch in watches:
            watch.check(clock())
