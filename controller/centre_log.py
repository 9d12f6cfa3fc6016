"""The contact centres' log goes from where owners leave it into the database (C9), beside the calls.

Entries are removed where they waited after they were kept, and are kept once however often they come: whoever
dies, and whatever is away, nothing is lost or counted twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds

_log = structlog.get_logger(__name__)

REST_S: Final = 1.0
#: Between two looks for what may not be kept longer.
_TEND_EVERY: Final = timedelta(minutes=1)
#: Batches of one customer in one round, so that the others have their turn.
_BATCHES: Final = 20

#: The owner's run and the number in it.
EntryId = tuple[int, int]


class LeftLog(Protocol):
    """Where owners leave entries. All methods raise StoreAway."""

    def customers(self) -> Sequence[str]: ...
    def oldest(self, customer_id: str) -> Sequence[tuple[EntryId, str]]: ...
    def remove(self, customer_id: str, ids: Sequence[EntryId]) -> None: ...


class KeptLog(Protocol):
    """Where entries are kept. All methods raise StoreAway."""

    def insert(
        self, customer_id: str, entries: Sequence[tuple[EntryId, str]]
    ) -> Sequence[tuple[EntryId, str]]:
        """Keep them, each once; those that never can be, with why."""
        ...

    def tend(self, now: datetime) -> None:
        """Erase what may not be kept longer."""
        ...


class CentreLog(Rounds):
    """Works in rounds until it is stopped. What was there when it stops waits for the next program."""

    def __init__(self, left: LeftLog, kept: KeptLog, clock: Callable[[], datetime]) -> None:
        super().__init__(self.round, REST_S, "the contact centres' log stands still")
        self._left = left
        self._kept = kept
        self._clock = clock
        self._tended_at: datetime | None = None
        self._away = False
        #: Entries moved since the start.
        self.moved = 0

    def round(self) -> None:
        """Move what waits; now and then tend what is kept."""
        try:
            for customer_id in self._left.customers():
                self._move(customer_id)
            now = self._clock()
            if self._tended_at is None or not now - _TEND_EVERY < self._tended_at <= now:
                self._kept.tend(now)
                self._tended_at = now
            self._away = False
        except StoreAway as error:
            if not self._away:
                _log.warning("the contact centres' log waits", error=str(error))
            self._away = True

    def _move(self, customer_id: str) -> None:
        for _ in range(_BATCHES):
            entries = self._left.oldest(customer_id)
            if not entries:
                return
            for entry_id, why in self._kept.insert(customer_id, entries):
                _log.error("an entry of a log is passed over", customer=customer_id, entry=entry_id, why=why)
            self._left.remove(customer_id, [entry_id for entry_id, _ in entries])
            self.moved += len(entries)
