"""How a channel's task waits: until something is true, it is hung up, or it is sent elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class ChannelEndedError(Exception):
    """The channel is hung up: unwind to its task's end. Control flow, never shown to anybody."""


class ChannelReroutedError(Exception):
    """The channel was sent elsewhere (transfer, bridge, park): unwind to its state machine. Control flow."""


class Signal:
    """Wakes everybody who waits; there is no memory, so waiters check their condition first."""

    def __init__(self) -> None:
        self._waiters: set[asyncio.Future[None]] = set()

    def notify(self) -> None:
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def wait(self, timeout_s: float | None = None) -> None:
        """Return at the next notify, or after `timeout_s`."""
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait((waiter,), timeout=timeout_s)
        finally:
            self._waiters.discard(waiter)

    async def until(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until `condition` holds; False when `timeout_s` passed before."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while not condition():
            left = deadline - loop.time()
            if left <= 0:
                return False
            await self.wait(left)
        return True
