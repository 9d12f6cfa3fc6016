"""Operators' blocks reach the calls: asked for every second in a greenlet of its own, off the call path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import structlog
from gevent import Greenlet, spawn
from gevent.event import Event as Flag

from controller.errors import StoreAway
from dialplan.blocks import Blocks

_log = structlog.get_logger(__name__)

POLL_S: Final = 1.0


class BlockSource(Protocol):
    """Where operators block. Raises StoreAway."""

    def news(self) -> Blocks | None:
        """What is blocked now, or None when that is what was told last."""
        ...


class Blocking:
    """Tells `take` of every change. While the store is away, what was blocked last stays blocked."""

    def __init__(self, source: BlockSource, take: Callable[[Blocks], None]) -> None:
        self._source = source
        self._take = take
        self._away = False
        self._stopping = Flag()
        self._watcher: Greenlet[[], None] | None = None

    def start(self) -> None:
        """Ask once now and then every second."""
        self._watcher = spawn(self._watch)

    def stop(self, timeout_s: float) -> None:
        """End, at most after `timeout_s`."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join(timeout=timeout_s)

    def _watch(self) -> None:
        while True:
            try:
                self.look()
            except Exception:  # noqa: BLE001 - a defect must not end it: the next second may mend it
                _log.exception("looking for blocks failed")
            if self._stopping.wait(POLL_S):
                return

    def look(self) -> None:
        """One look at the store."""
        try:
            news = self._source.news()
        except StoreAway as error:
            if not self._away:
                _log.warning("the database is away; what is blocked stays so", error=str(error))
            self._away = True
            return
        self._away = False
        if news is not None:
            self._take(news)
