"""Operators' blocks reach the calls: asked for every second in a greenlet of its own, off the call path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds
from dialplan.barring.blocks import Blocks

_log = structlog.get_logger(__name__)

POLL_S: Final = 1.0


class BlockSource(Protocol):
    """Where operators block. Raises StoreAway."""

    def news(self) -> Blocks | None:
        """What is blocked now, or None when that is what was told last."""
        ...


class Blocking(Rounds):
    """Tells `take` of every change. While the store is away, what was blocked last stays blocked."""

    def __init__(self, source: BlockSource, take: Callable[[Blocks], None]) -> None:
        super().__init__(self.look, POLL_S, "looking for blocks failed")
        self._source = source
        self._take = take
        self._away = False

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
