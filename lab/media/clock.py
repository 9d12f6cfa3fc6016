"""One 20 ms beat per event loop for all senders of audio, so 200 calls cost one timer."""

import asyncio
from collections.abc import Callable
from weakref import WeakKeyDictionary

from lab.media.g711 import FRAME_MS

TICK_S = FRAME_MS / 1000
MAX_BURST = 5
"""Ticks made good at once after the loop was held up; beyond that the beat starts anew."""

_tickers: "WeakKeyDictionary[asyncio.AbstractEventLoop, Ticker]" = WeakKeyDictionary()


class Ticker:
    """Calls every registered callback once in 20 ms, without drift: due times are multiples, not pauses.

    A callback that raises is reported by the event loop's exception handler and does not hurt the others.
    The timer runs only while there is somebody to call.
    """

    def __init__(self) -> None:
        self._callbacks: dict[Callable[[], None], None] = {}
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self.skipped_ticks = 0
        """Ticks given up because the loop was held up for longer than MAX_BURST ticks."""

    def add(self, callback: Callable[[], None]) -> None:
        """Call `callback` with every tick from the next one on; adding it twice changes nothing."""
        self._callbacks[callback] = None
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._due = loop.time() + TICK_S
            self._timer = loop.call_at(self._due, self._tick)

    def remove(self, callback: Callable[[], None]) -> None:
        """Stop calling `callback`; unknown callbacks are ignored, so closing twice is harmless."""
        self._callbacks.pop(callback, None)
        if not self._callbacks and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def wait_ticks(self, count: int) -> None:
        """Return after `count` ticks (>= 1)."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        left = count

        def count_down() -> None:
            nonlocal left
            left -= 1
            if left <= 0 and not done.done():
                done.set_result(None)

        self.add(count_down)
        try:
            await done
        finally:
            self.remove(count_down)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        behind = int((loop.time() - self._due) / TICK_S) + 1
        if behind > MAX_BURST:
            self.skipped_ticks += behind - MAX_BURST
            self._due += (behind - MAX_BURST) * TICK_S
            behind = MAX_BURST
        for _ in range(behind):
            self._due += TICK_S
            for callback in tuple(self._callbacks):
                loop.call_soon(self._call, callback)
        self._timer = loop.call_at(self._due, self._tick)

    def _call(self, callback: Callable[[], None]) -> None:
        if callback in self._callbacks:  # it may have been removed earlier in this very tick
            callback()


def shared_ticker() -> Ticker:
    """The running event loop's ticker.

    Raises RuntimeError when no event loop runs in this thread.
    """
    loop = asyncio.get_running_loop()
    ticker = _tickers.get(loop)
    if ticker is None:
        ticker = _tickers[loop] = Ticker()
    return ticker
