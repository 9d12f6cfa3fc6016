"""Recordings: taken from the spool into the store, where they rest encrypted, and deleted on time (C4, F4).

Runs beside the intake of call records, off the call path. What the store cannot take now waits in the spool.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Protocol

import structlog

from controller.errors import NotKept
from controller.spool_rounds import SHORTEST_MS, SpoolRounds
from dialplan.recording import RecordingFacts

_log = structlog.get_logger(__name__)


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

    def add(self, facts: RecordingFacts, duration_ms: int, parts: Iterable[bytes]) -> bool:
        """Raises NotKept too."""
        ...

    def expire(self, now: datetime) -> int: ...


class Recordings(SpoolRounds):
    """One of several intakes that look into the same spool is enough; twice does no harm."""

    def __init__(self, spool: Spool, store: RecordingStore, clock: Callable[[], datetime]) -> None:
        super().__init__("recordings", self._expire_old, self._take_new, clock)
        self._spool = spool
        self._store = store
        self._told: set[str] = set()

    def _expire_old(self, now: datetime) -> None:
        if erased := self._store.expire(now):
            _log.info("recordings deleted after their time", recordings=erased)

    def _take_new(self) -> None:
        """One that cannot be kept holds up no other, which would lie there in clear with it."""
        failing = set()
        for each in self._spool.ready():
            try:
                self._keep(each)
            except (NotKept, OSError) as error:
                failing.add(each.facts.id)
                if each.facts.id not in self._told:
                    _log.error(
                        "a recording stays in the spool in clear", recording=each.facts.id, error=str(error)
                    )
        self._told = failing

    def _keep(self, each: SpooledRecording) -> None:
        if each.duration_ms >= SHORTEST_MS and self._store.add(each.facts, each.duration_ms, each.parts()):
            _log.info("recording kept", recording=each.facts.id, customer=each.facts.customer_id)
        self._spool.remove(each.facts)
