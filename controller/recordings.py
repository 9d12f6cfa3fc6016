"""Recordings: taken from the spool into the store, where they rest encrypted, and deleted on time (C4, F4).

Runs beside the intake of call records, off the call path. What the store cannot take now waits in the spool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final, Protocol

import structlog

from controller.errors import StoreAway
from controller.rounds import Rounds
from dialplan.recording import RecordingFacts

_log = structlog.get_logger(__name__)

POLL_S: Final = 1.0
#: Shorter ones hold nothing.
SHORTEST_MS: Final = 500
_BETWEEN_SWEEPS: Final = timedelta(minutes=1)


class SpooledRecording(Protocol):
    """A complete recording."""

    @property
    def facts(self) -> RecordingFacts: ...
    @property
    def duration_ms(self) -> int: ...
    def parts(self) -> Iterator[bytes]: ...


class Spool(Protocol):
    """Where the switch leaves recordings. Both raise OSError."""

    def ready(self) -> Iterable[SpooledRecording]: ...
    def remove(self, facts: RecordingFacts) -> None: ...


class RecordingStore(Protocol):
    """Where recordings are kept. Both raise StoreAway."""

    def add(self, facts: RecordingFacts, duration_ms: int, parts: Iterable[bytes]) -> bool: ...
    def expire(self, now: datetime) -> int: ...


class Recordings(Rounds):
    """One of several intakes that look into the same spool is enough; twice does no harm."""

    def __init__(self, spool: Spool, store: RecordingStore, clock: Callable[[], datetime]) -> None:
        super().__init__(self.look, POLL_S, "looking after recordings failed")
        self._spool = spool
        self._store = store
        self._clock = clock
        self._swept: datetime | None = None
        self._away = False

    def look(self) -> None:
        """One round; what cannot be done now waits."""
        try:
            self.round()
        except (StoreAway, OSError) as error:
            if not self._away:
                _log.warning("recordings wait in the spool", error=str(error))
            self._away = True
        else:
            self._away = False

    def round(self) -> None:
        """One look: recordings that are old, then new ones. Raises StoreAway, OSError."""
        now = self._clock()
        if self._swept is None or now - self._swept >= _BETWEEN_SWEEPS:
            if erased := self._store.expire(now):
                _log.info("recordings deleted after their time", recordings=erased)
            self._swept = now
        for each in self._spool.ready():
            if each.duration_ms >= SHORTEST_MS:
                self._store.add(each.facts, each.duration_ms, each.parts())
                _log.info("recording kept", recording=each.facts.id, customer=each.facts.customer_id)
            self._spool.remove(each.facts)
